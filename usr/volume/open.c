// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/volumes.h"
#include "activate.h"
#include "adopt.h"
#include "area.h"
#include "open.h"
#include "rotate.h"
#include "runtime.h"

/* --- which device is which --------------------------------------------------------- */

/* One that is named twice, as with --meta, is one. */
static int add_disk(struct open *o, const char *path, struct error *err)
{
	struct disk *disk = &o->disks[o->n_disks];
	int i, ret;

	if (o->n_disks == OPEN_DISKS)
		return error_set(err, E2BIG, "that many devices no volume has");
	ret = disk_open(disk, path, DISK_READ, err);
	for (i = 0; ret == -EBUSY && i < o->n_disks; i++)
		if (!strcmp(o->disks[i].path, disk->path))
			return 0;
	if (ret)
		return ret;
	o->n_disks++;
	if (disk->readonly && !o->params->readonly)
		o->readonly_disk = disk;
	return 0;
}

/* The metadata device is the first; the token says where on it. */
static int read_meta(struct open *o, struct error *err)
{
	struct area area;
	const char *why;

	o->meta = &o->disks[0];
	why = area_open(&area, o->meta, o->header.token.meta_offset);
	if (!why)
		why = area_slots(&area, o->slots);
	if (why)
		return error_set(err, EINVAL,
				 "%s has no metadata of the volume: %s",
				 o->meta->path, why);
	o->super = area.super;
	return 0;
}

/*
 * The disk whose label says that it is device @number: its index, or -1. One of another
 * time is a copy, or was left out when the volume was written: @copy is set to it.
 */
static int find_label(struct open *o, uint32_t number, const struct disk **copy)
{
	uint64_t offset = o->header.token.devices[number].offset * 512;
	char *page = disk_buffer(REKEY_PAGE);
	struct page_label label;
	struct error ignored;
	int i, found = -1;

	for (i = 0; page && found < 0 && i < o->n_disks; i++) {
		if (o->taken[i] ||
		    disk_read(&o->disks[i], offset, page, REKEY_PAGE,
			      &ignored) ||
		    !page_label(page, &label) || label.number != number ||
		    memcmp(label.uuid, o->super.uuid, REKEY_UUID))
			continue;
		if (label_is_current(&o->super, label.generation))
			found = i;
		else
			*copy = &o->disks[i];
	}
	free(page);
	return found;
}

static void take(struct open *o, uint32_t number, int disk)
{
	o->taken[disk] = true;
	o->devices[number] = &o->disks[disk];
}

/* What was adopted has no label at first: it is the one that is left. */
static int find_adopted(struct open *o, struct error *err)
{
	const struct token *token = &o->header.token;
	int i, found = -1;
	uint64_t regions;

	for (i = 1; i < o->n_disks; i++) {
		if (o->taken[i])
			continue;
		if (found >= 0)
			return error_set(err, EINVAL,
					 "%s and %s: only one device can be without a label",
					 o->disks[found].path,
					 o->disks[i].path);
		found = i;
	}
	if (found < 0)
		return error_set(err, ENODEV,
				 "the device that was adopted is missing");
	/* no proof, but it tells many a wrong disk */
	regions = o->disks[found].sectors > token->devices[0].offset ?
		  (o->disks[found].sectors - token->devices[0].offset) /
		  token->region : 0;
	if (regions < o->super.device[0].regions)
		return error_set(err, ENOSPC,
				 "%s is smaller than the device that was adopted: it is another disk",
				 o->disks[found].path);
	take(o, 0, found);
	return 0;
}

/* Has device 0 no label? */
static bool is_bare(const struct open *o)
{
	return o->header.token.adopted && !o->super.device[0].label;
}

static int check_without(const struct open *o, struct error *err)
{
	uint32_t n = o->header.token.n_devices;
	uint64_t beyond = n < 64 ? o->params->without >> n : 0;

	if (!beyond)
		return 0;
	return error_set(err, EINVAL,
			 "the volume has devices 0 to %u: there is nothing to be without",
			 n - 1);
}

