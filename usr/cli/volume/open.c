// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../format/page.h"
#include "../../volume/runtime.h"
#include "volume.h"

#define DISKS	(TOKEN_DEVICES + 3)	/* and those of --meta and --add */

struct open {
	const struct volume_options *o;
	const char *name;
	struct header header;
	struct rekey_super super;	/* without its MAC: to find and to tell */
	struct disk disks[DISKS];
	bool taken[DISKS];
	int n_disks;
	const struct disk *devices[TOKEN_DEVICES];	/* by their numbers */
	const struct disk *meta;
};

/* --- which device is which --------------------------------------------------------- */

static int add_disk(struct open *op, const char *path, struct error *err)
{
	struct disk *disk = &op->disks[op->n_disks];
	int i, ret = disk_find(disk, path, err);

	for (i = 0; !ret && i < op->n_disks; i++)
		if (op->disks[i].dev == disk->dev)
			return 0;
	if (!ret)
		op->n_disks++;
	return ret;
}

/* The metadata device is the first; the token says where on it. */
static int read_super(struct open *op, struct error *err)
{
	char *pages = disk_buffer(2 * REKEY_PAGE);
	const char *why;
	int ret;

	if (!pages)
		return error_set(err, ENOMEM, "no memory for a page");
	op->meta = &op->disks[0];
	ret = disk_read(op->meta, op->header.token.meta_offset * 512, pages,
			2 * REKEY_PAGE, err);
	if (!ret) {
		why = page_super(pages, &op->super);
		if (why)
			ret = error_set(err, EINVAL,
					"%s has no metadata of the volume: %s",
					op->meta->path, why);
	}
	free(pages);
	return ret;
}

/* The disk whose label says that it is device @number: its index, or -1. */
static int find_label(struct open *op, uint32_t number)
{
	uint64_t offset = op->header.token.devices[number].offset * 512;
	char *page = disk_buffer(REKEY_PAGE);
	struct error ignored;
	int i, found = -1;

	for (i = 0; page && found < 0 && i < op->n_disks; i++)
		if (!op->taken[i] &&
		    !disk_read(&op->disks[i], offset, page, REKEY_PAGE,
			       &ignored) &&
		    page_is_label(page, number, op->super.uuid))
			found = i;
	free(page);
	return found;
}

static void take(struct open *op, uint32_t number, int disk)
{
	op->taken[disk] = true;
	op->devices[number] = &op->disks[disk];
}

/* What was adopted has no label: it is the one that is left. */
static int find_adopted(struct open *op, struct error *err)
{
	int i, found = -1;

	for (i = 1; i < op->n_disks; i++) {
		if (op->taken[i])
			continue;
		if (found >= 0)
			return error_set(err, EINVAL,
					 "%s and %s: only one device can be without a label",
					 op->disks[found].path,
					 op->disks[i].path);
		found = i;
	}
	if (found < 0)
		return error_set(err, ENODEV,
				 "the device that was adopted is missing");
	take(op, 0, found);
	return 0;
}

static int find_devices(struct open *op, struct error *err)
{
	const struct token *token = &op->header.token;
	uint32_t i;
	int found;

	for (i = token->adopted; i < token->n_devices; i++) {
		if (op->o->without >> i & 1)
			continue;
		found = find_label(op, i);
		if (found < 0)
			return error_set(err, ENODEV,
					 "device %u of the volume is missing: none that was named has its label (--without %u opens the volume if nothing lies on it)",
					 i, i);
		take(op, i, found);
	}
	if (token->adopted && !(op->o->without & 1)) {
		found = find_adopted(op, err);
		if (found)
			return found;
	}
	for (i = 1; i < (uint32_t)op->n_disks; i++)
		if (!op->taken[i])
			return error_set(err, EINVAL,
					 "%s is no device of this volume (--add makes it one)",
					 op->disks[i].path);
	return 0;
}

/* A further device, empty so far. The header knows it before the kernel does. */
static int add_device(struct open *op, struct error *err)
{
	struct token *token = &op->header.token;
	struct disk *disk = &op->disks[op->n_disks];
	uint32_t number = token->n_devices, i;
	int ret = disk_find(disk, op->o->add, err);

	if (!ret)
		ret = disk_claim(disk, err);
	if (!ret)
		ret = volume_check_empty(disk, op->o, err);
	if (ret)
		return ret;
	/* the number of one that is not there, and has nothing on it */
	for (i = 0; i < token->n_devices; i++)
		if (op->o->without >> i & 1)
			number = i;
	if (number == TOKEN_DEVICES)
		return error_set(err, ENOSPC, "a volume has at most %d devices",
				 TOKEN_DEVICES);
	if (number == token->n_devices)
		token->n_devices++;
	token->devices[number].offset = 0;
	if (!number)
		token->adopted = false;
	op->devices[number] = disk;
	ret = header_wipe(&op->header, disk->path, 0, 4096, err);
	return ret ? ret : header_write(&op->header, err);
}

/* --- an adoption that was cut short --------------------------------------------------- */

/* The volume is whole; its old header is to go before anything is written. */
static int finish_adoption(struct open *op, struct error *err)
{
	if (!op->header.token.wipe)
		return 0;
	if (!op->devices[0])
		return error_set(err, ENODEV,
				 "the adoption is not finished: the adopted device is needed");
	return volume_wipe_old(&op->header, op->devices[0], err);
}

