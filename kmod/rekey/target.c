// SPDX-License-Identifier: GPL-2.0
/* dm-rekey: volumes encrypted under keys of several users, re-keyed in use. */
#include <linux/device-mapper.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <net/genetlink.h>

#include <uapi/linux/hearth_volume.h>

#include "../compat/compat.h"
#include "change.h"
#include "io.h"
#include "message.h"
#include "move.h"
#include "netlink.h"
#include "slot.h"

#define DM_MSG_PREFIX "rekey"

#define CHANGES_RESERVED	16
#define META_KEY_MIN		16	/* bytes */

/* --- the table ---------------------------------------------------------------------- */

static int parse_device(struct rekey_volume *v, struct dm_arg_set *as)
{
	struct rekey_device *dev = &v->device[v->devices];
	const char *path = dm_shift_arg(as), *offset = dm_shift_arg(as);
	unsigned long long start;
	int err;

	v->ti->error = "Bad device";
	if (!path || !offset || kstrtoull(offset, 10, &start) ||
	    start != (sector_t)start)
		return -EINVAL;
	dev->start = start;
	v->devices++;
	if (!strcmp(path, "-"))
		return 0;
	v->ti->error = "No such data device";
	err = dm_get_device(v->ti, path, dm_table_get_mode(v->ti->table),
			    &dev->dm);
	if (err)
		return err;
	v->ti->error = "The offset is behind the device's end, or not aligned";
	if (start > bdev_nr_sectors(dev->dm->bdev) ||
	    start & (REKEY_PAGE / SECTOR_SIZE - 1))
		return -EINVAL;
	dev->sectors = bdev_nr_sectors(dev->dm->bdev) - start;
	return 0;
}

static int parse_devices(struct rekey_volume *v, struct dm_arg_set *as)
{
	static const struct dm_arg number = {
		1, REKEY_DEVICES, "Bad number of devices"
	};
	unsigned int n;
	int err;

	err = dm_read_arg(&number, as, &n, &v->ti->error);
	while (!err && n--)
		err = parse_device(v, as);
	return err;
}

/* Keys are read when the volume's uuid is known; till then these point there. */
struct key_options {
	unsigned int count;
	const char *arg[REKEY_SLOTS];
};

static bool option_number(const char *opt, const char *name, u64 max, u64 *n)
{
	size_t len = strlen(name);

	return !strncasecmp(opt, name, len) && !kstrtou64(opt + len, 10, n) &&
	       *n <= max;
}

static bool parse_flag(struct rekey_volume *v, const char *opt)
{
	const struct {
		const char *name;
		bool *flag;
	} flags[] = {
		{ "iv_large_sectors", &v->cipher.large_iv },
		{ "no_read_workqueue", &v->no_read_workqueue },
		{ "no_write_workqueue", &v->no_write_workqueue },
		{ "allow_discards", &v->allow_discards },
		{ "high_priority", &v->high_priority },
		{ "create", &v->create },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		if (strcasecmp(opt, flags[i].name))
			continue;
		*flags[i].flag = true;
		return true;
	}
	return false;
}

static bool parse_number(struct rekey_volume *v, const char *opt)
{
	u64 n;

	if (option_number(opt, "region_size:", REKEY_REGION_MAX, &n))
		v->region_sectors = n;
	else if (option_number(opt, "sector_size:", 4096, &n))
		v->cipher.sector_size = n;
	else if (option_number(opt, "meta_offset:", S64_MAX, &n))
		v->meta_start = n;
	else if (option_number(opt, "rate:", U32_MAX, &n))
		v->rate = n;
	else if (option_number(opt, "adopt:", REKEY_PLACES_MAX,
			       &v->adopt_place))
		v->adopt = true;
	else
		return false;
	return true;
}

