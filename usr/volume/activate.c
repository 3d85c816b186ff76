// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../format/page.h"
#include "activate.h"
#include "keyring.h"

#define TRY_REGIONS	4u
#define TRY_OFFSET	2048u	/* sectors: of the data, behind the metadata */

/* --- keys ---------------------------------------------------------------------- */

static int add_data_key(struct keyring_key *added, const char *uuid,
			uint32_t slot, const struct secret *key,
			struct error *err)
{
	char what[12];

	snprintf(what, sizeof(what), "%u", slot);
	return keyring_add(added, uuid, what, key->data, key->size, err);
}

/* The keys of a table, while the kernel reads it. */
struct loaded {
	struct keyring_key key[KEYS_SLOTS + 2];
	unsigned int n;
};

static int add_keys(struct loaded *loaded, struct table *table,
		    const struct header *header, const struct keys *keys,
		    struct error *err)
{
	struct keyring_key *added = loaded->key;
	unsigned int i;
	int ret;

	ret = keyring_add(added, header->uuid, "meta", keys->meta.data,
			  keys->meta.size, err);
	if (ret)
		return ret;
	loaded->n = 1;
	strcpy(table->meta_key, added->source);
	*table->old_meta_key = '\0';
	if (keys->old_meta.size) {
		added = &loaded->key[loaded->n];
		ret = keyring_add(added, header->uuid, "old-meta",
				  keys->old_meta.data, keys->old_meta.size,
				  err);
		if (ret)
			return ret;
		loaded->n++;
		strcpy(table->old_meta_key, added->source);
	}
	table->n_keys = 0;
	for (i = 0; i < keys->n; i++) {
		struct table_key *key = &table->keys[table->n_keys];

		added = &loaded->key[loaded->n];
		ret = add_data_key(added, header->uuid, keys->slot[i].slot,
				   &keys->slot[i].key, err);
		if (ret)
			return ret;
		loaded->n++;
		key->slot = keys->slot[i].slot;
		strcpy(key->source, added->source);
		table->n_keys++;
	}
	return 0;
}

static void drop_keys(struct loaded *loaded)
{
	while (loaded->n)
		keyring_drop(&loaded->key[--loaded->n]);
}

/* --- tables --------------------------------------------------------------------- */

static void from_token(struct table *table, const struct token *token)
{
	strcpy(table->cipher, token->cipher);
	table->region = token->region;
	table->sector_size = token->sector_size;
	table->meta_offset = token->meta_offset;
	table->large_iv = token->large_iv;
	table->discards = token->discards;
}

static void from_disks(struct table *table, const struct token *token,
		       const struct activate *a)
{
	uint32_t i;

	disk_number(a->meta, table->meta, sizeof(table->meta));
	table->n_devices = token->n_devices;
	for (i = 0; i < token->n_devices; i++) {
		struct table_device *device = &table->devices[i];

		strcpy(device->name, "-");
		device->offset = token->devices[i].offset;
		if (a->devices[i])
			disk_number(a->devices[i], device->name,
				    sizeof(device->name));
	}
}

/* Device-mapper is to hold them. */
static int yield(const struct activate *a, struct error *err)
{
	int ret = disk_yield(a->meta, err);
	uint32_t i;

	for (i = 0; !ret && i < TOKEN_DEVICES; i++)
		if (a->devices[i])
			ret = disk_yield(a->devices[i], err);
	return ret;
}

/* @use gets the table's line, with its keys where the kernel finds them. */
static int with_line(struct table *table, const struct header *header,
		     const struct keys *keys,
		     int (*use)(const char *line, void *arg, struct error *err),
		     void *arg, struct error *err)
{
	struct loaded loaded = { .n = 0 };
	char *line;
	int ret;

	ret = add_keys(&loaded, table, header, keys, err);
	if (!ret) {
		line = table_format(table);
		ret = line ? use(line, arg, err) :
			     error_set(err, ENOMEM, "no memory for a table");
		free(line);
	}
	drop_keys(&loaded);
	return ret;
}

struct opening {
	const struct header *header;
	const struct activate *a;
};

