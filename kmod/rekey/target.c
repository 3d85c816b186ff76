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
#include "commit.h"
#include "hibernate.h"
#include "io.h"
#include "message.h"
#include "move.h"
#include "netlink.h"
#include "open.h"
#include "table.h"

/* --- making a volume -------------------------------------------------------------------- */

static int alloc_queues(struct rekey_volume *v)
{
	unsigned int high = v->high_priority ? WQ_HIGHPRI : 0;
	const char *name = volume_name(v);

	v->io_wq = alloc_workqueue("rekey_io/%s", WQ_MEM_RECLAIM | WQ_PERCPU |
				   high, 0, name);
	v->defer_wq = alloc_workqueue("rekey_defer/%s", WQ_MEM_RECLAIM |
				      WQ_PERCPU | high, 0, name);
	v->crypt_wq = alloc_workqueue("rekey_crypt/%s", WQ_MEM_RECLAIM |
				      WQ_CPU_INTENSIVE | WQ_PERCPU | high, 0,
				      name);
	v->commit_wq = alloc_workqueue("rekey_commit/%s", WQ_MEM_RECLAIM |
				       WQ_UNBOUND, 0, name);
	v->move_wq = alloc_workqueue("rekey_move/%s", WQ_MEM_RECLAIM |
				     WQ_UNBOUND, 0, name);
	return v->io_wq && v->defer_wq && v->crypt_wq && v->commit_wq &&
	       v->move_wq ? 0 : -ENOMEM;
}

static int target_alloc(struct rekey_volume *v, char **error)
{
	int err;

	*error = "Out of memory";
	v->staging = kcalloc(REKEY_PAGE_ENTRIES, sizeof(*v->staging),
			     GFP_KERNEL);
	if (!v->staging)
		return -ENOMEM;
	slots_init(&v->slots, &v->message, &v->cipher, &v->meta);
	err = map_init(&v->map, v->regions, &v->slots);
	if (!err)
		err = places_alloc(&v->places);
	if (!err)
		err = io_pools_init(v);
	if (!err)
		err = changes_init(v);
	if (!err)
		err = alloc_queues(v);
	if (!err)
		err = copiers_init(&v->copiers, &v->cipher, volume_name(v));
	return err;
}

static struct rekey_volume *target_new(struct dm_target *ti)
{
	struct rekey_volume *v = kvzalloc(sizeof(*v), GFP_KERNEL);

	if (!v)
		return NULL;
	v->ti = ti;
	mutex_init(&v->message);
	mutex_init(&v->job_lock);
	mutex_init(&v->page_lock);
	spin_lock_init(&v->lock);
	places_init(&v->places);
	bio_list_init(&v->deferred);
	INIT_LIST_HEAD(&v->ready);
	INIT_LIST_HEAD(&v->reap);
	INIT_LIST_HEAD(&v->starved);
	init_waitqueue_head(&v->change_wait);
	INIT_WORK(&v->deferred_work, io_deferred_work);
	INIT_WORK(&v->commit_work, commit_work_fn);
	INIT_WORK(&v->notify_work, netlink_notify_work);
	INIT_DELAYED_WORK(&v->mover_work, mover_work_fn);
	v->map.generation = get_random_u32() | 1;
	v->used = jiffies - HZ;
	v->stopping = true;	/* until it is resumed */
	volume_add(v);
	return v;
}

static void destroy_queue(struct workqueue_struct *wq)
{
	if (wq)
		destroy_workqueue(wq);
}

/* Also of one that was not finished; its memory is zero there. */
static void target_free(struct rekey_volume *v)
{
	struct dm_target *ti = v->ti;
	u32 i;

	volume_remove(v);
	destroy_queue(v->move_wq);
	destroy_queue(v->defer_wq);
	destroy_queue(v->io_wq);
	destroy_queue(v->crypt_wq);
	destroy_queue(v->commit_wq);
	cancel_work_sync(&v->notify_work);	/* of one that did not activate */
	copiers_exit(&v->copiers);
	slots_exit(&v->slots);
	changes_exit(v);
	io_pools_exit(v);
	map_exit(&v->map);
	places_free(&v->places);
	kfree(v->staging);
	if (v->meta.key)
		meta_exit(&v->meta);
	for (i = 0; i < v->places.devices; i++)
		if (v->places.device[i].dm)
			dm_put_device(ti, v->places.device[i].dm);
	if (v->meta_dm)
		dm_put_device(ti, v->meta_dm);
	kfree(v->meta_key);
	kfree(v->old_meta_key);
	kvfree(v);
}

