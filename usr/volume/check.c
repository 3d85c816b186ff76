// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "area.h"
#include "check.h"
#include "runtime.h"

/* Places that are taken, a bit each, by devices. */
struct places {
	uint64_t count[TOKEN_DEVICES];
	uint8_t *taken[TOKEN_DEVICES];
};

static void places_free(struct places *places)
{
	uint32_t i;

	for (i = 0; i < TOKEN_DEVICES; i++)
		free(places->taken[i]);
}

static int places_alloc(const struct open *o, struct places *places,
			struct error *err)
{
	const struct token *token = &o->header.token;
	uint32_t i;

	for (i = 0; i < token->n_devices; i++) {
		const struct disk *disk = o->devices[i];

		if (!disk || disk->sectors <= token->devices[i].offset)
			continue;
		places->count[i] = (disk->sectors - token->devices[i].offset) /
				   token->region;
		places->taken[i] = calloc(1, (size_t)(places->count[i] / 8 + 1));
		if (!places->taken[i])
			return error_set(err, ENOMEM, "no memory for a map");
		/* its label */
		if (places->count[i] && o->super.device[i].label)
			*places->taken[i] = 1;
	}
	return 0;
}

static void check_entry(const struct open *o, struct check *check,
			struct places *places, u64 entry)
{
	u32 slot = entry_slot(entry), device = entry_device(entry);
	u64 place = entry_place(entry);
	uint8_t bit = (uint8_t)(1 << place % 8), *at;

	if (slot < REKEY_SLOTS)
		check->under[slot]++;
	if (!entry_written(entry))
		return;
	check->written++;
	if (slot < REKEY_SLOTS)
		check->readable[slot]++;
	if (slot >= REKEY_SLOTS || o->slots[slot].state == REKEY_SLOT_FREE)
		check->lost++;
	if (device >= TOKEN_DEVICES || place >= places->count[device]) {
		check->outside++;
		return;
	}
	at = places->taken[device] + place / 8;
	check->doubled += !!(*at & bit);
	*at |= bit;
}

/* The newer good copy counts. */
static void check_page(const struct open *o, struct check *check,
		       struct places *places, const void *const copy[2],
		       u32 index)
{
	u64 left = check->regions - (u64)index * REKEY_PAGE_ENTRIES;
	u32 count = left < REKEY_PAGE_ENTRIES ? (u32)left : REKEY_PAGE_ENTRIES;
	u64 entries[2][REKEY_PAGE_ENTRIES], seq[2] = { 0 };
	enum page_state state[2];
	u32 i, newer;

	for (i = 0; i < 2; i++)
		state[i] = page_map(copy[i], index, &o->super, entries[i],
				    count, &seq[i]);
	check->pages++;
	if (state[0] != PAGE_GOOD && state[1] != PAGE_GOOD) {
		check->damaged++;
		return;
	}
	check->single += state[0] == PAGE_BAD || state[1] == PAGE_BAD;
	newer = state[0] != PAGE_GOOD ||
		(state[1] == PAGE_GOOD && seq[1] > seq[0]);
	for (i = 0; i < count; i++)
		check_entry(o, check, places, entries[newer][i]);
}

static int check_pages(const struct open *o, struct check *check,
		       struct places *places, char *buf, struct error *err)
{
	uint64_t all = rekey_map_pages(check->regions), page;
	const void *copy[2];
	struct area area;
	unsigned int n, i;
	const char *why;

	why = area_open(&area, o->meta, o->header.token.meta_offset);
	if (why)
		return error_set(err, EINVAL, "%s has no metadata any more: %s",
				 o->meta->path, why);
	for (page = 0; page < all; page += n) {
		n = all - page < AREA_RUN ? (unsigned int)(all - page) : AREA_RUN;
		area_read(&area, rekey_page_number(REKEY_PAGE_MAP, (u32)page), n,
			  buf);
		for (i = 0; i < n; i++) {
			area_copies(&area, buf, n, i, copy);
			check_page(o, check, places, copy, (u32)page + i);
		}
	}
	return 0;
}

int check_map(const struct open *o, struct check *check, struct error *err)
{
	char *buf = disk_buffer((size_t)AREA_RUN * 2 * REKEY_PAGE);
	struct places places = { 0 };
	int ret;

	memset(check, 0, sizeof(*check));
	check->regions = (o->super.sectors + o->super.region - 1) /
			 o->super.region;
	ret = buf ? places_alloc(o, &places, err) :
	      error_set(err, ENOMEM, "no memory for a map");
	if (!ret)
		ret = check_pages(o, check, &places, buf, err);
	places_free(&places);
	free(buf);
	return ret;
}

bool check_is_good(const struct check *check)
{
	return !check->damaged && !check->single && !check->doubled &&
	       !check->outside && !check->lost;
}

int check_keys(struct open *o, struct keys *keys, struct error *err)
{
	int ret = open_finish(o, keys, err);

	if (ret)
		return ret;
	runtime_forget(o->header.uuid);
	return mapper_remove(o->params->name, err);
}
