// SPDX-License-Identifier: GPL-2.0
/* A volume's life: formatted, probed, activated, closed. */
#include <linux/blkdev.h>
#include <linux/device-mapper.h>
#include <linux/sched/mm.h>
#include <linux/uuid.h>

#include "../compat/compat.h"
#include "change.h"
#include "move.h"
#include "netlink.h"
#include "slot.h"

#define DM_MSG_PREFIX "rekey"

/* --- the active ones: one owner for each metadata device -------------------------- */

/*
 * Protects the list of active volumes, which is in the order of their serial
 * numbers. Nests inside a message lock, outside of a job's.
 */
static DEFINE_MUTEX(volumes_lock);
static LIST_HEAD(volumes);
static u64 volumes_serial;

static int volume_register(struct rekey_volume *v)
{
	struct rekey_volume *other;
	int err = 0;

	mutex_lock(&volumes_lock);
	list_for_each_entry(other, &volumes, node)
		if (other->meta.bdev->bd_dev == v->meta.bdev->bd_dev &&
		    other->meta.start < v->meta.start + v->meta.sectors &&
		    v->meta.start < other->meta.start + other->meta.sectors)
			err = -EBUSY;
	if (!err) {
		v->serial = ++volumes_serial;
		list_add_tail(&v->node, &volumes);
	}
	mutex_unlock(&volumes_lock);
	return err;
}

static void volume_unregister(struct rekey_volume *v)
{
	mutex_lock(&volumes_lock);
	v->shown = false;
	list_del(&v->node);
	mutex_unlock(&volumes_lock);
}

/* From here on it is found. */
static void volume_show(struct rekey_volume *v)
{
	mutex_lock(&volumes_lock);
	v->shown = true;
	mutex_unlock(&volumes_lock);
	netlink_notify(v);
}

/**
 * volumes_hold() - active volumes stay active until volumes_release()
 */
void volumes_hold(void)
{
	mutex_lock(&volumes_lock);
}

/**
 * volumes_release() - the end of volumes_hold()
 */
void volumes_release(void)
{
	mutex_unlock(&volumes_lock);
}

/**
 * volume_next() - go through the active volumes
 * @serial: of the last one, which may be gone; 0 for the first
 *
 * Between volumes_hold() and volumes_release().
 *
 * Return: the next one, or NULL.
 */
struct rekey_volume *volume_next(u64 serial)
{
	struct rekey_volume *v;

	lockdep_assert_held(&volumes_lock);
	list_for_each_entry(v, &volumes, node)
		if (v->serial > serial && v->shown)
			return v;
	return NULL;
}

/**
 * volume_written() - how many regions were ever written
 * @v: active
 *
 * Return: their number.
 */
u64 volume_written(struct rekey_volume *v)
{
	u64 n = 0;
	u32 i;

	for (i = 0; i < REKEY_SLOTS; i++)
		n += atomic64_read(&v->slot[i].regions);
	return n;
}

/**
 * volume_fail() - a write of metadata failed: no more writes
 * @v: active
 * @what: was written
 * @err: of the write
 *
 * Any context that may sleep.
 */
void volume_fail(struct rekey_volume *v, const char *what, int err)
{
	if (READ_ONCE(v->failed))
		return;
	WRITE_ONCE(v->failed, true);
	DMERR("%s: the %s cannot be written: %d: the volume is read-only",
	      volume_name(v), what, err);
	dm_table_event(v->ti->table);
	netlink_notify(v);
}

static bool volume_is_readonly(struct rekey_volume *v)
{
	return !(dm_table_get_mode(v->ti->table) & BLK_OPEN_WRITE);
}

/* --- format ----------------------------------------------------------------------- */

static int format_map(struct rekey_volume *v)
{
	u64 pages = rekey_map_pages(v->regions), page, region;
	u32 count, i;
	int err = 0;

	for (page = 0; !err && page < pages; page++) {
		region = page * REKEY_PAGE_ENTRIES;
		count = meta_map_count(v->regions, page);
		for (i = 0; i < count; i++)
			v->staging[i] = v->adopt ?
				entry_at(0, 0, v->adopt_place + region + i) :
				entry_unwritten(0);
		err = meta_write_map(&v->meta, page, v->staging, count);
	}
	return err;
}