static int find_devices(struct open *o, struct error *err)
{
	const struct token *token = &o->header.token;
	const struct disk *copy;
	uint32_t i;
	int found;

	o->without = o->params->without;
	for (i = 0; i < token->n_devices; i++) {
		if (o->without >> i & 1 || (!i && is_bare(o)))
			continue;
		copy = NULL;
		found = find_label(o, i, &copy);
		if (found < 0 && !o->super.device[i].regions) {
			/* adding it was cut short before the kernel knew it */
			o->without |= 1ull << i;
			continue;
		}
		if (found < 0 && copy)
			return error_set(err, ESTALE,
					 "%s is device %u of the volume at another time: it or the metadata are a copy, or it was left out when the volume was written last",
					 copy->path, i);
		if (found < 0)
			return error_set(err, ENODEV,
					 "device %u of the volume is missing: none that was named has its label (--without %u opens the volume if nothing lies on it)",
					 i, i);
		take(o, i, found);
	}
	if (is_bare(o) && !(o->without & 1)) {
		found = find_adopted(o, err);
		if (found)
			return found;
	}
	for (i = 1; i < (uint32_t)o->n_disks; i++)
		if (!o->taken[i])
			return error_set(err, EINVAL,
					 "%s is no device of this volume (--add makes it one)",
					 o->disks[i].path);
	return 0;
}

/* --- a further device ------------------------------------------------------------------ */

/* What is in the volume knows the sectors that it had so far. */
static int check_block(const struct open *o, struct error *err)
{
	uint32_t most = o->header.token.sector_size, i;

	for (i = 0; i < o->header.token.n_devices; i++)
		if (o->devices[i] && o->devices[i]->block > most)
			most = o->devices[i]->block;
	if (o->added.block <= most)
		return 0;
	return error_set(err, EINVAL,
			 "%s has sectors of %u bytes, and the volume has smaller ones, of %u: what is in it could not be used any more",
			 o->added.path, o->added.block, most);
}

static int begin_add(struct open *o, struct error *err)
{
	int ret;

	if (!o->params->add)
		return 0;
	if (o->readonly)
		return error_set(err, EROFS,
				 "no device can be added to a volume that is opened read-only");
	ret = disk_open(&o->added, o->params->add, DISK_WRITE, err);
	return ret ? ret : check_block(o, err);
}

/* Empty so far. The header knows it before the kernel does. */
static int add_device(struct open *o, struct error *err)
{
	struct token *token = &o->header.token;
	uint32_t number = token->n_devices, i;
	int ret;

	/*
	 * The number of one that is not there, and that the kernel has given up,
	 * too: of one that it knows it would go on with what it knows.
	 */
	for (i = 0; i < token->n_devices; i++)
		if (o->without >> i & 1 && !o->super.device[i].regions)
			number = i;
	if (number == TOKEN_DEVICES)
		return error_set(err, ENOSPC, "a volume has at most %d devices",
				 TOKEN_DEVICES);
	if (number == token->n_devices)
		token->n_devices++;
	token->devices[number].offset = 0;
	if (!number)
		token->adopted = false;
	o->devices[number] = &o->added;
	ret = disk_wipe(&o->added, 0, REKEY_PAGE, err);
	return ret ? ret : header_write(&o->header, err);
}

/* --- beginning --------------------------------------------------------------------------- */

/* To be changed, or a copy that is only looked at. */
static int read_header(struct open *o, bool change, struct error *err)
{
	const char *file = o->params->header;

	if (file)
		return change ? header_load(&o->header, file, err) :
				header_peek(&o->header, file, err);
	return change ? header_load_disk(&o->header, &o->disks[0], err) :
			header_peek_disk(&o->header, &o->disks[0], err);
}

static int check_open(const struct header *header, struct error *err)
{
	char name[MAPPER_NAME];

	if (!mapper_find(header->uuid, name))
		return 0;
	return error_set(err, EBUSY, "the volume is open already, as %s (one with the same header: a copy of the disk has it too)",
			 name);
}

