// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>

#include "../../format/size.h"
#include "../../format/token.h"
#include "../../volume/adopt.h"
#include "help.h"
#include "key.h"
#include "options.h"
#include "volume.h"

static void show(struct out *out, const struct adopt *a)
{
	const struct adopt_params *p = a->params;
	const struct token *token = &a->token;
	char text[SIZE_TEXT];

	out_object_begin(out, NULL);
	out_string(out, "name", "%s: ", p->name);
	out_string(out, "uuid", NULL, a->uuid);
	out_uint(out, "sectors", NULL, token->sectors);
	out_string(out, NULL, "%s adopted, ",
		   size_text(token->sectors * 512, text));
	out_string(out, "cipher", "%s, ", token->cipher);
	out_string(out, "user", "user %s has slot 0\n", p->user);
	if (p->backup && !p->plain && !p->luks_header)
		out_string(out, "header-backup",
			   "    the old header is in %s\n", p->backup);
	if (p->luks_header)
		out_string(out, "luks-header",
			   "    %s still opens the disk past Hearth: keep it from that\n",
			   p->luks_header);
	if (a->data_offset < token->region && token->n_devices == 1)
		out_text(out, "    there is no spare place: a rekey needs another device (open --add)\n");
	out_object_end(out);
}

/* A key that was no passphrase, and an empty passphrase, are none of ours. */
static int new_pass(const struct adopt *a, const struct volume_options *o,
		    const struct secret *old, struct secret *pass,
		    struct error *err)
{
	const struct adopt_params *p = a->params;
	int ret;

	if (!o->new_key.file && o->new_key.fd < 0 && old->size &&
	    !(p->plain && !p->hash)) {
		ret = secret_alloc(pass, old->size, err);
		if (!ret)
			secret_copy(pass, old);
		return ret;
	}
	return ask_secret(pass, &o->new_key, "New passphrase", true, err);
}

static int make(struct adopt *a, const struct volume_options *o,
		const struct secret *old, struct error *err)
{
	struct secret pass = { 0 };
	int ret = new_pass(a, o, old, &pass, err);

	if (!ret && !o->yes &&
	    !ask_yes("The volume will be opened by Hearth alone from now on."))
		ret = error_set(err, ECANCELED,
				"nothing was changed: --yes does it without a question");
	if (!ret) {
		key_work("Making the key's slot");
		ret = adopt_make(a, &pass, err);
	}
	secret_free(&pass);
	return ret;
}

static int adopt(struct adopt *a, const struct volume_options *o,
		 struct error *err)
{
	struct secret old;
	unsigned int i;
	int ret = 0;

	for (i = 1; !ret && i < a->n_disks; i++)
		ret = key_overwrite(&a->disks[i], o, err);
	if (!ret)
		ret = ask_secret(&old, &o->key, "Passphrase of the old volume",
				 false, err);
	if (ret)
		return ret;
	key_work("Unlocking");
	ret = adopt_unlock(a, &old, err);
	if (!ret)
		ret = make(a, o, &old, err);
	secret_free(&old);
	return ret;
}

static int check(const struct volume_options *o)
{
	if (!o->meta)
		return usage("volume adopt needs --meta: a device for the header and the metadata");
	if (o->user && !token_user_new(o->user))
		return usage("\"%s\" would read as a slot: a user's name is not digits alone, and has no colon",
			     o->user);
	if (o->plain && o->luks_header)
		return usage("plain dm-crypt has no LUKS header");
	return -1;
}

static int run(struct run *run)
{
	struct adopt *a = calloc(1, sizeof(*a));
	struct volume_options o;
	struct adopt_params p;
	struct error err;
	int ret;

	if (!a)
		abort();
	ret = volume_options_read(run, &o);
	if (ret < 0)
		ret = check(&o);
	if (ret >= 0)
		goto out;
	p = (struct adopt_params){
		.name = run->argv[0], .user = o.user ?: "owner",
		.devices = run->argv + 1,
		.n_devices = (unsigned int)run->argc - 1,
		.meta = o.meta, .header = o.header, .backup = o.header_backup,
		.luks_header = o.luks_header, .region = o.region ?: 2048,
		.discards = o.discards, .cost = o.cost, .plain = o.plain,
		.key_is_secret = o.key.file || o.key.fd >= 0,
		.cipher = o.cipher, .hash = o.hash, .key_size = o.key_bits / 8,
		.sector_size = o.sector_size, .offset = o.offset,
		.size = o.size, .large_iv = o.large_iv,
	};
	ret = adopt_begin(a, &p, &err);
	if (!ret) {
		ret = adopt(a, &o, &err);
		if (!ret)
			show(run->out, a);
		adopt_end(a);
	}
	ret = ret ? refused(&err) : EXIT_DONE;
out:
	free(a);
	return ret;
}

static const struct option options[] = {
	OPTIONS_FORMAT, OPTIONS_NEW_KEY, OPTION_YES,
	OPTION_TEXT("offset", OPT_OFFSET),
	OPTION_TEXT("header-backup", OPT_BACKUP),
	OPTION_TEXT("luks-header", OPT_LUKS_HEADER),
	OPTION_FLAG("plain", OPT_PLAIN), OPTION_TEXT("hash", OPT_HASH), { 0 },
};

const struct verb volume_adopt = {
	.name = "adopt",
	.what = "make a LUKS or plain dm-crypt volume one of Hearth's",
	.synopsis = "NAME DEVICE... --meta DEVICE --header-backup FILE\n"
		    "[OPTION...]",
	.help =
	"The data stay where they are, under the key that they have. The header and the\n"
	"metadata go to another device; further devices give a rekey room.\n"
	"\n"
	"  --meta DEVICE       where header and metadata go\n"
	"  --header-backup FILE\n"
	"                      a new file, where the old LUKS header is kept\n"
	"  --luks-header FILE  the old LUKS header is detached, and stays where it is\n"
	"  --header FILE       Hearth's header goes into this new file\n"
	"  --user USER         the first user (default: owner)\n"
	"  --region-size SIZE  256K to 16M (default: 1M; a number alone counts KiB)\n"
	"  --allow-discards    pass discards on, whenever it is open\n"
	"  --force             overwrite without a question\n"
	"  --yes               adopt without a question\n"
	"  --plain             it is plain dm-crypt; then also:\n"
	"  --hash HASH         of its passphrase; without, the key file is the key\n"
	"  --offset SIZE       where its data begin: cryptsetup's 16 is 16s here\n"
	"  --size SIZE         of the volume\n"
	HELP_CIPHER HELP_KEY HELP_NEW_KEY HELP_COST HELP_SIZES,
	.options = options,
	.least = 2, .most = 65, .needs = "a name and devices",
	.run = run,
};