static int use_open(const char *line, void *arg, struct error *err)
{
	const struct opening *o = arg;
	int ret = yield(o->a, err);

	return ret ? ret :
	       mapper_create(o->a->name, o->header->uuid, "rekey", line,
			     o->header->token.sectors, o->a->readonly, err);
}

int activate(const struct header *header, const struct activate *a,
	     const struct keys *keys, struct error *err)
{
	struct table *table = calloc(1, sizeof(*table));
	struct opening o = { header, a };
	int ret;

	if (!table)
		return error_set(err, ENOMEM, "no memory for a table");
	from_token(table, &header->token);
	from_disks(table, &header->token, a);
	table->create = a->create;
	table->adopt = a->adopt;
	table->upgrade = a->upgrade;
	table->adopt_place = a->adopt_place;
	table->discards |= a->discards;
	table->rate = a->rate;
	ret = with_line(table, header, keys, use_open, &o, err);
	free(table);
	return ret;
}

/* --- a try ------------------------------------------------------------------------ */

static int use_try(const char *line, void *arg, struct error *err)
{
	return mapper_try(line, *(uint64_t *)arg, err);
}

int activate_try(const struct header *header, const struct keys *keys,
		 struct error *err)
{
	struct table *table = calloc(1, sizeof(*table));
	uint64_t sectors = (uint64_t)TRY_REGIONS * header->token.region;
	char name[MAPPER_NAME];
	struct error ignored;
	int ret;

	if (!table)
		return error_set(err, ENOMEM, "no memory for a table");
	mapper_private_name("zero", name);
	ret = mapper_create(name, NULL, "zero", "", TRY_OFFSET + sectors * 4,
			    false, err);
	if (!ret) {
		from_token(table, &header->token);
		table->meta_offset = 0;
		table->create = true;
		mapper_number(name, table->meta, sizeof(table->meta));
		strcpy(table->devices[0].name, table->meta);
		table->devices[0].offset = TRY_OFFSET;
		table->n_devices = 1;
		ret = with_line(table, header, keys, use_try, &sectors, err);
		mapper_remove(name, &ignored);
	}
	free(table);
	return ret;
}

/* --- an open volume ---------------------------------------------------------------- */

struct reload {
	const struct volume *volume;
	uint64_t sectors;
};

static int use_reload(const char *line, void *arg, struct error *err)
{
	const struct reload *r = arg;

	return mapper_load(r->volume->dm.name, line, r->sectors,
			   r->volume->dm.readonly, err);
}

int activate_may_reload(const struct volume *volume, const struct keys *keys,
			struct error *err)
{
	const struct status *status = &volume->dm.status;
	uint32_t i;

	if (status->suspended)
		return error_set(err, EBUSY, "%s is suspended: resume it first",
				 volume->dm.name);
	if (status->readonly)
		return error_set(err, EROFS, "%s is read-only", volume->dm.name);
	if (status->job != STATUS_NONE)
		return error_set(err, EBUSY,
				 "%s has a job: wait for its end, or abort it",
				 volume->dm.name);
	for (i = 0; i < status->n_slots; i++)
		if (!strcmp(status->slots[i].state, "loaded") &&
		    !keys_find(keys, status->slots[i].slot))
			return error_set(err, EBUSY,
					 "slot %u of another user is loaded, and would be locked on the way: lock it first",
					 status->slots[i].slot);
	return 0;
}

int activate_reload(const struct volume *volume, uint64_t sectors,
		    const struct keys *keys, struct error *err)
{
	struct table *table = malloc(sizeof(*table));
	struct reload r = { volume, sectors };
	int ret;

	if (!table)
		return error_set(err, ENOMEM, "no memory for a table");
	*table = volume->dm.table;
	ret = with_line(table, &volume->header, keys, use_reload, &r, err);
	free(table);
	return ret;
}

int activate_key(const struct volume *volume, uint32_t slot,
		 const struct secret *key, struct error *err)
{
	struct keyring_key added;
	char what[64];
	int ret;

	ret = add_data_key(&added, volume->dm.uuid, slot, key, err);
	if (ret)
		return ret;
	snprintf(what, sizeof(what), "the kernel does not take the key of slot %u",
		 slot);
	ret = mapper_message(volume->dm.name, what, err, "key load %u %s", slot,
			     added.source);
	keyring_drop(&added);
	return ret;
}
