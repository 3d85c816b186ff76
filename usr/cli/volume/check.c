// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "../../volume/check.h"
#include "help.h"
#include "key.h"
#include "options.h"
#include "volume.h"

static void count(struct out *out, const char *key, const char *fmt, uint64_t n)
{
	out_uint(out, key, n ? fmt : NULL, n);
}

static bool show_slots(struct out *out, const struct open *o,
		       const struct check *check)
{
	struct token *token = (struct token *)&o->header.token;
	bool good = true;
	uint32_t i;

	out_array_begin(out, "missing-slots");
	for (i = 0; i < REKEY_SLOTS; i++) {
		if (o->slots[i].state != REKEY_SLOT_USED || token_slot(token, i))
			continue;
		out_object_begin(out, NULL);
		out_uint(out, "slot", "    the header lacks slot %llu,", i);
		out_uint(out, "regions",
			 " with %llu written regions: it is an old copy\n",
			 check->readable[i]);
		out_object_end(out);
		good = false;
	}
	out_array_end(out);
	return good;
}

/* Returns whether all is well. */
static bool show(struct out *out, const struct open *o,
		 const struct check *check, bool keys)
{
	bool good = check_is_good(check);

	out_string(out, "uuid", "%s: ", o->header.uuid);
	out_bool(out, "closed", NULL, o->super.clean);
	out_text(out, o->super.clean ? "closed, " : "not closed, which is fine, ");
	out_uint(out, "pages", "%llu pages, ", check->pages);
	out_uint(out, "written", "%llu", check->written);
	out_uint(out, "regions", " of %llu regions written\n", check->regions);
	count(out, "damaged-pages",
	      "    %llu pages of the map are damaged in both copies\n",
	      check->damaged);
	count(out, "single-pages",
	      "    %llu pages of the map have one good copy left\n",
	      check->single);
	count(out, "doubled", "    %llu regions lie where another one does\n",
	      check->doubled);
	count(out, "outside", "    %llu regions lie on no device that is here\n",
	      check->outside);
	count(out, "lost", "    %llu regions are under no slot\n", check->lost);
	good &= show_slots(out, o, check);
	out_bool(out, "authentic", "    the kernel has checked the MACs of all pages\n",
		 keys);
	out_bool(out, "good", NULL, good);
	out_text(out, good ? "    all is well\n" : "    NOT all is well\n");
	return good;
}

static int check_all(struct out *out, struct open *o,
		     const struct volume_options *opt, struct error *err)
{
	struct check *check = malloc(sizeof(*check));
	struct keys keys;
	bool good;
	int ret;

	if (!check)
		abort();
	ret = check_map(o, check, err);
	if (!ret && !opt->no_key) {
		ret = key_unlock_owner(&keys, &o->header, &opt->key, opt->user,
				       err);
		if (!ret) {
			ret = check_keys(o, &keys, err);
			keys_free(&keys);
		}
	}
	if (!ret) {
		out_object_begin(out, NULL);
		good = show(out, o, check, !opt->no_key);
		out_object_end(out);
		ret = !good;
	}
	free(check);
	return ret;
}

static int run(struct run *run)
{
	struct open *o = calloc(1, sizeof(*o));
	char name[MAPPER_NAME];
	struct volume_options opt;
	struct open_params p;
	struct error err;
	int ret = volume_options_devices(run, &opt);

	if (!o)
		abort();
	if (ret < 0) {
		mapper_private_name("check", name);
		p = (struct open_params){
			.name = name, .devices = run->argv,
			.n_devices = (unsigned int)run->argc,
			.meta = opt.meta, .header = opt.header,
			.without = opt.without, .readonly = true,
		};
		ret = open_begin(o, &p, &err);
		if (!ret) {
			ret = check_all(run->out, o, &opt, &err);
			open_end(o);
		}
		if (ret < 0)
			refused(&err);
		ret = ret ? EXIT_REFUSED : EXIT_DONE;
	}
	free(o);
	return ret;
}

static const struct option options[] = {
	OPTIONS_KEY, OPTION_META, OPTION_HEADER, OPTION_USER,
	OPTION_TEXT("without", OPT_WITHOUT),
	OPTION_FLAG("no-key", OPT_NO_KEY), { 0 },
};

const struct verb volume_check = {
	.name = "check",
	.what = "look through the metadata of a closed volume",
	.synopsis = "DEVICE... [--no-key] [OPTION...]",
	.help =
	"Reads all of the map, both copies of each page, and holds it against itself, the\n"
	"header and the devices; then the kernel opens the volume read-only to check the\n"
	"MACs, for which it takes an owner's passphrase. Nothing is written. Exits with 2\n"
	"where not all is well.\n"
	"\n"
	"  --no-key            without the MACs, and so without a passphrase\n"
	"  --meta DEVICE       the device with the header and the metadata\n"
	"  --header FILE       the header is in a file\n"
	"  --user USER         try the passphrase on the slots of this owner alone\n"
	"  --without NUMBER    without this data device\n"
	HELP_KEY,
	.options = options,
	.least = 1, .most = 65, .needs = "devices",
	.run = run,
};