static int format_devices(struct rekey_volume *v)
{
	struct rekey_super *sb = &v->meta.sb;
	int err = 0;
	u32 i;

	sb->devices = v->devices;
	for (i = 0; !err && i < v->devices; i++) {
		struct rekey_device *dev = &v->device[i];

		if (!dev->dm || !dev->places)
			continue;
		sb->device[i].regions = dev->places;
		/* what is adopted is somebody's: nothing is written there */
		sb->device[i].label = !v->adopt || i;
		if (sb->device[i].label)
			err = meta_write_label(&v->meta, dev->dm->bdev,
					       dev->start, i);
	}
	return err;
}

static int format_pages(struct rekey_volume *v)
{
	int err = 0;
	u32 i;

	for (i = 0; !err && i < REKEY_SLOT_PAGES; i++)
		err = meta_write_slots(&v->meta, i * REKEY_PAGE_SLOTS);
	if (!err)
		err = format_map(v);
	if (!err)
		err = meta_flush(&v->meta);
	return err;
}

static bool format_fits(struct rekey_volume *v)
{
	struct rekey_device *dev = &v->device[0];
	u64 places = 0;
	u32 i;

	if (v->adopt)
		return dev->dm && v->adopt_place < REKEY_PLACES_MAX &&
		       (v->adopt_place << v->region_shift) + v->ti->len <=
		       dev->sectors;
	for (i = 0; i < v->devices; i++)
		if (v->device[i].dm && v->device[i].places)
			places += v->device[i].places - 1;	/* its label */
	return places >= v->regions;
}

/**
 * volume_format() - make an empty metadata device one of this volume
 * @v: not active, and no other is on this device
 * @error: set to a sentence on failure
 *
 * The superblock comes last, so a crash leaves a device that counts as empty.
 *
 * Return: 0 or a negative errno.
 */
int volume_format(struct rekey_volume *v, char **error)
{
	struct rekey_super *sb = &v->meta.sb;
	int err;

	*error = "The data devices are too small for this volume";
	if (!format_fits(v))
		return -ENOSPC;
	mutex_lock(&v->meta.lock);
	memset(sb, 0, sizeof(*sb));
	generate_random_uuid(sb->uuid);
	sb->large_iv = v->cipher.large_iv;
	sb->sector_size = v->cipher.sector_size;
	sb->region = v->region_sectors;
	sb->sectors = v->ti->len;
	memcpy(sb->cipher, v->cipher.name, sizeof(sb->cipher));
	*error = "A data device cannot be written";
	err = format_devices(v);
	if (!err) {
		*error = "The metadata device cannot be written";
		err = format_pages(v);
	}
	if (!err)
		err = meta_set_clean(&v->meta, v->meta.pages);
	mutex_unlock(&v->meta.lock);
	return err;
}

/* --- what is on disk against what is in the table ---------------------------------- */

static const char *check_super(struct rekey_volume *v)
{
	const struct rekey_super *sb = &v->meta.sb;

	if (strcmp(sb->cipher, v->cipher.name))
		return "The volume has another cipher";
	if (sb->sector_size != v->cipher.sector_size ||
	    sb->large_iv != v->cipher.large_iv)
		return "The volume has another sector size";
	if (sb->region != v->region_sectors)
		return "The volume has another region size";
	if (sb->sectors > v->ti->len)
		return "The volume is longer than the table says";
	if (sb->devices > v->devices)
		return "The volume has more devices than the table names";
	return NULL;
}

/**
 * volume_probe() - read what a table can be held against
 * @v: not active; another may be, on the same device
 * @error: set to a sentence on failure
 *
 * Nothing of it is relied on later: volume_activate() reads it again.
 *
 * Return: 0 or a negative errno.
 */
int volume_probe(struct rekey_volume *v, char **error)
{
	const char *why;
	int err;

	mutex_lock(&v->meta.lock);
	err = meta_read_super(&v->meta, error);
	if (!err) {
		why = check_super(v);
		if (why) {
			*error = (char *)why;
			err = -EINVAL;
		}
	}
	if (!err)
		err = meta_read_slots(&v->meta, error);
	mutex_unlock(&v->meta.lock);
	return err;
}

/* --- activation ------------------------------------------------------------------------ */

