// SPDX-License-Identifier: GPL-2.0
/* Places: see place.h. A bit that is set is a place in use. */
#include <linux/bitmap.h>
#include <linux/mm.h>

#include "place.h"

/**
 * places_init() - no devices
 * @places: zeroed by the caller
 */
void places_init(struct rekey_places *places)
{
	spin_lock_init(&places->lock);
}

/**
 * places_alloc() - room for the bits of each device
 * @places: with its devices
 *
 * Return: 0 or -ENOMEM; places_free() is due either way.
 */
int places_alloc(struct rekey_places *places)
{
	u32 i;

	for (i = 0; i < places->devices; i++) {
		struct rekey_device *dev = &places->device[i];

		/* one more: the end of an adopted device may be a short one */
		dev->used = kvcalloc(BITS_TO_LONGS(dev->places + 1),
				     sizeof(long), GFP_KERNEL);
		dev->stale = kvcalloc(BITS_TO_LONGS(dev->places + 1),
				      sizeof(long), GFP_KERNEL);
		if (!dev->used || !dev->stale)
			return -ENOMEM;
	}
	return 0;
}

/**
 * places_free() - undo places_alloc()
 * @places: with its devices
 */
void places_free(struct rekey_places *places)
{
	u32 i;

	for (i = 0; i < places->devices; i++) {
		kvfree(places->device[i].used);
		kvfree(places->device[i].stale);
	}
}

/**
 * places_reset() - all places are free, but those of labels
 * @places: of a volume that is not active
 */
void places_reset(struct rekey_places *places)
{
	u32 i;

	for (i = 0; i < places->devices; i++) {
		struct rekey_device *dev = &places->device[i];

		bitmap_zero(dev->used, dev->places + 1);
		bitmap_zero(dev->stale, dev->places + 1);
		dev->stales = 0;
		dev->use = PLACE_OPEN;
		dev->free = dev->places;
		dev->taken = 0;
		dev->bads = 0;
		dev->cursor = 0;
		if (dev->label && dev->places) {
			__set_bit(0, dev->used);
			dev->free--;
		}
	}
}

/**
 * places_count() - of all devices
 * @places: of an active volume
 * @free: set to the number of free ones
 * @total: set to the number of all
 */
void places_count(struct rekey_places *places, u64 *free, u64 *total)
{
	unsigned long flags;
	u32 i;

	*free = 0;
	*total = 0;
	spin_lock_irqsave(&places->lock, flags);
	for (i = 0; i < places->devices; i++) {
		*free += places->device[i].free;
		*total += places->device[i].places;
	}
	spin_unlock_irqrestore(&places->lock, flags);
}

/**
 * places_free_on() - of one device
 * @places: of an active volume
 * @device: its number
 *
 * Return: how many are free.
 */
u64 places_free_on(struct rekey_places *places, u32 device)
{
	unsigned long flags;
	u64 free;

	spin_lock_irqsave(&places->lock, flags);
	free = places->device[device].free;
	spin_unlock_irqrestore(&places->lock, flags);
	return free;
}

/**
 * places_use() - what a device takes from now on
 * @places: of an active volume
 * @device: its number
 * @use: as place.h has it
 */
void places_use(struct rekey_places *places, u32 device, enum place_use use)
{
	unsigned long flags;

	spin_lock_irqsave(&places->lock, flags);
	places->device[device].use = use;
	spin_unlock_irqrestore(&places->lock, flags);
}

/**
 * places_drained() - if nothing lies on a device any more, nothing ever will
 * @places: of an active volume
 * @device: its number, one that is being drained
 *
 * Return: whether it is so; then the device takes no region any more.
 */
bool places_drained(struct rekey_places *places, u32 device)
{
	struct rekey_device *dev = &places->device[device];
	unsigned long flags;
	bool empty;

	spin_lock_irqsave(&places->lock, flags);
	empty = !dev->taken;
	if (empty)
		dev->use = PLACE_DRAINED;
	spin_unlock_irqrestore(&places->lock, flags);
	return empty;
}

/**
 * places_take_label() - place 0 of a device is to be a label
 * @places: of an active volume
 * @device: its number, of one that has places and no label
 *
 * Return: false where a region lies there, or what is left of one.
 */
bool places_take_label(struct rekey_places *places, u32 device)
{
	struct rekey_device *dev = &places->device[device];
	unsigned long flags;
	bool taken;

	spin_lock_irqsave(&places->lock, flags);
	taken = test_bit(0, dev->stale) || __test_and_set_bit(0, dev->used);
	if (!taken) {
		dev->free--;
		dev->label = true;
	}
	spin_unlock_irqrestore(&places->lock, flags);
	return !taken;
}

/**
 * places_slide_down() - is there a free place right above this one?
 * @places: of an active volume
 * @last: the entry of the last region
 *
 * Return: true where the regions slide by one place from the last one on.
 */
