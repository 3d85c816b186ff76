// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>

#include "../../format/size.h"
#include "../../volume/resize.h"
#include "help.h"
#include "key.h"
#include "options.h"
#include "volume.h"

static int choose(const struct volume *v, const struct volume_options *o,
		  uint64_t *sectors, struct error *err)
{
	char text[SIZE_TEXT];
	int ret = resize_room(v, sectors, err);

	if (ret || !o->size)
		return ret;
	if (o->size > *sectors)
		return error_set(err, ENOSPC,
				 "the devices have room for %s, with a little that a rekey needs",
				 size_text(*sectors * 512, text));
	*sectors = o->size;
	return 0;
}

static int resize(struct volume *v, const struct volume_options *o,
		  struct error *err)
{
	uint64_t sectors;
	struct keys keys;
	int ret = choose(v, o, &sectors, err);

	/* what it has beyond that is a rekey's, and stays its own */
	if (!ret && !o->size && sectors <= v->dm.sectors)
		return 0;
	if (!ret)
		ret = key_unlock_owner(&keys, &v->header, &o->key, o->user,
				       err);
	if (ret)
		return ret;
	ret = resize_grow(v, sectors, &keys, err);
	keys_free(&keys);
	return ret;
}

static int run(struct run *run)
{
	struct volume *v = calloc(1, sizeof(*v));
	struct volume_options o;
	int ret = volume_options_read(run, &o);
	char text[SIZE_TEXT];
	struct error err;

	if (!v)
		abort();
	if (ret < 0) {
		ret = volume_get(v, run->argv[0], o.header, &err);
		if (!ret) {
			ret = resize(v, &o, &err);
			volume_put(v);
		}
		if (!ret) {
			out_object_begin(run->out, NULL);
			out_string(run->out, "name", "%s: ", run->argv[0]);
			out_uint(run->out, "sectors", NULL, v->dm.sectors);
			out_string(run->out, NULL, "%s\n",
				   size_text(v->dm.sectors * 512, text));
			out_object_end(run->out);
		}
		ret = ret ? refused(&err) : EXIT_DONE;
	}
	free(v);
	return ret;
}

static const struct option options[] = {
	OPTIONS_KEY, OPTION_HEADER, OPTION_USER, OPTION_SIZE, { 0 },
};

const struct verb volume_resize = {
	.name = "resize",
	.what = "take the room that the disks have got",
	.synopsis = "NAME [--size SIZE] [OPTION...]",
	.help =
	"Grows an open volume, which may be mounted, to the size that its disks have by\n"
	"now; the file system is grown afterwards, by its own tool. I/O waits for a moment.\n"
	"It takes an owner's passphrase, and no other user's slot may be loaded.\n"
	"\n"
	"  --size SIZE         of the volume (default: all the room)\n"
	"  --user USER         try the passphrase on the slots of this owner alone\n"
	HELP_HEADER HELP_KEY HELP_SIZES,
	.options = options,
	.least = 1, .most = 1, .needs = "a name",
	.run = run,
};
