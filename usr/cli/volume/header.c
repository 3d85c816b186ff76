// SPDX-License-Identifier: GPL-2.0
/* "hearth volume header": copies of it. */
#include "../../volume/backup.h"
#include "options.h"
#include "volume.h"

static int backup_run(struct run *run)
{
	struct volume_options o;
	int ret = volume_options_devices(run, &o);
	struct out *out = run->out;
	struct error err;

	if (ret >= 0)
		return ret;
	if (backup_save(run->argv[0], run->argv[1], &err))
		return refused(&err);
	out_object_begin(out, NULL);
	out_string(out, "path", "%s: ", run->argv[0]);
	out_string(out, "copy", "its header is in %s\n", run->argv[1]);
	out_text(out,
		 "    the passphrases of now open it for ever: keep it as you keep them, destroy it\n"
		 "    when a slot is erased, and make another behind each rekey, which it does not open\n");
	out_object_end(out);
	return EXIT_DONE;
}

static int restore_run(struct run *run)
{
	struct volume_options o;
	int ret = volume_options_devices(run, &o);
	struct backup_restore r = { 0 };
	struct out *out = run->out;
	struct error err;

	if (ret >= 0)
		return ret;
	r.path = run->argv[0];
	r.copy = run->argv[1];
	r.meta = o.meta;
	r.force = o.force;
	if (backup_restore(&r, &err))
		return refused(&err);
	out_object_begin(out, NULL);
	out_string(out, "path", "%s: ", run->argv[0]);
	out_string(out, "copy", "has its header from %s again\n", run->argv[1]);
	out_object_end(out);
	return EXIT_DONE;
}

static const struct verb backup_verb = {
	.name = "backup",
	.what = "keep a copy of a header",
	.synopsis = "DEVICE|FILE COPY",
	.help =
	"Writes the header on a device, or in a file, to the new file COPY. What it is\n"
	"worth: against the loss of the header, as long as there was no rekey since. It is\n"
	"opened by the passphrases of its time, also by those that were changed or erased\n"
	"since. The map behind the header changes all the time: a copy of it would be worth\n"
	"nothing, and none is made.\n",
	.least = 2, .most = 2, .needs = "a device or a file, and a new file",
	.run = backup_run,
};

static const struct option options[] = { OPTION_META, OPTION_FORCE, { 0 } };

static const struct verb restore_verb = {
	.name = "restore",
	.what = "put a copy of a header back",
	.synopsis = "DEVICE|FILE COPY [--meta DEVICE] [--force]",
	.help =
	"Puts a copy back on a device or in a file, where it was. The volume must be\n"
	"closed. A copy that lacks a slot which the map has is refused: what is under the\n"
	"slot could not be read any more.\n"
	"\n"
	"  --meta DEVICE       where the metadata are, if the header is in a file\n"
	"  --force             also a copy that lacks slots\n",
	.options = options,
	.least = 2, .most = 2, .needs = "a device or a file, and a copy",
	.run = restore_run,
};

static const struct verb *const verbs[] = { &backup_verb, &restore_verb, NULL };

const struct verb header_object = {
	.name = "header",
	.what = "copies of a header, and what they are worth",
	.verbs = verbs,
};
