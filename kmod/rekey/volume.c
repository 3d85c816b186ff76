// SPDX-License-Identifier: GPL-2.0
/* Volumes: their list, and what everybody has to tell them. See volume.h. */
#include "volume.h"

#define DM_MSG_PREFIX "rekey"

/* --- the active ones: one owner for each metadata device -------------------------- */

/* Protects both lists; that of active ones is in the order of their serials. */
static DEFINE_SPINLOCK(volumes_lock);
static LIST_HEAD(volumes_all);
static LIST_HEAD(volumes);
static u64 volumes_serial;
/* Somebody has ceased to look at a volume, which may be gone by then. */
static DECLARE_WAIT_QUEUE_HEAD(volumes_wait);

/**
 * volume_add() - there is a volume more
 * @v: not active
 */
void volume_add(struct rekey_volume *v)
{
	spin_lock(&volumes_lock);
	list_add_tail(&v->all, &volumes_all);
	spin_unlock(&volumes_lock);
}

/**
 * volume_remove() - undo volume_add()
 * @v: not active
 */
void volume_remove(struct rekey_volume *v)
{
	spin_lock(&volumes_lock);
	list_del(&v->all);
	spin_unlock(&volumes_lock);
}

/**
 * volume_inherit() - what the device's table of before leaves to it
 * @v: about to be active; its message lock is held
 *
 * That is still there, and not active any more. @v->heir is set where it was in use.
 *
 * Return: true where it was started.
 */
bool volume_inherit(struct rekey_volume *v)
{
	struct mapped_device *md = dm_table_get_md(v->ti->table);
	struct rekey_volume *other;
	bool started = false;

	spin_lock(&volumes_lock);
	list_for_each_entry(other, &volumes_all, all) {
		if (other == v || dm_table_get_md(other->ti->table) != md)
			continue;
		started |= READ_ONCE(other->started);
		if (READ_ONCE(other->lived) || READ_ONCE(other->heir))
			WRITE_ONCE(v->heir, true);
	}
	spin_unlock(&volumes_lock);
	return started;
}

/**
 * volume_register() - become the owner of the metadata
 * @v: not active
 *
 * Return: 0, or -EBUSY where another volume has some of them.
 */
int volume_register(struct rekey_volume *v)
{
	struct rekey_volume *other;
	int err = 0;

	spin_lock(&volumes_lock);
	list_for_each_entry(other, &volumes, node)
		if (other->meta.bdev->bd_dev == v->meta.bdev->bd_dev &&
		    other->meta.start < v->meta.start + v->meta.sectors &&
		    v->meta.start < other->meta.start + other->meta.sectors)
			err = -EBUSY;
	if (!err) {
		v->serial = ++volumes_serial;
		list_add_tail(&v->node, &volumes);
	}
	spin_unlock(&volumes_lock);
	return err;
}

/**
 * volume_show() - from here on it is found
 * @v: registered, and active
 */
void volume_show(struct rekey_volume *v)
{
	spin_lock(&volumes_lock);
	v->shown = true;
	spin_unlock(&volumes_lock);
	volume_notify(v);
}

/**
 * volume_unregister() - undo volume_register() and volume_show()
 * @v: the volume
 *
 * Nobody looks at it any more when this returns. Those who did waited for nothing
 * but memory that takes no I/O.
 */
void volume_unregister(struct rekey_volume *v)
{
	spin_lock(&volumes_lock);
	v->shown = false;
	list_del(&v->node);
	spin_unlock(&volumes_lock);
	wait_event(volumes_wait, !atomic_read(&v->readers));
}

/**
 * volume_next() - go through the active volumes
 * @serial: of the last one, which may be gone; 0 for the first
 *
 * Return: the next one, to be given back by volume_put(), or NULL.
 */
struct rekey_volume *volume_next(u64 serial)
{
	struct rekey_volume *v, *found = NULL;

	spin_lock(&volumes_lock);
	list_for_each_entry(v, &volumes, node) {
		if (v->serial <= serial || !v->shown)
			continue;
		atomic_inc(&v->readers);
		found = v;
		break;
	}
	spin_unlock(&volumes_lock);
	return found;
}

/**
 * volume_get() - look at a volume
 * @v: one that is not freed
 *
 * Until volume_put() nothing may be waited for but memory that takes no I/O: who
 * suspends the volume waits for that.
 *
 * Return: whether it is shown.
 */
bool volume_get(struct rekey_volume *v)
{
	bool shown;

	spin_lock(&volumes_lock);
	shown = v->shown;
	if (shown)
		atomic_inc(&v->readers);
	spin_unlock(&volumes_lock);
	return shown;
}

/**
 * volume_put() - undo volume_get() or volume_next()
 * @v: may be gone then
 */
void volume_put(struct rekey_volume *v)
{
	if (atomic_dec_and_test(&v->readers))
		wake_up_all(&volumes_wait);
}

/* --- what is to be told ------------------------------------------------------------ */

/**
 * volume_notify() - have listeners told of a change
 * @v: active, or about to be
 *
 * Any context. A volume that is not shown any more is not told of.
 */
void volume_notify(struct rekey_volume *v)
{
	schedule_work(&v->notify_work);
}

/**
 * volume_failed() - a write of metadata has failed: there will be no more
 * @v: active; if its @meta.failed is set, else nothing was written
 * @what: was to be written
 * @err: of the write
 *
 * No writer gets at the map from here on. Any context that may sleep.
 */
void volume_failed(struct rekey_volume *v, const char *what, int err)
{
	bool told;

	if (!READ_ONCE(v->meta.failed))
		return;		/* it was not tried */
	map_seal(&v->map, true);
	spin_lock_irq(&v->lock);
	told = v->told;
	v->told = true;
	spin_unlock_irq(&v->lock);
	if (told)
		return;
	DMERR("%s: the %s cannot be written: %d: the volume is read-only",
	      volume_name(v), what, err);
	dm_table_event(v->ti->table);
	volume_notify(v);
}

/**
 * volume_kick() - something has changed that the mover may have waited for
 * @v: the volume
 *
 * Any context.
 */
void volume_kick(struct rekey_volume *v)
{
	if (!READ_ONCE(v->stopping))
		mod_delayed_work(v->move_wq, &v->mover_work, 0);
}

/**
 * volume_defer() - have bios looked at again, where one may wait
 * @v: the volume
 * @bios: become nobody's
 *
 * Any context.
 */
void volume_defer(struct rekey_volume *v, struct bio_list *bios)
{
	unsigned long flags;

	if (bio_list_empty(bios))
		return;
	spin_lock_irqsave(&v->lock, flags);
	bio_list_merge(&v->deferred, bios);
	queue_work(v->defer_wq, &v->deferred_work);
	spin_unlock_irqrestore(&v->lock, flags);
	bio_list_init(bios);
}