static int parse_option(struct rekey_volume *v, struct key_options *keys,
			const char *opt)
{
	const size_t meta_len = strlen("meta_key:"), key_len = strlen("key:");

	if (parse_flag(v, opt) || parse_number(v, opt))
		return 0;
	if (!strncasecmp(opt, "meta_key:", meta_len) && !v->meta_key) {
		v->meta_key = kstrdup(opt + meta_len, GFP_KERNEL);
		return v->meta_key ? 0 : -ENOMEM;
	}
	if (!strncasecmp(opt, "key:", key_len) && keys->count < REKEY_SLOTS) {
		keys->arg[keys->count++] = opt + key_len;
		return 0;
	}
	v->ti->error = "Bad option";
	return -EINVAL;
}

static int parse_options(struct rekey_volume *v, struct dm_arg_set *as,
			 struct key_options *keys)
{
	static const struct dm_arg number = {
		0, REKEY_SLOTS + 16, "Bad number of options"
	};
	unsigned int n;
	int err;

	v->region_sectors = 2048;
	v->cipher.sector_size = SECTOR_SIZE;
	err = dm_read_arg_group(&number, as, &n, &v->ti->error);
	while (!err && n--)
		err = parse_option(v, keys, dm_shift_arg(as));
	if (err)
		return err;
	v->ti->error = "Options need meta_key::<bytes>:logon:<description>";
	return v->meta_key && !as->argc ? 0 : -EINVAL;
}

static int check_sizes(struct rekey_volume *v)
{
	u32 ss = v->cipher.sector_size;
	u32 i;

	v->ti->error = "The offset of the metadata is not aligned";
	if (v->meta_start & (REKEY_PAGE / SECTOR_SIZE - 1))
		return -EINVAL;
	v->ti->error = "Bad sector size";
	if ((ss != 512 && ss != 4096) ||
	    v->ti->len & ((ss >> SECTOR_SHIFT) - 1))
		return -EINVAL;
	v->ti->error = "Bad region size";
	if (v->region_sectors < REKEY_REGION_MIN ||
	    v->region_sectors & (v->region_sectors - 1))
		return -EINVAL;
	v->cipher.sector_shift = ilog2(ss >> SECTOR_SHIFT);
	v->region_shift = ilog2(v->region_sectors);
	v->regions = DIV_ROUND_UP_ULL(v->ti->len, v->region_sectors);
	v->ti->error = "Too many regions";
	if (v->regions > REKEY_REGIONS_MAX || v->regions > SIZE_MAX / 8)
		return -EINVAL;
	for (i = 0; i < v->devices; i++)
		v->device[i].places = v->device[i].sectors >> v->region_shift;
	return 0;
}

/* "<slot>:<source>" */
static int read_key(struct rekey_volume *v, const char *arg)
{
	struct rekey_key *key;
	int n = 0, err;
	u32 slot;

	v->ti->error = "Bad key option";
	if (sscanf(arg, "%u:%n", &slot, &n) != 1 || !n || slot >= REKEY_SLOTS ||
	    slot_loaded(v, slot))
		return -EINVAL;
	key = slot_read_key(v, slot, arg + n, &v->ti->error);
	if (IS_ERR(key))
		return PTR_ERR(key);
	err = slot_check_key(key, &v->meta.slot[slot], &v->ti->error);
	if (err)
		slot_free_key(key);
	else
		rcu_assign_pointer(v->slot[slot].key, key);
	return err;
}

/* --- making a volume -------------------------------------------------------------------- */

