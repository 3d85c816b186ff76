// SPDX-License-Identifier: GPL-2.0
/* "volume suspend" and "volume resume". */
#include <stdlib.h>

#include "../../volume/suspend.h"
#include "help.h"
#include "key.h"
#include "options.h"
#include "volume.h"

static void show(struct out *out, const char *name, const char *state)
{
	out_object_begin(out, NULL);
	out_string(out, "name", "%s: ", name);
	out_string(out, "state", "%s\n", state);
	out_object_end(out);
}

static int suspend_run(struct run *run)
{
	struct volume_options o;
	int ret = volume_options_read(run, &o);
	struct error err;

	if (ret >= 0)
		return ret;
	if (suspend_begin(run->argv[0], &err))
		return refused(&err);
	show(run->out, run->argv[0], "suspended, without data keys");
	return EXIT_DONE;
}

static int resume(struct volume *v, const struct volume_options *o,
		  struct error *err)
{
	struct secret pass;
	struct keys keys;
	int ret = key_unlock(&keys, &v->header, &o->key, o->user, &pass,
			     err);

	if (ret)
		return ret;
	secret_free(&pass);
	ret = suspend_end(v, &keys, err);
	keys_free(&keys);
	return ret;
}

static int resume_run(struct run *run)
{
	struct volume *v = calloc(1, sizeof(*v));
	struct volume_options o;
	int ret = volume_options_read(run, &o);
	struct error err;

	if (!v)
		abort();
	if (ret < 0) {
		ret = volume_look(v, run->argv[0], o.header, &err);
		if (!ret) {
			ret = resume(v, &o, &err);
			volume_put(v);
		}
		if (!ret)
			show(run->out, run->argv[0], "open");
		ret = ret ? refused(&err) : EXIT_DONE;
	}
	free(v);
	return ret;
}

const struct verb volume_suspend = {
	.name = "suspend",
	.what = "hold all I/O and take the data keys away",
	.synopsis = "NAME",
	.help =
	"Holds all that reads or writes the volume, and takes the data keys out of the\n"
	"kernel. The metadata key stays there. Resume needs a passphrase. What this\n"
	"command itself needs must not lie on the volume.\n",
	.least = 1, .most = 1, .needs = "a name",
	.run = suspend_run,
};

static const struct option options[] = {
	OPTIONS_KEY, OPTION_HEADER, OPTION_USER, { 0 },
};

const struct verb volume_resume = {
	.name = "resume",
	.what = "load the keys of a user again, and let I/O go on",
	.synopsis = "NAME [--user USER] [OPTION...]",
	.help =
	"Lets a suspended volume go on with the keys of one user; further ones come by\n"
	"\"slot unlock\". (A job is let go on by \"job resume\".)\n"
	"\n"
	"  --user USER         try the passphrase on the slots of this user alone\n"
	HELP_HEADER HELP_KEY,
	.options = options,
	.least = 1, .most = 1, .needs = "a name",
	.run = resume_run,
};
