// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "../../volume/rekey.h"
#include "help.h"
#include "key.h"
#include "options.h"
#include "progress.h"
#include "volume.h"

static void show(struct out *out, const char *name, const char *user,
		 const uint32_t *slots)
{
	out_object_begin(out, NULL);
	out_string(out, "name", "%s: ", name);
	out_string(out, "job", "%s begun", "rekey");
	out_string(out, "user", ", of %s", user);
	out_uint(out, "from", " from slot %llu", slots[0]);
	out_uint(out, "to", " to slot %llu\n", slots[1]);
	out_object_end(out);
}

static int start(struct volume *v, const struct volume_options *o,
		 struct keys *keys, uint32_t *slots, struct error *err)
{
	const struct rekey_params p = {
		.from = o->from, .to = o->to, .has_range = o->has_range,
		.first = o->first, .count = o->count, .has_rate = o->has_rate,
		.rate = o->rate, .cost = o->cost,
	};
	struct secret pass;
	int ret;

	ret = key_unlock(keys, &v->header, &o->key, o->user, &pass, err);
	if (ret)
		return ret;
	ret = rekey_start(v, &p, keys, &pass, slots, err);
	secret_free(&pass);
	keys_free(keys);
	return ret;
}

static int run(struct run *run)
{
	struct volume *v = calloc(1, sizeof(*v));
	struct keys keys = { .n = 0 };
	struct volume_options o;
	uint32_t slots[2] = { 0 };
	struct error err;
	int ret;

	if (!v)
		abort();
	ret = volume_options_read(run, &o);
	if (ret < 0) {
		ret = volume_get(v, run->argv[0], o.header, &err);
		if (!ret) {
			ret = start(v, &o, &keys, slots, &err);
			volume_put(v);
		}
		if (ret)
			ret = refused(&err);
		else if (o.wait)
			ret = progress_wait(run->out, run->argv[0], o.header);
		else
			show(run->out, run->argv[0], keys.user, slots);
	}
	free(v);
	return ret;
}

static const struct option options[] = {
	OPTIONS_KEY, OPTIONS_COST, OPTION_HEADER, OPTION_USER, OPTION_RATE,
	OPTION_WAIT, OPTION_TEXT("range", OPT_RANGE),
	OPTION_TEXT("from", OPT_FROM), OPTION_TEXT("to", OPT_TO), { 0 },
};

const struct verb volume_rekey = {
	.name = "rekey",
	.what = "give a user a new key, while the volume is in use",
	.synopsis = "NAME [--user USER] [--range FIRST COUNT] [--rate RATE]\n"
		    "[--wait] [OPTION...]",
	.help =
	"Makes a new random key, in a new slot under the same passphrase, and moves all\n"
	"regions to it. Behind the last one the old slot is erased: with --wait by this\n"
	"command, else by the next that changes the volume, as \"job wait\" does.\n"
	"\n"
	"  --user USER         whose; otherwise of whom the passphrase is\n"
	"  --range FIRST COUNT these regions alone; the user keeps both slots\n"
	"  --from SLOT         which is to be emptied, for a user of several\n"
	"  --to SLOT           into which; otherwise a new one\n"
	"  --rate RATE         limit a second: 50M (a number alone counts KiB)\n"
	"  --wait              wait for the end; Ctrl-C ends the waiting, not the job\n"
	HELP_HEADER HELP_KEY HELP_COST,
	.options = options,
	.least = 1, .most = 1, .needs = "a name",
	.run = run,
};