/* A device that the volume knows must be the one; a new one is made one. */
static int activate_device(struct rekey_volume *v, u32 i, bool known,
			   char **error)
{
	struct rekey_super *sb = &v->meta.sb;
	struct rekey_device *dev = &v->device[i];
	const char *why;
	int err;

	dev->label = false;
	if (!dev->dm) {
		sb->device[i].regions = 0;
		sb->device[i].label = false;
		return 0;
	}
	if (known && sb->device[i].regions) {
		*error = "A data device is smaller than it was";
		if (dev->places < sb->device[i].regions)
			return -ENOSPC;
		dev->label = sb->device[i].label;
		sb->device[i].regions = dev->places;
		if (!dev->label)
			return 0;
		*error = "A data device is not one of this volume";
		err = meta_read_label(&v->meta, dev->dm->bdev, dev->start, i,
				      &why);
		if (err)
			DMERR("device %u: %s", i, why);
		return err;
	}
	if (!dev->places)
		return 0;
	*error = "A data device cannot be written";
	dev->label = true;
	sb->device[i].regions = dev->places;
	sb->device[i].label = true;
	return v->failed ? -EROFS :
	       meta_write_label(&v->meta, dev->dm->bdev, dev->start, i);
}

static int activate_devices(struct rekey_volume *v, char **error)
{
	struct rekey_super *sb = &v->meta.sb;
	u32 known = sb->devices, i;
	int err = 0;

	sb->devices = v->devices;
	for (i = 0; !err && i < v->devices; i++)
		err = activate_device(v, i, i < known, error);
	return err;
}

/*
 * Pages for regions that the volume did not have. Nothing was written there;
 * they are under the slot of the one that was the last. A job that went to the
 * end goes on to the new one.
 */
static int activate_growth(struct rekey_volume *v, u64 old, char **error)
{
	struct rekey_job *job = &v->meta.sb.job;
	u64 page, i;
	int err = 0;

	if (v->meta.sb.sectors == v->ti->len)
		return 0;
	*error = "The volume is shorter, and read-only";
	if (v->failed)
		return -EROFS;
	*error = "The metadata device cannot be written";
	for (i = old; i < v->regions; i++)
		v->map[i] = entry_unwritten(entry_slot(v->map[old - 1]));
	if (job->kind != REKEY_JOB_NONE && job->first + job->count == old)
		job->count = v->regions - job->first;
	for (page = rekey_map_pages(old);
	     !err && page < rekey_map_pages(v->regions); page++) {
		v->meta.seq[REKEY_SLOT_PAGES + page] = 0;
		err = meta_write_map(&v->meta, page,
				     v->map + page * REKEY_PAGE_ENTRIES,
				     meta_map_count(v->regions, page));
	}
	v->meta.sb.sectors = v->ti->len;
	return err;
}

/* An erase that did not come to its end. */
static int activate_erased(struct rekey_volume *v, char **error)
{
	u64 pages = rekey_map_pages(v->regions), page, region;
	u32 count, i;
	int err = 0;

	*error = "The metadata device cannot be written";
	for (page = 0; !err && page < pages; page++) {
		bool changed = false;

		region = page * REKEY_PAGE_ENTRIES;
		count = meta_map_count(v->regions, page);
		for (i = 0; i < count; i++) {
			u64 entry = v->map[region + i];
			u32 slot = entry_slot(entry);

			if (!entry_written(entry) ||
			    v->meta.slot[slot].state != REKEY_SLOT_ERASED)
				continue;
			v->map[region + i] = entry_unwritten(slot);
			changed = true;
		}
		if (changed && !v->failed)
			err = meta_write_map(&v->meta, page, v->map + region,
					     count);
	}
	for (i = 0; !err && !v->failed && i < REKEY_SLOTS; i++) {
		if (v->meta.slot[i].state != REKEY_SLOT_ERASED)
			continue;
		v->meta.slot[i].state = REKEY_SLOT_FREE;
		err = meta_write_slots(&v->meta, i);
	}
	return err;
}