/* --- opening ------------------------------------------------------------------------------ */

static int find_all(struct open *op, int n, char **paths, struct error *err)
{
	const char *header = op->o->header ?: op->o->meta ?: paths[0];
	char name[MAPPER_NAME];
	int i, ret;

	ret = header_load(&op->header, header, true, err);
	if (ret)
		return ret;
	if (mapper_find(op->header.uuid, name))
		return error_set(err, EBUSY, "the volume is open already, as %s",
				 name);
	ret = add_disk(op, op->o->meta ?: paths[0], err);
	for (i = 0; !ret && i < n; i++)
		ret = add_disk(op, paths[i], err);
	if (!ret)
		ret = read_super(op, err);
	if (!ret)
		ret = find_devices(op, err);
	return ret;
}

static int activate(struct open *op, const struct keys *keys, struct error *err)
{
	struct volume_table table = {
		.name = op->name, .meta = op->meta->path,
		.readonly = op->o->readonly, .discards = op->o->discards,
		.rate = op->o->rate,
	};
	uint32_t i;
	int ret;

	for (i = 0; i < op->header.token.n_devices; i++)
		if (op->devices[i])
			table.devices[i] = op->devices[i]->path;
	ret = runtime_remember(op->header.uuid, op->header.path, err);
	if (!ret)
		ret = volume_activate(&op->header, &table, keys, err);
	if (ret)
		runtime_forget(op->header.uuid);
	return ret;
}

static int run(struct open *op, int n, char **paths, struct keys *keys,
	       struct error *err)
{
	struct secret pass;
	int ret;

	if (mapper_exists(op->name))
		return error_set(err, EEXIST, "there is a device %s already",
				 op->name);
	ret = find_all(op, n, paths, err);
	if (!ret)
		ret = volume_unlock(keys, &op->header, op->o, op->o->user,
				    &pass, err);
	if (ret)
		return ret;
	secret_free(&pass);
	if (!op->o->readonly || op->header.token.wipe)
		ret = finish_adoption(op, err);
	if (!ret && op->o->add)
		ret = add_device(op, err);
	if (!ret)
		ret = activate(op, keys, err);
	return ret;
}

static void show(struct out *out, const struct open *op,
		 const struct keys *keys, const struct mapper_volume *dm)
{
	const struct rekey_job *job = &op->super.job;
	char text[32];
	unsigned int i;

	out_object_begin(out, NULL);
	out_string(out, "name", "%s: ", op->name);
	out_string(out, "uuid", NULL, op->header.uuid);
	out_uint(out, "sectors", NULL, dm->sectors);
	out_string(out, NULL, "%s, ", volume_size_text(dm->sectors, text));
	out_string(out, "user", "user %s, ", keys->user);
	out_array_begin(out, "slots");
	for (i = 0; i < keys->n; i++)
		out_uint(out, NULL, i ? ", %llu" : keys->n > 1 ?
			 "slots %llu" : "slot %llu", keys->slot[i].slot);
	out_array_end(out);
	out_bool(out, "readonly", ", read-only", dm->status.readonly);
	out_bool(out, "closed", NULL, op->super.clean);
	out_text(out, op->super.clean ? "; it had been closed\n" :
		 "; it had not been closed, which is fine\n");
	if (job->kind != REKEY_JOB_NONE) {
		out_string(out, "job", "    a job goes on: %s",
			   job->kind == REKEY_JOB_REKEY ? "rekey" : "move");
		out_string(out, "state", " (%s)\n", dm->status.state);
	}
	out_object_end(out);
}

int volume_open(struct out *out, struct volume_options *o, int argc,
		char **argv)
{
	struct open *op = calloc(1, sizeof(*op));
	struct mapper_volume *dm = calloc(1, sizeof(*dm));
	struct volume *v = calloc(1, sizeof(*v));
	struct keys keys = { .n = 0 };
	struct error err;
	int ret;

	if (!op || !dm || !v)
		abort();
	op->o = o;
	op->name = argv[0];
	op->header.lock = -1;
	ret = run(op, argc - 1, argv + 1, &keys, &err);
	if (!ret)
		ret = mapper_get(op->name, dm, &err);
	header_close(&op->header);
	if (!ret) {
		show(out, op, &keys, dm);
		/* what another command left undone */
		if (!volume_get(v, op->name, NULL, &err))
			volume_put(v);
	}
	keys_free(&keys);
	free(op);
	free(dm);
	free(v);
	return ret ? refused(&err) : EXIT_DONE;
}

int volume_close(struct out *out, struct volume_options *o, int argc,
		 char **argv)
{
	struct mapper_volume *dm = calloc(1, sizeof(*dm));
	struct error err;
	int ret;

	(void)o, (void)argc;
	if (!dm)
		abort();
	ret = mapper_info(argv[0], dm, &err);
	if (!ret && dm->opens)
		ret = error_set(&err, EBUSY,
				"%s is in use: mounted, or opened by a program",
				argv[0]);
	if (!ret)
		ret = mapper_remove(argv[0], &err);
	if (!ret) {
		runtime_forget(dm->uuid);
		out_object_begin(out, NULL);
		out_string(out, "name", "%s: closed\n", argv[0]);
		out_object_end(out);
	}
	free(dm);
	return ret ? refused(&err) : EXIT_DONE;
}
