// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "activate.h"
#include "owner.h"
#include "rotate.h"
#include "slots.h"

/* The slot of @keys that has the metadata key, and the next one if there is one. */
static struct token_slot *find_slot(struct header *header,
				    const struct keys *keys)
{
	struct token_slot *s, *found = NULL;
	unsigned int i;

	for (i = 0; i < keys->n; i++) {
		s = token_slot(&header->token, keys->slot[i].slot);
		if (!s || !token_is_owner(s))
			continue;
		if (s->rotating || !found)
			found = s;
	}
	return found;
}

/* --- the header behind it ----------------------------------------------------------- */

/*
 * One write of the token: the new keyslot is the owner's, the old one is to go, and
 * others have a key of before.
 */
static int adopt_next(struct header *header, struct token_slot *s,
		      struct error *err)
{
	struct token *token = &header->token;
	struct token_slot *t;

	for (t = token->slots; t < token->slots + token->n_slots; t++) {
		t->former = t->owner && t != s;
		if (!t->rotating || t == s)
			continue;
		/* another owner's, who came too late */
		t->rotating = false;
		t->changing = true;
		t->other = t->next;
	}
	s->changing = true;
	s->other = s->keyslot;
	s->keyslot = s->next;
	s->rotating = false;
	return header_write(header, err);
}

static int drop_old(struct header *header, struct token_slot *s,
		    struct error *err)
{
	int ret = header_drop_key(header, s->other, err);

	if (ret)
		return ret;
	s->changing = false;
	return header_write(header, err);
}

/*
 * It was not begun: nothing is under the key in the next keyslot, and no kernel has it
 * that could write with it.
 */
static int take_back(struct header *header, struct token_slot *s,
		     struct error *err)
{
	int ret = header_drop_key(header, s->next, err);

	if (ret)
		return ret;
	s->rotating = false;
	return header_write(header, err);
}

int rotate_settle(struct header *header, const struct area *area,
		  struct keys *keys, struct error *err)
{
	struct token_slot *s = find_slot(header, keys);
	int ret;

	if (!s || !s->rotating)
		return 0;
	if (keys->old_meta.size && area_is_under(area, &keys->meta)) {
		ret = adopt_next(header, s, err);
		secret_free(&keys->old_meta);
		return ret ? ret : drop_old(header, s, err);
	}
	if (keys->old_meta.size)
		keys_go_back(keys);
	return area_is_under(area, &keys->meta) ? take_back(header, s, err) : 0;
}

/* --- an open volume --------------------------------------------------------------------- */

static int settle(struct volume *volume, struct keys *keys, struct error *err)
{
	struct area area;
	struct disk disk;
	int ret = area_of_table(&area, &disk, &volume->dm.table, err);

	if (ret)
		return ret;
	ret = rotate_settle(&volume->header, &area, keys, err);
	disk_close(&disk);
	return ret;
}

static int check_version(const struct volume *volume, struct error *err)
{
	struct area area;
	struct disk disk;
	int ret = area_of_table(&area, &disk, &volume->dm.table, err);

	if (ret)
		return ret;
	if (area.super.version == 1)
		ret = error_set(err, EOPNOTSUPP,
				"the metadata of %s are of version 1, whose key cannot be changed: upgrade it first",
				volume->dm.name);
	disk_close(&disk);
	return ret;
}

/*
 * A new metadata key, durable beside the one of now, which becomes the old one. Its
 * number is in the token before it is there.
 */
static int make_next(struct header *header, struct token_slot *s,
		     struct keys *keys, const struct secret *pass,
		     const struct header_cost *cost, struct error *err)
{
	int keyslot = header_free_key(header, true, err), ret;
	struct secret meta;

	if (keyslot < 0)
		return keyslot;
	ret = secret_random(&meta, HEADER_META_KEY, err);
	if (ret)
		return ret;
	s->rotating = true;
	s->next = (uint32_t)keyslot;
	ret = header_write(header, err);
	if (!ret)
		ret = header_add_key(header, s->next, &meta,
				     keys_find(keys, s->slot), pass, cost, err);
	if (ret) {
		secret_free(&meta);
		return ret;
	}
	keys->old_meta = keys->meta;
	keys->meta = meta;
	return 0;
}

/* The superblock is under the new key: else the kernel may still come to write it. */
static int check_done(const struct volume *volume, const struct keys *keys,
		      struct error *err)
{
	struct area area;
	struct disk disk;
	int ret = area_of_table(&area, &disk, &volume->dm.table, err);

	if (ret)
		return ret;
	if (!area_is_under(&area, &keys->meta))
		ret = error_set(err, EIO,
				"the kernel has not changed the metadata key of %s: close it and open it again",
				volume->dm.name);
	disk_close(&disk);
	return ret;
}

/*
 * The kernel takes another table, with both keys: it writes all under the new one, and
 * then goes on. It suspends the volume and resumes it at once. A table that it does not
 * take leaves all as it was.
 */
static int exchange(struct volume *volume, struct token_slot *s,
		    const struct keys *keys, struct error *err)
{
	int ret = activate_reload(volume, volume->dm.sectors, keys, err);
	struct error ignored;

	if (ret) {
		take_back(&volume->header, s, &ignored);
		return ret;
	}
	ret = mapper_resume(volume->dm.name, err);
	if (ret)
		mapper_clear(volume->dm.name);
	return ret ? ret : volume_refresh(volume, err);
}

/*
 * Order: the number of the next keyslot in the token; that keyslot; the kernel, under
 * whose superblock the rest is decided; the token; the old keyslot destroyed; the token.
 *
 * What was cut short is brought to an end before, or taken back: the key that the
 * volume is to have is always one that is made here.
 */
int rotate_run(struct volume *volume, struct keys *keys,
	       const struct secret *pass, const struct header_cost *cost,
	       uint32_t *slot, struct error *err)
{
	struct header *header = &volume->header;
	struct token_slot *s = find_slot(header, keys);
	int ret;

	if (!s)
		return error_set(err, EACCES, "%s is no owner", keys->user);
	*slot = s->slot;
	ret = activate_may_reload(volume, keys, err);
	if (!ret)
		ret = check_version(volume, err);
	if (!ret)
		ret = settle(volume, keys, err);
	if (!ret)
		ret = owner_prove(volume, keys, err);
	if (!ret && s->rotating)
		ret = slots_unsettled(s, err);
	if (!ret)
		ret = make_next(header, s, keys, pass, cost, err);
	if (!ret)
		ret = exchange(volume, s, keys, err);
	if (!ret)
		ret = check_done(volume, keys, err);
	return ret ? ret : settle(volume, keys, err);
}