static int volume_alloc_queues(struct rekey_volume *v)
{
	unsigned int high = v->high_priority ? WQ_HIGHPRI : 0;
	const char *name = volume_name(v);

	v->io_wq = alloc_workqueue("rekey_io/%s", WQ_MEM_RECLAIM | WQ_PERCPU |
				   high, 0, name);
	v->crypt_wq = alloc_workqueue("rekey_crypt/%s", WQ_MEM_RECLAIM |
				      WQ_CPU_INTENSIVE | WQ_PERCPU | high, 0,
				      name);
	v->copy_wq = alloc_workqueue("rekey_copy/%s", WQ_MEM_RECLAIM |
				     WQ_UNBOUND, 0, name);
	v->commit_wq = alloc_workqueue("rekey_commit/%s", WQ_MEM_RECLAIM |
				       WQ_UNBOUND, 0, name);
	v->move_wq = alloc_workqueue("rekey_move/%s", WQ_MEM_RECLAIM |
				     WQ_UNBOUND, 0, name);
	return v->io_wq && v->crypt_wq && v->copy_wq && v->commit_wq &&
	       v->move_wq ? 0 : -ENOMEM;
}

static int volume_alloc(struct rekey_volume *v)
{
	int err;

	v->ti->error = "Out of memory";
	v->map = kvcalloc(v->regions, sizeof(*v->map), GFP_KERNEL);
	v->staging = kcalloc(REKEY_PAGE_ENTRIES, sizeof(*v->staging),
			     GFP_KERNEL);
	if (!v->map || !v->staging)
		return -ENOMEM;
	err = places_alloc(v);
	if (!err)
		err = regions_init(v);
	if (!err)
		err = io_pools_init(v);
	if (!err)
		err = mempool_init_kmalloc_pool(&v->change_pool,
						CHANGES_RESERVED,
						sizeof(struct rekey_change));
	if (!err)
		err = volume_alloc_queues(v);
	if (!err)
		err = lanes_alloc(v);
	return err;
}

static void volume_init(struct rekey_volume *v, struct dm_target *ti)
{
	v->ti = ti;
	mutex_init(&v->message);
	mutex_init(&v->job_lock);
	mutex_init(&v->page_lock);
	spin_lock_init(&v->lock);
	bio_list_init(&v->deferred);
	INIT_LIST_HEAD(&v->ready);
	INIT_LIST_HEAD(&v->reap);
	INIT_LIST_HEAD(&v->queue[0]);
	INIT_LIST_HEAD(&v->queue[1]);
	init_waitqueue_head(&v->change_wait);
	INIT_WORK(&v->deferred_work, io_deferred_work);
	INIT_WORK(&v->commit_work, commit_work_fn);
	INIT_WORK(&v->notify_work, netlink_notify_work);
	v->generation = get_random_u32() | 1;
	INIT_DELAYED_WORK(&v->mover_work, mover_work_fn);
	v->stopping = true;	/* until it is resumed */
}

static void destroy_queue(struct workqueue_struct *wq)
{
	if (wq)
		destroy_workqueue(wq);
}

/* Also of one that was not finished; its memory is zero there. */
static void volume_destroy(struct rekey_volume *v)
{
	struct dm_target *ti = v->ti;
	u32 i;

	destroy_queue(v->move_wq);
	destroy_queue(v->io_wq);
	destroy_queue(v->crypt_wq);
	destroy_queue(v->copy_wq);
	destroy_queue(v->commit_wq);
	cancel_work_sync(&v->notify_work);	/* of one that did not activate */
	for (i = 0; i < REKEY_SLOTS; i++)
		slot_evict(v, i);
	lanes_free(v);
	mempool_exit(&v->change_pool);
	io_pools_exit(v);
	regions_exit(v);
	places_free(v);
	kfree(v->staging);
	kvfree(v->map);
	if (v->meta.mac)
		meta_exit(&v->meta);
	for (i = 0; i < v->devices; i++)
		if (v->device[i].dm)
			dm_put_device(ti, v->device[i].dm);
	if (v->meta_dm)
		dm_put_device(ti, v->meta_dm);
	kfree(v->meta_key);
	kvfree(v);
}

static bool overlap(const struct block_device *a, sector_t a_start,
		    sector_t a_sectors, const struct block_device *b,
		    sector_t b_start, sector_t b_sectors)
{
	return a->bd_dev == b->bd_dev && a_start < b_start + b_sectors &&
	       b_start < a_start + a_sectors;
}