/* A disk is in use: if that is by the volume itself, it is said. */
static void explain_busy(const struct open_params *p, struct error *err)
{
	struct error ignored;
	struct header header;

	if (header_peek(&header, p->header ?: p->meta ?: p->devices[0],
			&ignored))
		return;
	check_open(&header, err);
	header_close(&header);
}

static int find_all(struct open *o, struct error *err)
{
	const struct open_params *p = o->params;
	unsigned int i;
	int ret = add_disk(o, p->meta ?: p->devices[0], err);

	for (i = 0; !ret && i < p->n_devices; i++)
		ret = add_disk(o, p->devices[i], err);
	o->readonly = p->readonly || o->readonly_disk;
	return ret;
}

static int find_out(struct open *o, struct error *err)
{
	int ret = find_all(o, err);

	if (ret == -EBUSY)
		explain_busy(o->params, err);
	if (!ret)
		ret = read_header(o, false, err);
	if (!ret)
		ret = check_open(&o->header, err);
	if (ret)
		return ret;
	if (!o->readonly) {
		header_close(&o->header);
		ret = read_header(o, true, err);
	}
	if (!ret)
		ret = read_meta(o, err);
	if (!ret)
		ret = check_without(o, err);
	return ret ? ret : find_devices(o, err);
}

int open_begin(struct open *o, const struct open_params *params,
	       struct error *err)
{
	int ret;

	memset(o, 0, sizeof(*o));
	o->params = params;
	o->added.fd = -1;
	o->header.memory = -1;
	o->header.lock = -1;
	ret = mapper_prepare(params->name, err);
	if (ret)
		return ret;
	ret = find_out(o, err);
	if (!ret)
		ret = begin_add(o, err);
	if (ret)
		open_end(o);
	return ret;
}

void open_end(struct open *o)
{
	while (o->n_disks)
		disk_close(&o->disks[--o->n_disks]);
	disk_close(&o->added);
	header_close(&o->header);
}

/* --- finishing ------------------------------------------------------------------------------ */

/* Slots that the map has and the header has not. */
static bool is_old_copy(const struct open *o, uint32_t *slot)
{
	struct token *token = (struct token *)&o->header.token;

	for (*slot = 0; *slot < REKEY_SLOTS; ++*slot)
		if (o->slots[*slot].state == REKEY_SLOT_USED &&
		    !token_slot(token, *slot))
			return true;
	return false;
}

/*
 * A slot that is free takes any key as its own for good. Where the header is an
 * old copy, its keys of then must not become slots anew.
 */
static int drop_foreign(const struct open *o, struct keys *keys,
			struct error *err)
{
	unsigned int i, n = 0;
	uint32_t lacks;

	if (!is_old_copy(o, &lacks))
		return 0;
	for (i = 0; i < keys->n; i++) {
		if (o->slots[keys->slot[i].slot].state == REKEY_SLOT_FREE)
			secret_free(&keys->slot[i].key);
		else
			keys->slot[n++] = keys->slot[i];
	}
	keys->n = n;
	if (n)
		return 0;
	return error_set(err, ESTALE,
			 "the header is an old copy: the volume has slot %u, which it lacks, and no key of %s in it opens anything; put a newer copy of the header back",
			 lacks, keys->user);
}

/* The volume is whole; its old header is to go before anything is written. */
static int finish_adoption(struct open *o, const struct keys *keys,
			   struct error *err)
{
	const struct secret *key = keys_find(keys, 0);
	int ret;

	if (!o->header.token.wipe)
		return 0;
	if (o->readonly)
		return error_set(err, EROFS,
				 "the adoption is not finished: open it once for writing");
	if (!o->devices[0])
		return error_set(err, ENODEV,
				 "the adoption is not finished: the adopted device is needed");
	if (!key)
		return error_set(err, ENOKEY,
				 "the adoption is not finished: the user of slot 0 is needed");
	ret = disk_reopen(o->devices[0], DISK_WRITE, err);
	return ret ? ret : adopt_finish(&o->header, o->devices[0], key, err);
}