bool places_slide_down(struct rekey_places *places, u64 last)
{
	struct rekey_device *dev;
	u64 above = entry_place(last) + 1;
	unsigned long flags;
	bool free;

	if (!entry_written(last))
		return false;
	dev = &places->device[entry_device(last)];
	spin_lock_irqsave(&places->lock, flags);
	free = above < dev->places && !test_bit(above, dev->used);
	spin_unlock_irqrestore(&places->lock, flags);
	return free;
}

/**
 * place_claim() - an entry of the map names this place
 * @places: of a volume that is not active yet
 * @entry: a written one, from the disk
 * @sectors: that the region has
 *
 * Return: false where there is no such place, or it is taken.
 */
bool place_claim(struct rekey_places *places, u64 entry, u32 sectors)
{
	u64 place = entry_place(entry);
	struct rekey_device *dev;

	if (entry_device(entry) >= places->devices)
		return false;
	dev = &places->device[entry_device(entry)];
	if (!dev->dm || place > dev->places ||
	    (place << places->region_shift) + sectors > dev->sectors ||
	    __test_and_set_bit(place, dev->used))
		return false;
	dev->taken++;
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

static bool place_take(struct rekey_places *places, u32 slot, u32 device,
		       u64 near, bool below, u64 *entry)
{
	struct rekey_device *dev = &places->device[device];
	u64 place;

	lockdep_assert_held(&places->lock);
	if (near == PLACE_ANYWHERE)
		near = dev->cursor;
	if (!place_find(dev, near, below, &place))
		return false;
	__set_bit(place, dev->used);
	dev->stales -= __test_and_clear_bit(place, dev->stale);
	dev->free--;
	dev->taken++;
	dev->cursor = place + 1;
	*entry = entry_at(slot, device, place);
	return true;
}

/**
 * place_get() - take a free place of a device
 * @places: of an active volume
 * @slot: that the region will be under
 * @device: to take it from; not one that takes none
 * @near: the place there that would be best, or PLACE_ANYWHERE
 * @below: else rather below it than above
 * @entry: set to the entry that names the place
 *
 * Any context.
 *
 * Return: false where there is none.
 */
bool place_get(struct rekey_places *places, u32 slot, u32 device, u64 near,
	       bool below, u64 *entry)
{
	unsigned long flags;
	bool found;

	spin_lock_irqsave(&places->lock, flags);
	found = places->device[device].use == PLACE_OPEN &&
		place_take(places, slot, device, near, below, entry);
	spin_unlock_irqrestore(&places->lock, flags);
	return found;
}

/**
 * place_get_any() - take a free place, of the first device that has one
 * @places: of an active volume
 * @slot: that the region will be under
 * @entry: set to the entry that names the place
 *
 * One that is being drained is asked when no other has any: its owner wants it
 * empty, but a write that fails is worse. The drain goes another round.
 *
 * Any context.
 *
 * Return: false where there is none.
 */
bool place_get_any(struct rekey_places *places, u32 slot, u64 *entry)
{
	unsigned long flags;
	bool found = false;
	int use;
	u32 i;

	spin_lock_irqsave(&places->lock, flags);
	for (use = PLACE_OPEN; !found && use <= PLACE_DRAINING; use++)
		for (i = 0; !found && i < places->devices; i++)
			found = places->device[i].use == use &&
				place_take(places, slot, i, PLACE_ANYWHERE,
					   false, entry);
	spin_unlock_irqrestore(&places->lock, flags);
	return found;
}

static void place_free(struct rekey_device *dev, u64 place)
{
	__clear_bit(place, dev->used);
	if (place >= dev->places)
		return;
	dev->free++;
	dev->stales += !__test_and_set_bit(place, dev->stale);
}

/**
 * place_put() - nothing names this place any more
 * @places: of the volume
 * @entry: that did
 *
 * Any context.
 */
void place_put(struct rekey_places *places, u64 entry)
{
	struct rekey_device *dev = &places->device[entry_device(entry)];
	unsigned long flags;

	spin_lock_irqsave(&places->lock, flags);
	dev->taken--;
	place_free(dev, entry_place(entry));
	spin_unlock_irqrestore(&places->lock, flags);
}

/**
 * place_put_bad() - nothing names this place, and it could not be written
 * @places: of the volume
 * @entry: that would have
 *
 * Nobody gets it before places_forgive(), as long as there are not too many of
 * them. Any context.
 */
void place_put_bad(struct rekey_places *places, u64 entry)
{
	struct rekey_device *dev = &places->device[entry_device(entry)];
	unsigned long flags;

	spin_lock_irqsave(&places->lock, flags);
	dev->taken--;
	if (dev->bads < PLACE_BADS)
		dev->bad[dev->bads++] = entry_place(entry);
	else
		place_free(dev, entry_place(entry));
	spin_unlock_irqrestore(&places->lock, flags);
}

/**
 * places_forgive() - places that could not be written are as good as others
 * @places: of an active volume
 *
 * The device may be sound again.
 *
 * Return: whether there were any.
 */
bool places_forgive(struct rekey_places *places)
{
	unsigned long flags;
	bool any = false;
	u32 i;

	spin_lock_irqsave(&places->lock, flags);
	for (i = 0; i < places->devices; i++) {
		struct rekey_device *dev = &places->device[i];

		any |= dev->bads;
		while (dev->bads)
			place_free(dev, dev->bad[--dev->bads]);
	}
	spin_unlock_irqrestore(&places->lock, flags);
	return any;
}

/* --- stale ones --------------------------------------------------------------------- */

/* The first one from @at on, which is set to what is behind it. */
static bool place_find_stale(struct rekey_places *places, u64 *at, u64 *entry)
{
	u64 place = entry_place(*at);
	u32 i;

	lockdep_assert_held(&places->lock);
	for (i = entry_device(*at); i < places->devices; i++, place = 0) {
		struct rekey_device *dev = &places->device[i];

		if (!dev->stales)
			continue;
		place = find_next_bit(dev->stale, dev->places, place);
		if (place >= dev->places)
			continue;
		*entry = entry_at(0, i, place) & ~REKEY_ENTRY_WRITTEN;
		*at = *entry + 1;
		return true;
	}
	return false;
}

/**
 * places_know_stale() - which places of a device the superblock says are stale
 * @places: of a volume that is not active yet, all of its regions claimed
 * @device: its number
 * @sb: the superblock
 */
void places_know_stale(struct rekey_places *places, u32 device,
		       const struct rekey_super *sb)
{
	struct rekey_device *dev = &places->device[device];
	u64 i;

	if (sb->stale == REKEY_STALE_ANY) {
		bitmap_complement(dev->stale, dev->used, dev->places);
		dev->stales = bitmap_weight(dev->stale, dev->places);
		return;
	}
	for (i = 0; i < sb->stale; i++) {
		u64 place = entry_place(sb->stale_place[i]);

		if (entry_device(sb->stale_place[i]) == device &&
		    place < dev->places && !test_bit(place, dev->used))
			dev->stales += !__test_and_set_bit(place, dev->stale);
	}
}

/**
 * places_list_stale() - have the superblock say which places are stale
 * @places: of an active volume
 * @sb: the superblock; where it cannot name them all, any free place may be one
 */
void places_list_stale(struct rekey_places *places, struct rekey_super *sb)
{
	u64 at = 0, entry, n = 0;
	unsigned long flags;
	u32 i;

	memset(sb->stale_place, 0, sizeof(sb->stale_place));
	spin_lock_irqsave(&places->lock, flags);
	for (i = 0; i < places->devices; i++)
		n += places->device[i].stales;
	sb->stale = n > REKEY_STALE_MAX ? REKEY_STALE_ANY : n;
	if (sb->stale != REKEY_STALE_ANY)
		for (i = 0; place_find_stale(places, &at, &entry); i++)
			sb->stale_place[i] = entry;
	spin_unlock_irqrestore(&places->lock, flags);
}

/**
 * places_stale() - of all devices
 * @places: of an active volume
 *
 * Return: how many places are stale.
 */
u64 places_stale(struct rekey_places *places)
{
	unsigned long flags;
	u64 n = 0;
	u32 i;

	spin_lock_irqsave(&places->lock, flags);
	for (i = 0; i < places->devices; i++)
		n += places->device[i].stales;
	spin_unlock_irqrestore(&places->lock, flags);
	return n;
}

/**
 * place_take_stale() - take a stale place, to overwrite it
 * @places: of an active volume
 * @at: where to look on: an entry; 0 at first, changed
 * @entry: set to the entry that names the place, without a slot
 *
 * No region gets it before place_put_scrubbed().
 *
 * Return: false where there is none from @at on.
 */
bool place_take_stale(struct rekey_places *places, u64 *at, u64 *entry)
{
	unsigned long flags;
	bool found;

	spin_lock_irqsave(&places->lock, flags);
	found = place_find_stale(places, at, entry);
	if (found) {
		struct rekey_device *dev = &places->device[entry_device(*entry)];

		__set_bit(entry_place(*entry), dev->used);
		dev->free--;
	}
	spin_unlock_irqrestore(&places->lock, flags);
	return found;
}

/**
 * place_put_scrubbed() - a place that was taken to overwrite it is free
 * @places: of the volume
 * @entry: from place_take_stale()
 * @scrubbed: it was overwritten; else it is as stale as it was
 *
 * Any context.
 */
void place_put_scrubbed(struct rekey_places *places, u64 entry, bool scrubbed)
{
	struct rekey_device *dev = &places->device[entry_device(entry)];
	unsigned long flags;

	spin_lock_irqsave(&places->lock, flags);
	__clear_bit(entry_place(entry), dev->used);
	dev->free++;
	if (scrubbed)
		dev->stales -= __test_and_clear_bit(entry_place(entry),
						    dev->stale);
	spin_unlock_irqrestore(&places->lock, flags);
}