/* Metadata and data may share a device, but not a sector of it. */
static int check_overlaps(struct rekey_volume *v)
{
	const struct rekey_device *a, *b;

	for (a = v->device; a < v->device + v->devices; a++) {
		if (!a->dm)
			continue;
		v->ti->error = "A data device begins within the metadata";
		if (overlap(a->dm->bdev, a->start, a->sectors, v->meta.bdev,
			    v->meta.start, v->meta.sectors))
			return -EINVAL;
		v->ti->error = "Two data devices overlap";
		for (b = v->device; b < a; b++)
			if (b->dm && overlap(a->dm->bdev, a->start, a->sectors,
					     b->dm->bdev, b->start,
					     b->sectors))
				return -EINVAL;
	}
	return 0;
}

static int volume_open_meta(struct rekey_volume *v)
{
	struct crypto_shash *mac;
	bool blank;
	int err;

	mac = slot_read_mac(v->meta_key, META_KEY_MIN, &v->ti->error);
	if (IS_ERR(mac))
		return PTR_ERR(mac);
	err = meta_init(&v->meta, v->meta_dm->bdev, v->meta_start, mac,
			v->regions, &v->ti->error);
	if (!err)
		err = check_overlaps(v);
	if (err)
		return err;
	blank = meta_is_blank(&v->meta, &err);
	v->ti->error = "The metadata device cannot be read";
	if (err)
		return err;
	if (!v->create && !v->adopt)
		return volume_probe(v, &v->ti->error);
	v->ti->error = "The metadata device is not empty: it is not formatted";
	if (!blank)
		return -EEXIST;
	return volume_format(v, &v->ti->error);
}

static int volume_make(struct rekey_volume *v, struct dm_arg_set *as,
		       struct key_options *keys)
{
	struct dm_target *ti = v->ti;
	const char *meta = dm_shift_arg(as), *cipher = dm_shift_arg(as);
	unsigned int i;
	int err;

	ti->error = "Not enough arguments";
	if (!meta || !cipher)
		return -EINVAL;
	ti->error = "No such metadata device";
	err = dm_get_device(ti, meta, dm_table_get_mode(ti->table),
			    &v->meta_dm);
	if (!err)
		err = parse_devices(v, as);
	if (!err)
		err = parse_options(v, as, keys);
	if (!err)
		err = check_sizes(v);
	if (!err)
		err = cipher_init(&v->cipher, cipher, &ti->error);
	if (!err)
		err = volume_alloc(v);
	if (!err)
		err = volume_open_meta(v);
	for (i = 0; !err && i < keys->count; i++)
		err = read_key(v, keys->arg[i]);
	return err;
}

static int rekey_ctr(struct dm_target *ti, unsigned int argc, char **argv)
{
	struct dm_arg_set as = { .argc = argc, .argv = argv };
	struct key_options *keys;
	struct rekey_volume *v;
	int err = -ENOMEM;

	ti->error = "Out of memory";
	keys = kzalloc(sizeof(*keys), GFP_KERNEL);
	v = kvzalloc(sizeof(*v), GFP_KERNEL);
	if (!keys || !v) {
		kvfree(v);
		goto out;
	}
	volume_init(v, ti);
	err = volume_make(v, &as, keys);
	if (!err) {
		ti->error = "Bad region size";
		err = dm_set_target_max_io_len(ti, min_t(u32, v->region_sectors,
							 REKEY_BIO_SECTORS));
	}
	if (err) {
		volume_destroy(v);
		goto out;
	}
	ti->private = v;
	ti->per_io_data_size = io_size(&v->cipher);
	ti->num_flush_bios = v->devices;
	ti->flush_supported = true;
	ti->num_discard_bios = 1;
	ti->discards_supported = true;
	ti->limit_swap_bios = true;
out:
	kfree(keys);
	return err;
}

