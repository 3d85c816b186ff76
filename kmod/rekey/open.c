// SPDX-License-Identifier: GPL-2.0
/* Formatted, probed, activated, closed: see open.h. */
#include <crypto/hash.h>
#include <linux/blkdev.h>
#include <linux/device-mapper.h>
#include <linux/sched/mm.h>
#include <linux/uuid.h>

#include "../compat/compat.h"
#include "change.h"
#include "hibernate.h"
#include "move.h"
#include "netlink.h"
#include "open.h"

#define DM_MSG_PREFIX "rekey"

#define META_KEY_MIN		16	/* bytes */

/* A read-only table, or a device below that is read-only. */
static bool open_is_readonly(struct rekey_volume *v)
{
	u32 i;

	if (!(dm_table_get_mode(v->ti->table) & BLK_OPEN_WRITE) ||
	    bdev_read_only(v->meta.bdev))
		return true;
	for (i = 0; i < v->places.devices; i++)
		if (v->places.device[i].dm &&
		    bdev_read_only(v->places.device[i].dm->bdev))
			return true;
	return false;
}

/* --- format ----------------------------------------------------------------------- */

static void format_map(struct rekey_volume *v)
{
	u64 i;

	for (i = 0; i < v->regions; i++) {
		v->map.entry[i] = v->adopt ?
				  entry_at(0, 0, v->adopt_place + i) :
				  entry_unwritten(0);
		if (!(i & 0xffff))
			cond_resched();
	}
}