static void keep_first(const struct volume_run *run, void *arg)
{
	bool *taken = arg;

	*taken |= run->written && !run->device && run->place < 2;
}

/*
 * Where the old header was, and nothing else lies: from now on a wrong disk is told
 * from it. A spare place stays for a rekey. Where there is no room for that the device
 * is used as it is.
 */
static void label_adopted(const struct open *o)
{
	const char *name = o->params->name;
	struct error ignored;
	struct channel chan;
	bool taken = false;

	if (o->readonly || !is_bare(o) || !o->devices[0] ||
	    channel_open(&chan, &volume_family, &ignored))
		return;
	if (!volume_runs(&chan, name, keep_first, &taken, &ignored) && !taken)
		mapper_message(name, "no label", &ignored, "label 0");
	channel_close(&chan);
}

static int open_in_kernel(struct open *o, const struct keys *keys,
			  struct error *err)
{
	struct activate a = {
		.name = o->params->name, .meta = o->meta,
		.readonly = o->readonly, .discards = o->params->discards,
		.rate = o->params->rate, .upgrade = o->params->upgrade,
	};
	uint32_t i;
	int ret;

	for (i = 0; i < o->header.token.n_devices; i++)
		a.devices[i] = o->devices[i];
	ret = runtime_remember(o->header.uuid, o->header.path, err);
	if (!ret)
		ret = activate(&o->header, &a, keys, err);
	if (ret)
		runtime_forget(o->header.uuid);
	else
		label_adopted(o);
	return ret;
}

/* The superblock by which it was opened, or is to be. */
static int find_area(const struct open *o, struct area *area,
		     struct error *err)
{
	const char *why = area_open(area, o->meta,
				    o->header.token.meta_offset);

	return why ? error_set(err, EINVAL, "%s has no metadata any more: %s",
			       o->meta->path, why) : 0;
}

/*
 * Where a change of the metadata key was cut short the kernel goes on with it, if the
 * superblock says so by the new key. It does not begin with one: whoever can write to the
 * disk could put an old keyslot there, whose key he knows.
 */
static int check_owner(const struct open *o, struct keys *keys,
		       struct error *err)
{
	struct area area;
	int ret = find_area(o, &area, err);

	if (ret || area_is_under(&area, &keys->meta))
		return ret;
	if (keys->old_meta.size && area_is_under(&area, &keys->old_meta)) {
		keys_go_back(keys);
		return 0;
	}
	return error_set(err, EKEYREJECTED,
			 "No valid superblock under the metadata key of %s: another owner has changed that key (then he opens the volume), or the header and the metadata do not belong together, or are damaged",
			 keys->user);
}

/* A change of the metadata key that was cut short is through by now, or was not begun. */
static int finish_rotation(struct open *o, struct keys *keys,
			   struct error *err)
{
	struct area area;
	int ret;

	if (o->readonly)
		return 0;
	ret = find_area(o, &area, err);
	return ret ? ret : rotate_settle(&o->header, &area, keys, err);
}

int open_finish(struct open *o, struct keys *keys, struct error *err)
{
	struct token before = o->header.token;
	struct error ignored;
	int ret = check_owner(o, keys, err);

	if (!ret)
		ret = drop_foreign(o, keys, err);
	if (!ret)
		ret = finish_adoption(o, keys, err);
	if (ret)
		return ret;
	if (o->params->add)
		ret = add_device(o, err);
	if (!ret)
		ret = open_in_kernel(o, keys, err);
	/* a device that the kernel has not taken is none of the volume's */
	if (ret && o->params->add) {
		before.wipe = o->header.token.wipe;
		o->header.token = before;
		header_write(&o->header, &ignored);
	}
	/* what it leaves the next one does: the volume is open */
	if (!ret)
		finish_rotation(o, keys, &ignored);
	return ret;
}