static void rekey_dtr(struct dm_target *ti)
{
	volume_destroy(ti->private);
}

/* --- the rest of the target -------------------------------------------------------------- */

static int rekey_map(struct dm_target *ti, struct bio *bio)
{
	return io_map(ti->private, bio);
}

static void rekey_presuspend(struct dm_target *ti)
{
	struct rekey_volume *v = ti->private;

	WRITE_ONCE(v->stopping, true);
	mover_stop(v);
}

static void rekey_resume(struct dm_target *ti)
{
	struct rekey_volume *v = ti->private;

	WRITE_ONCE(v->stopping, false);
	mover_kick(v);
}

static void rekey_postsuspend(struct dm_target *ti)
{
	volume_deactivate(ti->private);
}

static int rekey_preresume(struct dm_target *ti)
{
	return volume_activate(ti->private);
}

static void rekey_status(struct dm_target *ti, status_type_t type,
			 unsigned int status_flags, char *result,
			 unsigned int maxlen)
{
	switch (type) {
	case STATUSTYPE_INFO:
		volume_status(ti->private, result, maxlen);
		break;
	case STATUSTYPE_TABLE:
		volume_table(ti->private, result, maxlen);
		break;
	default:
		*result = '\0';
	}
}

static int rekey_message(struct dm_target *ti, unsigned int argc, char **argv,
			 char *result, unsigned int maxlen)
{
	return volume_message(ti->private, argc, argv);
}

static int rekey_iterate_devices(struct dm_target *ti,
				 iterate_devices_callout_fn fn, void *data)
{
	struct rekey_volume *v = ti->private;
	int ret = 0;
	u32 i;

	for (i = 0; !ret && i < v->devices; i++)
		if (v->device[i].dm)
			ret = fn(ti, v->device[i].dm, v->device[i].start,
				 v->device[i].sectors, data);
	return ret;
}

static void rekey_io_hints(struct dm_target *ti, struct queue_limits *limits)
{
	struct rekey_volume *v = ti->private;
	unsigned int size = v->cipher.sector_size;

	limits->logical_block_size = max_t(unsigned int, size,
					   limits->logical_block_size);
	limits->physical_block_size = max_t(unsigned int, size,
					    limits->physical_block_size);
	limits->io_min = max_t(unsigned int, limits->io_min, size);
	/* no sector in two pages */
	limits->dma_alignment = limits->logical_block_size - 1;
	/* whole regions only: they become never-written ones */
	limits->discard_granularity = v->region_sectors << SECTOR_SHIFT;
	limits->max_discard_sectors = v->region_sectors;
	limits->max_hw_discard_sectors = v->region_sectors;
}

static struct target_type rekey_target = {
	.name = "rekey",
	.version = { 1, 0, 0 },
	.module = THIS_MODULE,
	.ctr = rekey_ctr,
	.dtr = rekey_dtr,
	.map = rekey_map,
	.presuspend = rekey_presuspend,
	.presuspend_undo = rekey_resume,
	.postsuspend = rekey_postsuspend,
	.preresume = rekey_preresume,
	.resume = rekey_resume,
	.status = rekey_status,
	.message = rekey_message,
	.iterate_devices = rekey_iterate_devices,
	.io_hints = rekey_io_hints,
};

static int __init dm_rekey_init(void)
{
	int err = netlink_init();

	if (err)
		return err;
	err = dm_register_target(&rekey_target);
	if (err)
		netlink_exit();
	return err;
}

static void __exit dm_rekey_exit(void)
{
	dm_unregister_target(&rekey_target);
	netlink_exit();
}

module_init(dm_rekey_init);
module_exit(dm_rekey_exit);

MODULE_DESCRIPTION("device-mapper target: encryption per user, re-keyed in use");
MODULE_LICENSE("GPL");
MODULE_ALIAS("dm-rekey");
MODULE_ALIAS_GENL_FAMILY(HEARTH_VOLUME_FAMILY_NAME);