static int format_devices(struct rekey_volume *v)
{
	struct rekey_super *sb = &v->meta.sb;
	int err = 0;
	u32 i;

	sb->devices = v->places.devices;
	for (i = 0; !err && i < v->places.devices; i++) {
		struct rekey_device *dev = &v->places.device[i];

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

static bool format_fits(struct rekey_volume *v)
{
	struct rekey_device *dev = &v->places.device[0];
	u64 places = 0;
	u32 i;

	if (v->adopt)
		return dev->dm && v->adopt_place < REKEY_PLACES_MAX &&
		       (v->adopt_place << v->region_shift) + v->ti->len <=
		       dev->sectors;
	for (i = 0; i < v->places.devices; i++) {
		dev = &v->places.device[i];
		if (dev->dm && dev->places)
			places += dev->places - 1;	/* its label */
	}
	return places >= v->regions;
}

/* The superblock comes last, so a crash leaves a device that counts as empty. */
static int open_format(struct rekey_volume *v, char **error)
{
	struct rekey_super *sb = &v->meta.sb;	/* zero but for its layout */
	int err;

	*error = "The data devices are too small for this volume";
	if (!format_fits(v))
		return -ENOSPC;
	*error = "A device is read-only: it is not formatted";
	if (open_is_readonly(v))
		return -EROFS;
	format_map(v);
	mutex_lock(&v->meta.lock);
	generate_random_uuid(sb->uuid);
	sb->large_iv = v->cipher.large_iv;
	sb->sector_size = v->cipher.sector_size;
	sb->region = v->region_sectors;
	sb->sectors = v->ti->len;
	sb->generation = sb->version != 1;
	memcpy(sb->cipher, v->cipher.name, sizeof(sb->cipher));
	*error = "A data device cannot be written";
	err = format_devices(v);
	if (!err) {
		*error = "The metadata device cannot be written";
		err = meta_format(&v->meta, v->map.entry);
	}
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
	if (sb->devices > v->places.devices)
		return "The volume has more devices than the table names";
	return NULL;
}

/* Can the metadata key not be changed? */
static char *rotation_refused(const struct rekey_volume *v)
{
	if (v->meta.sb.version == 1)
		return "The metadata key of version 1 cannot be changed: upgrade the volume first";
	if (v->meta.sb.sectors != v->ti->len)
		return "The metadata key is not changed while the volume grows: open it first";
	return NULL;
}

static int open_read_super(struct rekey_volume *v, char **error)
{
	const char *why;
	int err;

	err = meta_read_super(&v->meta, error);
	if (err)
		return err;
	why = check_super(v);
	if (!why)
		return 0;
	*error = (char *)why;
	return -EINVAL;
}

static bool overlap(const struct block_device *a, sector_t a_start,
		    sector_t a_sectors, const struct block_device *b,
		    sector_t b_start, sector_t b_sectors)
{
	return a->bd_dev == b->bd_dev && a_start < b_start + b_sectors &&
	       b_start < a_start + a_sectors;
}

/* Metadata and data may share a device, but not a sector of it. */
static int check_overlaps(struct rekey_volume *v, char **error)
{
	const struct rekey_device *first = v->places.device, *a, *b;

	for (a = first; a < first + v->places.devices; a++) {
		if (!a->dm)
			continue;
		*error = "A data device begins within the metadata";
		if (overlap(a->dm->bdev, a->start, a->sectors, v->meta.bdev,
			    v->meta.start, v->meta.sectors))
			return -EINVAL;
		*error = "Two data devices overlap";
		for (b = first; b < a; b++)
			if (b->dm && overlap(a->dm->bdev, a->start, a->sectors,
					     b->dm->bdev, b->start,
					     b->sectors))
				return -EINVAL;
	}
	return 0;
}

/* Sectors from where the metadata begin to what lies behind them on their device. */
static sector_t meta_room(struct rekey_volume *v)
{
	const struct rekey_device *first = v->places.device, *dev;
	sector_t end = bdev_nr_sectors(v->meta.bdev);

	for (dev = first; dev < first + v->places.devices; dev++)
		if (dev->dm && dev->dm->bdev->bd_dev == v->meta.bdev->bd_dev &&
		    dev->start >= v->meta.start)
			end = min(end, dev->start);
	return end > v->meta.start ? end - v->meta.start : 0;
}

/* A device that the volume knows must be the one. */
static int check_device(struct rekey_volume *v, u32 i, char **error)
{
	const struct rekey_super *sb = &v->meta.sb;
	struct rekey_device *dev = &v->places.device[i];
	const char *why;
	int err;

	*error = "A data device is smaller than it was";
	if (dev->places < sb->device[i].regions)
		return -ENOSPC;
	if (!sb->device[i].label)
		return 0;
	*error = "A data device is not one of this volume";
	err = meta_read_label(&v->meta, dev->dm->bdev, dev->start, i, &why);
	if (err)
		DMERR("%s: device %u: %s", volume_name(v), i, why);
	return err == -ESTALE && v->salvage ? 0 : err;
}

static int probe_devices(struct rekey_volume *v, char **error)
{
	const struct rekey_super *sb = &v->meta.sb;
	int err = 0;
	u32 i;

	for (i = 0; !err && i < sb->devices; i++)
		if (v->places.device[i].dm && sb->device[i].regions)
			err = check_device(v, i, error);
	return err;
}

static int probe(struct rekey_volume *v, char **error)
{
	int err;

	err = open_read_super(v, error);
	if (!err && meta_needs_old_key(&v->meta) && !v->meta.sb.rotating) {
		*error = rotation_refused(v);
		err = *error ? -EINVAL : 0;
	}
	if (!err && v->upgrade)
		err = meta_plan_upgrade(&v->meta, meta_room(v), error);
	if (!err)
		err = check_overlaps(v, error);
	if (!err)
		err = meta_read_slots(&v->meta, error);
	return err ?: probe_devices(v, error);
}

/*
 * What a table can be held against, while the one of before may still be in use: what
 * is refused here disturbs nobody. Nothing of it is relied on later: open_activate()
 * reads it again.
 */
static int open_probe(struct rekey_volume *v, char **error)
{
	int err;

	mutex_lock(&v->meta.lock);
	err = probe(v, error);
	/* pages and labels may be those of a superblock that was written meanwhile */
	if (err == -ESTALE || err == -EBADMSG)
		err = probe(v, error);
	mutex_unlock(&v->meta.lock);
	return err;
}

/* The metadata key, and the one before where that is to be changed. */
static int open_keys(struct rekey_volume *v, char **error)
{
	struct crypto_shash *key, *old_key = NULL;

	key = keys_read_mac(v->meta_key, META_KEY_MIN, error);
	if (IS_ERR(key))
		return PTR_ERR(key);
	if (v->old_meta_key)
		old_key = keys_read_mac(v->old_meta_key, META_KEY_MIN, error);
	if (IS_ERR(old_key)) {
		crypto_free_shash(key);
		return PTR_ERR(old_key);
	}
	*error = "Out of memory";
	return meta_init(&v->meta, v->meta_dm->bdev, v->meta_start, key,
			 old_key, v->regions);
}

/**
 * open_meta() - read the metadata, or write those of a new volume
 * @v: not active; another may be, on the same device
 * @error: set to a sentence on failure
 *
 * Return: 0 or a negative errno.
 */
int open_meta(struct rekey_volume *v, char **error)
{
	bool blank;
	int err;

	err = open_keys(v, error);
	if (err)
		return err;
	if (!v->create && !v->adopt)
		return open_probe(v, error);
	err = meta_lay_out(&v->meta, v->version, meta_room(v), error);
	if (!err)
		err = check_overlaps(v, error);
	if (err)
		return err;
	blank = meta_is_blank(&v->meta, &err);
	*error = "The metadata device cannot be read";
	if (err)
		return err;
	*error = "The metadata device is not empty: it is not formatted";
	if (!blank)
		return -EEXIST;
	return open_format(v, error);
}

/* --- activation ------------------------------------------------------------------------ */

/* A device that the volume does not know yet is made one of it later. */
static int activate_device(struct rekey_volume *v, u32 i, bool known,
			   char **error)
{
	struct rekey_super *sb = &v->meta.sb;
	struct rekey_device *dev = &v->places.device[i];
	int err;

	dev->label = false;
	if (!dev->dm) {
		memset(&sb->device[i], 0, sizeof(sb->device[i]));
		return 0;
	}
	if (known && sb->device[i].regions) {
		err = check_device(v, i, error);
		dev->label = sb->device[i].label;
		sb->device[i].regions = dev->places;
		if (dev->label)
			meta_add_label(&v->meta, i, dev->dm->bdev, dev->start,
				       false);
		return err;
	}
	if (!dev->places)
		return 0;
	dev->label = true;
	sb->device[i].regions = dev->places;
	sb->device[i].label = true;
	meta_add_label(&v->meta, i, dev->dm->bdev, dev->start, true);
	*error = "A data device is new, and the volume read-only";
	return v->meta.readonly ? -EROFS : 0;
}

static int activate_devices(struct rekey_volume *v, char **error)
{
	struct rekey_super *sb = &v->meta.sb;
	u32 known = sb->devices, i;
	int err = 0;

	sb->devices = v->places.devices;
	for (i = 0; !err && i < v->places.devices; i++)
		err = activate_device(v, i, i < known, error);
	return err;
}

/*
 * Regions that the volume did not have. Nothing was written there; they are under
 * the slot of the one that was the last. A job that went to the end goes on to the
 * new one. On disk they are with the first write.
 */
static int activate_growth(struct rekey_volume *v, u64 old, char **error)
{
	struct rekey_meta *meta = &v->meta;
	struct rekey_job *job = &meta->sb.job;
	u64 last = v->map.entry[old - 1], i;

	if (meta->sb.sectors == v->ti->len)
		return 0;
	*error = "The volume is shorter, and read-only";
	if (meta->readonly)
		return -EROFS;
	for (i = old; i < v->regions; i++)
		v->map.entry[i] = entry_unwritten(entry_slot(last));
	if (job->kind != REKEY_JOB_NONE && job->first + job->count == old)
		job->count = v->regions - job->first;
	/* the page that was not full; what is behind it is new as a whole */
	if (old % REKEY_PAGE_ENTRIES)
		set_bit(rekey_page_number(REKEY_PAGE_MAP,
					  rekey_map_pages(old) - 1),
			meta->change);
	meta->sb.sectors = v->ti->len;
	meta->regions = v->regions;
	return 0;
}

/* An erase that did not come to its end: it does with the first write. */
static void activate_erased(struct rekey_volume *v)
{
	struct rekey_meta *meta = &v->meta;
	u64 i;

	for (i = 0; i < v->regions; i++) {
		u32 slot = entry_slot(v->map.entry[i]);

		if (!(i & 0xffff))
			cond_resched();
		if (v->map.entry[i] & REKEY_ENTRY_LOST ||
		    meta->slot[slot].state != REKEY_SLOT_ERASED)
			continue;
		v->map.entry[i] = entry_unwritten(REKEY_SLOT_NOBODY);
		if (meta->sb.version != 1)
			meta->sb.stale = REKEY_STALE_ANY;
		set_bit(rekey_page_number(REKEY_PAGE_MAP,
					  div_u64(i, REKEY_PAGE_ENTRIES)),
			meta->change);
	}
}

static int activate_places(struct rekey_volume *v, char **error)
{
	u64 i;
	u32 slot;

	*error = "The map names a place twice, or one that is not there";
	places_reset(&v->places);
	for (i = 0; i < v->places.devices; i++)
		if (v->meta.sb.device[i].drained)
			places_use(&v->places, i, PLACE_DRAINED);
	for (slot = 0; slot < REKEY_SLOTS; slot++)
		atomic64_set(&v->slots.slot[slot].regions, 0);
	for (i = 0; i < v->regions; i++) {
		u64 entry = v->map.entry[i];

		if (!(i & 0xffff))
			cond_resched();
		if (!entry_written(entry))
			continue;
		if (!place_claim(&v->places, entry,
				 volume_region_length(v, i))) {
			DMERR("%s: region %llu: device %u, place %llu",
			      volume_name(v), i, entry_device(entry),
			      entry_place(entry));
			return -EINVAL;
		}
		slot_count(&v->slots, 0, entry);
	}
	/* what is on a device that is new to the volume was never the volume's */
	for (i = 0; i < v->places.devices; i++)
		if (!v->meta.label[i].fresh)
			places_know_stale(&v->places, i, &v->meta.sb);
	return 0;
}

static int activate_read(struct rekey_volume *v, u64 *regions, char **error)
{
	struct rekey_meta *meta = &v->meta;
	int err;

	err = open_read_super(v, error);
	if (err)
		return err;
	*regions = DIV_ROUND_UP_ULL(meta->sb.sectors, v->region_sectors);
	err = meta_read_slots(meta, error);
	if (!err)
		err = meta_read_map(meta, v->copiers.wq, v->map.entry,
				    *regions, v->salvage, error);
	if (!err)
		err = meta_check_digest(meta, v->salvage, error);
	return err;
}

/*
 * What somebody asked for with this very table, and would not find done if nothing
 * is written till the close: a new volume, a device more or less.
 */
static bool activate_is_told(struct rekey_volume *v)
{
	u32 i;

	if (v->lived || v->meta.readonly)
		return false;
	if (v->create || v->adopt)
		return true;
	for (i = 0; i < v->places.devices; i++)
		if (v->meta.label[i].fresh ||
		    (!v->places.device[i].dm &&
		     v->meta.disk_sb.device[i].regions))
			return true;
	return false;
}

static int activate_meta(struct rekey_volume *v, char **error)
{
	u64 regions;
	int err;

	err = activate_read(v, &regions, error);
	if (err)
		return err;
	if (!v->meta.sb.clean)
		DMINFO("%s: was not closed: its map is true as it stands",
		       volume_name(v));
	err = activate_devices(v, error);
	if (!err)
		err = activate_growth(v, regions, error);
	if (err)
		return err;
	activate_erased(v);
	err = activate_places(v, error);
	if (!err)
		err = slots_activate(&v->slots, error);
	if (err || !activate_is_told(v))
		return err;
	*error = "The metadata device cannot be written";
	return meta_begin(&v->meta);
}

/* A volume of version 1 whose table asks for it, and that is whole. */
static int activate_upgrade(struct rekey_volume *v, char **error)
{
	int err;

	if (!v->meta.upgrade || v->meta.sb.version != 1)
		return 0;
	*error = "A volume that is opened read-only is not upgraded";
	if (v->meta.readonly)
		return -EROFS;
	err = meta_upgrade(&v->meta, error);
	return err ?: activate_meta(v, error);
}

/* The devices that the volume knows, and nothing that the table has changed. */
static int rotation_labels(struct rekey_volume *v, char **error)
{
	const struct rekey_super *sb = &v->meta.sb;
	int err = 0;
	u32 i;

	for (i = 0; !err && i < sb->devices; i++) {
		struct rekey_device *dev = &v->places.device[i];

		if (!dev->dm || !sb->device[i].regions)
			continue;
		err = check_device(v, i, error);
		if (sb->device[i].label)
			meta_add_label(&v->meta, i, dev->dm->bdev, dev->start,
				       false);
	}
	return err;
}

/*
 * A metadata key that is to be changed, or was cut short in that, before anything else:
 * all is read again then. What is opened read-only goes on under the keys that it is
 * under.
 */
static int activate_rotation(struct rekey_volume *v, char **error)
{
	struct rekey_meta *meta = &v->meta;
	u64 regions;
	int err;

	if (!v->old_meta_key || meta->readonly)
		return 0;
	err = activate_read(v, &regions, error);
	if (err || !meta_needs_old_key(meta))
		return err;
	err = rotation_labels(v, error);
	if (err)
		return err;
	if (!meta->sb.rotating) {
		*error = rotation_refused(v);
		if (*error)
			return -EINVAL;
		activate_erased(v);
	}
	return meta_rotate(meta, error);
}

static int activate(struct rekey_volume *v, char **error)
{
	int err;

	*error = "Another volume is active on the metadata device";
	err = volume_register(v);
	if (err)
		return err;
	v->meta.failed = false;
	v->meta.readonly = open_is_readonly(v);
	v->told = false;
	*error = "Only what is read-only is salvaged";
	err = -EINVAL;
	if (!v->salvage || v->meta.readonly) {
		mutex_lock(&v->meta.lock);
		err = activate_rotation(v, error);
		if (!err)
			err = activate_meta(v, error);
		if (!err)
			err = activate_upgrade(v, error);
		mutex_unlock(&v->meta.lock);
	}
	if (err) {
		volume_unregister(v);
		return err;
	}
	map_seal(&v->map, v->meta.readonly);
	mover_activate(v);
	WRITE_ONCE(v->lived, true);
	WRITE_ONCE(v->active, true);
	volume_show(v);
	hibernate_join(v);
	return 0;
}

/*
 * Who uses the device would wait for ever for a volume that cannot be resumed: so
 * it is, and what is asked of it fails, till it is suspended and resumed again, or
 * gets another table. Nobody waits for a device that was never in use: its table is
 * refused.
 */
static int activate_dead(struct rekey_volume *v, int err)
{
	if (!v->lived && !v->heir)
		return err;
	DMERR("%s: nothing can be read or written till it is suspended and resumed again",
	      volume_name(v));
	WRITE_ONCE(v->dead, true);
	return 0;
}

/**
 * open_activate() - become the owner of the metadata
 * @v: not active; no bio comes before this returns
 *
 * Nothing is written, but what the table itself asks for: see activate_is_told().
 *
 * Return: 0 or a negative errno, with a message in the log.
 */
int open_activate(struct rekey_volume *v)
{
	unsigned int noio;
	char *error;
	int err;

	mutex_lock(&v->message);
	/* somebody may wait for this volume in order to get memory */
	noio = memalloc_noio_save();
	WRITE_ONCE(v->dead, false);
	/* should it fail, the next table inherits from this one */
	if (volume_inherit(v))
		mover_settle(v);
	err = activate(v, &error);
	memalloc_noio_restore(noio);
	if (err) {
		DMERR("%s: %s: %d", volume_name(v), error, err);
		err = activate_dead(v, err);
	}
	mutex_unlock(&v->message);
	return err;
}

/**
 * open_deactivate() - leave the metadata as they are to be found
 * @v: with @stopping set; no bio is under way
 */
void open_deactivate(struct rekey_volume *v)
{
	int err;

	mutex_lock(&v->message);
	if (!v->active)
		goto out;
	mover_stop(v);
	changes_wait(v);
	mover_stop(v);		/* the last change's kick */
	mutex_lock(&v->meta.lock);
	if (v->meta.begun && v->meta.sb.version != 1)
		places_list_stale(&v->places, &v->meta.sb);
	err = meta_close(&v->meta);
	mutex_unlock(&v->meta.lock);
	if (err)
		DMERR("%s: the superblock cannot be written: %d",
		      volume_name(v), err);
	WRITE_ONCE(v->active, false);
	volume_unregister(v);
	netlink_notify_closed(v);
out:
	mutex_unlock(&v->message);
}
