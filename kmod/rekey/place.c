// SPDX-License-Identifier: GPL-2.0
/*
 * Places: where regions lie on the data devices. A bit that is set is a place
 * in use.
 *
 * A place is free only if no entry names it that is on disk or on its way
 * there, and no read of what was there is under way: change.c sees to both.
 */
#include <linux/bitmap.h>

#include "volume.h"

/**
 * places_alloc() - room for the bits of each device
 * @v: with its devices
 *
 * Return: 0 or -ENOMEM; places_free() is due either way.
 */
int places_alloc(struct rekey_volume *v)
{
	u32 i;

	for (i = 0; i < v->devices; i++) {
		struct rekey_device *dev = &v->device[i];

		/* one more: the end of an adopted device may be a short one */
		dev->used = kvcalloc(BITS_TO_LONGS(dev->places + 1),
				     sizeof(long), GFP_KERNEL);
		if (!dev->used)
			return -ENOMEM;
	}
	return 0;
}

/**
 * places_free() - undo places_alloc()
 * @v: with its devices
 */
void places_free(struct rekey_volume *v)
{
	u32 i;

	for (i = 0; i < v->devices; i++)
		kvfree(v->device[i].used);
}

/**
 * places_reset() - all places are free, but those of labels
 * @v: not active
 */
void places_reset(struct rekey_volume *v)
{
	u32 i;

	for (i = 0; i < v->devices; i++) {
		struct rekey_device *dev = &v->device[i];

		bitmap_zero(dev->used, dev->places + 1);
		dev->free = dev->places;
		dev->cursor = 0;
		if (dev->label && dev->places) {
			__set_bit(0, dev->used);
			dev->free--;
		}
	}
}

static bool place_exists(struct rekey_volume *v, u64 region, u64 entry)
{
	struct rekey_device *dev;
	u64 place = entry_place(entry);

	if (entry_device(entry) >= v->devices)
		return false;
	dev = &v->device[entry_device(entry)];
	if (!dev->dm || place > dev->places)
		return false;
	return (place << v->region_shift) + region_length(v, region) <=
	       dev->sectors;
}

/**
 * place_claim() - an entry of the map names this place
 * @v: not active yet
 * @region: whose entry it is
 * @entry: a written one, from the disk
 *
 * Return: false where there is no such place, or it is taken.
 */
bool place_claim(struct rekey_volume *v, u64 region, u64 entry)
{
	struct rekey_device *dev;
	u64 place = entry_place(entry);

	if (!place_exists(v, region, entry))
		return false;
	dev = &v->device[entry_device(entry)];
	if (__test_and_set_bit(place, dev->used))
		return false;
	if (place < dev->places)
		dev->free--;
	return true;
}

/* A slide finds its place right there: far away any will do. */
#define PLACE_BELOW	1024

static bool place_find_below(struct rekey_device *dev, u64 near, u64 *place)
{
	u64 i, last = near > PLACE_BELOW ? near - PLACE_BELOW : 0;

	for (i = near + 1; i-- > last;) {
		if (test_bit(i, dev->used))
			continue;
		*place = i;
		return true;
	}
	return false;
}

static bool place_find(struct rekey_device *dev, u64 near, bool below,
		       u64 *place)
{
	if (!dev->dm || !dev->free)
		return false;
	near = min(near, dev->places - 1);
	if (below && place_find_below(dev, near, place))
		return true;
	*place = find_next_zero_bit(dev->used, dev->places, near);
	if (*place >= dev->places)
		*place = find_next_zero_bit(dev->used, dev->places, 0);
	return *place < dev->places;
}

/**
 * place_get() - take a free place
 * @v: active
 * @slot: that the region will be under
 * @device: to take it from; REKEY_DEVICES: any, from the first on
 * @near: the place there that would be best
 * @below: else rather below it than above
 * @entry: set to the entry that names the place
 *
 * Return: false where there is none.
 */
bool place_get(struct rekey_volume *v, u32 slot, u32 device, u64 near,
	       bool below, u64 *entry)
{
	u32 first = device < v->devices ? device : 0;
	u32 last = device < v->devices ? device : v->devices - 1;
	unsigned long flags;
	bool found = false;
	u64 place;
	u32 i;

	spin_lock_irqsave(&v->lock, flags);
	for (i = first; !found && i <= last; i++) {
		struct rekey_device *dev = &v->device[i];

		if (device == REKEY_DEVICES)
			near = dev->cursor;
		found = place_find(dev, near, below, &place);
		if (!found)
			continue;
		__set_bit(place, dev->used);
		dev->free--;
		dev->cursor = place + 1;
		*entry = entry_at(slot, i, place);
	}
	spin_unlock_irqrestore(&v->lock, flags);
	return found;
}

/**
 * place_put() - nothing names this place any more
 * @v: the volume
 * @entry: that did
 */
void place_put(struct rekey_volume *v, u64 entry)
{
	struct rekey_device *dev = &v->device[entry_device(entry)];
	u64 place = entry_place(entry);
	unsigned long flags;

	spin_lock_irqsave(&v->lock, flags);
	__clear_bit(place, dev->used);
	if (place < dev->places)
		dev->free++;
	spin_unlock_irqrestore(&v->lock, flags);
}