static int target_make(struct rekey_volume *v, unsigned int argc, char **argv,
		       char **error)
{
	struct table_keys *keys = kzalloc(sizeof(*keys), GFP_KERNEL);
	int err;

	*error = "Out of memory";
	if (!keys)
		return -ENOMEM;
	err = table_read(v, argc, argv, keys, error);
	if (!err)
		err = target_alloc(v, error);
	if (!err)
		err = open_meta(v, error);
	if (!err)
		err = table_read_keys(v, keys, error);
	kfree(keys);
	return err;
}

static int rekey_ctr(struct dm_target *ti, unsigned int argc, char **argv)
{
	struct rekey_volume *v = target_new(ti);
	int err;

	ti->error = "Out of memory";
	if (!v)
		return -ENOMEM;
	err = target_make(v, argc, argv, &ti->error);
	if (!err) {
		ti->error = "Bad region size";
		err = dm_set_target_max_io_len(ti, min_t(u32, v->region_sectors,
							 REKEY_BIO_SECTORS));
	}
	if (err) {
		target_free(v);
		return err;
	}
	ti->private = v;
	ti->per_io_data_size = io_size(&v->cipher);
	ti->num_flush_bios = v->places.devices;
	ti->flush_supported = true;
	ti->num_discard_bios = v->allow_discards;
	ti->discards_supported = v->allow_discards;
	ti->limit_swap_bios = true;
	return 0;
}

static void rekey_dtr(struct dm_target *ti)
{
	target_free(ti->private);
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

/* The table may say otherwise, and who mounts it should know. */
static void target_show_readonly(struct rekey_volume *v)
{
	struct gendisk *disk = dm_disk(dm_table_get_md(v->ti->table));

	if (v->meta.readonly && !get_disk_ro(disk)) {
		set_disk_ro(disk, true);
		v->made_ro = true;
	} else if (!v->meta.readonly && v->made_ro) {
		set_disk_ro(disk, false);
		v->made_ro = false;
	}
}

static void rekey_resume(struct dm_target *ti)
{
	struct rekey_volume *v = ti->private;

	if (!v->active)
		return;		/* dead: nothing begins */
	target_show_readonly(v);
	WRITE_ONCE(v->stopping, false);
	volume_kick(v);
}

static void rekey_postsuspend(struct dm_target *ti)
{
	open_deactivate(ti->private);
}

static int rekey_preresume(struct dm_target *ti)
{
	return open_activate(ti->private);
}

static void rekey_status(struct dm_target *ti, status_type_t type,
			 unsigned int status_flags, char *result,
			 unsigned int maxlen)
{
	switch (type) {
	case STATUSTYPE_INFO:
		message_status(ti->private, result, maxlen);
		break;
	case STATUSTYPE_TABLE:
		table_write(ti->private, result, maxlen);
		break;
	default:
		*result = '\0';
	}
}

static int rekey_message(struct dm_target *ti, unsigned int argc, char **argv,
			 char *result, unsigned int maxlen)
{
	return message_run(ti->private, argc, argv);
}

static int rekey_iterate_devices(struct dm_target *ti,
				 iterate_devices_callout_fn fn, void *data)
{
	struct rekey_volume *v = ti->private;
	int ret = 0;
	u32 i;

	for (i = 0; !ret && i < v->places.devices; i++) {
		struct rekey_device *dev = &v->places.device[i];

		if (dev->dm)
			ret = fn(ti, dev->dm, dev->start, dev->sectors, data);
	}
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
	if (!v->allow_discards)
		return;
	/* whole regions only: they become never-written ones */
	limits->discard_granularity = v->region_sectors << SECTOR_SHIFT;
	limits->max_discard_sectors = v->region_sectors;
	limits->max_hw_discard_sectors = v->region_sectors;
}

static struct target_type rekey_target = {
	.name = "rekey",
	.version = { 1, 2, 0 },
	/*
	 * A volume is a device: were another target of its table refused behind
	 * it, nobody would close it.
	 */
	.features = DM_TARGET_SINGLETON,
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
	err = hibernate_init();
	if (err)
		goto err_netlink;
	err = dm_register_target(&rekey_target);
	if (!err)
		return 0;
	hibernate_exit();
err_netlink:
	netlink_exit();
	return err;
}

static void __exit dm_rekey_exit(void)
{
	dm_unregister_target(&rekey_target);
	hibernate_exit();
	netlink_exit();
}

module_init(dm_rekey_init);
module_exit(dm_rekey_exit);

MODULE_DESCRIPTION("device-mapper target: encryption per user, re-keyed in use");
MODULE_LICENSE("GPL");
MODULE_ALIAS("dm-rekey");
MODULE_ALIAS_GENL_FAMILY(HEARTH_VOLUME_FAMILY_NAME);
