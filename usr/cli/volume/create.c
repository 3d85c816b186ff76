// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "../../format/size.h"
#include "../../format/token.h"
#include "../../volume/create.h"
#include "help.h"
#include "key.h"
#include "options.h"
#include "volume.h"

static void show(struct out *out, const struct create *c)
{
	const struct create_params *p = c->params;
	const struct token *token = &c->token;
	char text[SIZE_TEXT];

	out_object_begin(out, NULL);
	out_string(out, "name", "%s: ", p->name);
	out_string(out, "uuid", NULL, c->uuid);
	out_uint(out, "sectors", NULL, token->sectors);
	out_string(out, NULL, "%s, ", size_text(token->sectors * 512, text));
	out_string(out, "cipher", "%s, ", token->cipher);
	out_uint(out, "region-size", NULL, token->region * 512ull);
	out_string(out, NULL, "regions of %s, ",
		   size_text(token->region * 512ull, text));
	out_string(out, "user", "user %s has slot 0\n", p->user);
	out_object_end(out);
}

static int make(struct create *c, const struct volume_options *o,
		struct error *err)
{
	struct secret pass;
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < c->n_disks; i++)
		ret = key_overwrite(&c->disks[i], o, err);
	if (!ret)
		ret = ask_secret(&pass, &o->key, "New passphrase", true, err);
	if (ret)
		return ret;
	key_work("Making the key's slot");
	ret = create_make(c, &pass, err);
	secret_free(&pass);
	return ret;
}

static int run(struct run *run)
{
	struct create *c = calloc(1, sizeof(*c));
	struct create_params p = { 0 };
	struct volume_options o;
	struct error err;
	int ret;

	if (!c)
		abort();
	ret = volume_options_read(run, &o);
	if (ret < 0 && o.user && !token_user_new(o.user))
		ret = usage("\"%s\" would read as a slot: a user's name is not digits alone, and has no colon",
			    o.user);
	if (ret >= 0)
		goto out;
	p = (struct create_params){
		.name = run->argv[0], .user = o.user ?: "owner",
		.devices = run->argv + 1, .n_devices = (unsigned int)run->argc - 1,
		.meta = o.meta, .header = o.header,
		.cipher = o.cipher ?: "aes-xts-plain64",
		.key_size = (o.key_bits ?: 512) / 8,
		.sector_size = o.sector_size, .region = o.region ?: 2048,
		.size = o.size, .large_iv = o.large_iv, .discards = o.discards,
		.cost = o.cost,
	};
	ret = create_begin(c, &p, &err);
	if (!ret) {
		ret = make(c, &o, &err);
		if (!ret)
			show(run->out, c);
		create_end(c);
	}
	ret = ret ? refused(&err) : EXIT_DONE;
out:
	free(c);
	return ret;
}

static const struct option options[] = { OPTIONS_FORMAT, { 0 } };

const struct verb volume_create = {
	.name = "create",
	.what = "make a volume of devices",
	.synopsis = "NAME DEVICE... [--meta DEVICE] [--header FILE]\n"
		    "[--user USER] [--size SIZE] [OPTION...]",
	.help =
	"Makes a volume and leaves it closed. With one device all is on it: header,\n"
	"metadata, data. What is there is lost; if it is something that is recognised,\n"
	"the command asks. Nothing is written before all is known to be good.\n"
	"\n"
	"  --meta DEVICE       header and metadata on a device of their own\n"
	"  --header FILE       the header in a new file; keep it well\n"
	"  --user USER         the first user (default: owner)\n"
	"  --size SIZE         of the volume (default: all the room)\n"
	"  --region-size SIZE  256K to 16M (default: 1M; a number alone counts KiB)\n"
	HELP_CIPHER
	"  --allow-discards    pass discards on, whenever it is open\n"
	"  --force             overwrite without a question\n"
	HELP_KEY HELP_COST HELP_SIZES,
	.options = options,
	.least = 2, .most = 65, .needs = "a name and devices",
	.run = run,
};