static int activate_places(struct rekey_volume *v, char **error)
{
	u64 i;
	u32 slot;

	*error = "The map names a place twice, or one that is not there";
	places_reset(v);
	for (slot = 0; slot < REKEY_SLOTS; slot++)
		atomic64_set(&v->slot[slot].regions, 0);
	for (i = 0; i < v->regions; i++) {
		u64 entry = v->map[i];

		if (!entry_written(entry))
			continue;
		if (!place_claim(v, i, entry)) {
			DMERR("%s: region %llu: device %u, place %llu",
			      volume_name(v), i, entry_device(entry),
			      entry_place(entry));
			return -EINVAL;
		}
		atomic64_inc(&v->slot[entry_slot(entry)].regions);
		if (!(i & 0xffff))
			cond_resched();
	}
	return 0;
}

static int activate_read(struct rekey_volume *v, u64 *regions, char **error)
{
	struct rekey_meta *meta = &v->meta;
	const char *why;
	int err;

	meta->torn = 0;
	err = meta_read_super(meta, error);
	if (err)
		return err;
	why = check_super(v);
	if (why) {
		*error = (char *)why;
		return -EINVAL;
	}
	*regions = DIV_ROUND_UP_ULL(meta->sb.sectors, v->region_sectors);
	err = meta_read_slots(meta, error);
	if (!err)
		err = meta_read_map(meta, v->map, *regions, error);
	if (!err)
		err = meta_check_digest(meta, REKEY_SLOT_PAGES +
					rekey_map_pages(*regions), error);
	return err;
}

static int activate_meta(struct rekey_volume *v, char **error)
{
	struct rekey_meta *meta = &v->meta;
	struct rekey_super old;
	u64 regions;
	int err;

	err = activate_read(v, &regions, error);
	if (err)
		return err;
	if (!meta->sb.clean)
		DMINFO("%s: was not closed: its map is true as it stands",
		       volume_name(v));
	if (!v->failed) {
		*error = "The metadata device cannot be written";
		err = meta_repair(meta, v->map, regions);
	}
	old = meta->sb;
	if (!err)
		err = activate_devices(v, error);
	if (!err)
		err = activate_growth(v, regions, error);
	if (!err)
		err = activate_erased(v, error);
	if (!err)
		err = activate_places(v, error);
	if (!err)
		err = slot_activate(v, error);
	old.clean = meta->sb.clean;
	memcpy(old.digest, meta->sb.digest, sizeof(old.digest));
	if (!err && memcmp(&old, &meta->sb, sizeof(old))) {
		*error = "The metadata device cannot be written";
		meta->sb.clean = false;
		memset(meta->sb.digest, 0, sizeof(meta->sb.digest));
		err = v->failed ? -EROFS : meta_write_super(meta);
	}
	return err;
}

/**
 * volume_activate() - become the owner of the metadata
 * @v: not active; no bio comes before this returns
 *
 * Return: 0 or a negative errno, with a message in the log.
 */
int volume_activate(struct rekey_volume *v)
{
	unsigned int noio;
	char *error;
	int err;

	mutex_lock(&v->message);
	/* somebody may wait for this volume in order to get memory */
	noio = memalloc_noio_save();
	error = "Another volume is active on the metadata device";
	err = volume_register(v);
	if (err)
		goto out;
	v->failed = volume_is_readonly(v);
	v->active = true;
	mutex_lock(&v->meta.lock);
	err = activate_meta(v, &error);
	mutex_unlock(&v->meta.lock);
	if (err) {
		v->active = false;
		volume_unregister(v);
		goto out;
	}
	mover_activate(v);
	volume_show(v);
out:
	memalloc_noio_restore(noio);
	mutex_unlock(&v->message);
	if (err)
		DMERR("%s: %s: %d", volume_name(v), error, err);
	return err;
}

/**
 * volume_deactivate() - leave the metadata as they are to be found
 * @v: with @stopping set; no bio is under way
 */
void volume_deactivate(struct rekey_volume *v)
{
	int err = 0;

	mutex_lock(&v->message);
	if (!v->active)
		goto out;
	mover_stop(v);
	changes_wait(v);
	mover_stop(v);		/* the last change's kick */
	if (!v->failed) {
		mutex_lock(&v->meta.lock);
		err = meta_set_clean(&v->meta, v->meta.pages);
		mutex_unlock(&v->meta.lock);
	}
	if (err)
		DMERR("%s: the superblock cannot be written: %d",
		      volume_name(v), err);
	v->active = false;
	volume_unregister(v);
	netlink_notify_closed(v);
out:
	mutex_unlock(&v->message);
}
