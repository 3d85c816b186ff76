// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "keyring.h"
#include "runtime.h"
#include "volume.h"

#define FINISH_STEPS	100	/* of FINISH_NS */
#define FINISH_NS	50000000
#define OLD_PAGE	4096u	/* bytes */

/* --- opening in the kernel -------------------------------------------------- */

/* A table's options, counted. */
struct options {
	char *text;
	size_t len;
	FILE *file;
	unsigned int n;
};

__attribute__((format(printf, 2, 3)))
static void option(struct options *o, const char *fmt, ...)
{
	va_list args;

	fputc(' ', o->file);
	va_start(args, fmt);
	vfprintf(o->file, fmt, args);
	va_end(args);
	o->n++;
}

static void table_options(struct options *o, const struct token *token,
			  const struct volume_table *table)
{
	option(o, "region_size:%u", token->region);
	option(o, "sector_size:%u", token->sector_size);
	if (token->meta_offset)
		option(o, "meta_offset:%" PRIu64, token->meta_offset);
	if (token->large_iv)
		option(o, "iv_large_sectors");
	if (table->create)
		option(o, "create");
	if (table->adopt)
		option(o, "adopt:%" PRIu64, table->adopt_place);
	if (table->discards || token->discards)
		option(o, "allow_discards");
	if (table->rate)
		option(o, "rate:%u", table->rate);
}

/* The table line, to be freed; NULL where there is no memory. */
static char *table_line(const struct token *token,
			const struct volume_table *table,
			const struct options *o)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	uint32_t i;

	if (!f)
		return NULL;
	fprintf(f, "%s %s %u", table->meta, token->cipher, token->n_devices);
	for (i = 0; i < token->n_devices; i++)
		fprintf(f, " %s %" PRIu64, table->devices[i] ?: "-",
			token->devices[i].offset);
	fprintf(f, " %u%s", o->n, o->text);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

static int add_data_key(struct keyring_key *added, const char *uuid,
			uint32_t slot, const struct secret *key,
			struct error *err)
{
	char what[12];

	snprintf(what, sizeof(what), "%u", slot);
	return keyring_add(added, uuid, what, key->data + HEADER_META_KEY,
			   key->size - HEADER_META_KEY, err);
}

/* The keys into the keyring, and into the options. @n: how many to drop. */
static int add_keys(struct options *o, const struct header *header,
		    const struct keys *keys, struct keyring_key *added,
		    unsigned int *n, struct error *err)
{
	unsigned int i;
	int ret;

	*n = 0;
	ret = keyring_add(&added[0], header->uuid, "meta",
			  keys->slot[0].key.data, HEADER_META_KEY, err);
	if (ret)
		return ret;
	*n = 1;
	option(o, "meta_key:%s", added[0].source);
	for (i = 0; i < keys->n; i++) {
		ret = add_data_key(&added[*n], header->uuid,
				   keys->slot[i].slot, &keys->slot[i].key, err);
		if (ret)
			return ret;
		option(o, "key:%u:%s", keys->slot[i].slot, added[*n].source);
		++*n;
	}
	return 0;
}

int volume_activate(struct header *header, const struct volume_table *table,
		    const struct keys *keys, struct error *err)
{
	struct keyring_key added[HEADER_KEYS + 1];
	struct options o = { 0 };
	unsigned int n = 0;
	char *line = NULL;
	int ret;

	o.file = open_memstream(&o.text, &o.len);
	if (!o.file)
		return error_set(err, ENOMEM, "no memory for a table");
	table_options(&o, &header->token, table);
	ret = add_keys(&o, header, keys, added, &n, err);
	fclose(o.file);
	if (!ret) {
		line = table_line(&header->token, table, &o);
		ret = line ? mapper_create(table->name, header->uuid, "rekey",
					   line, header->token.sectors,
					   table->readonly, err) :
			     error_set(err, ENOMEM, "no memory for a table");
	}
	while (n)
		keyring_drop(&added[--n]);
	free(line);
	free(o.text);
	return ret;
}

/* --- an open volume ---------------------------------------------------------- */

/* Where it was put, where it was when it was opened, or before the metadata. */
static int find_header(const struct mapper_volume *dm, const char *given,
		       char *path, struct error *err)
{
	if (given) {
		snprintf(path, PATH_MAX, "%s", given);
		return 0;
	}
	if (runtime_recall(dm->uuid, path, PATH_MAX))
		return 0;
	if (dm->table.meta_offset >= HEADER_SECTORS &&
	    disk_path(dm->table.meta, path, PATH_MAX))
		return 0;
	return error_set(err, ENOENT,
			 "where the header of %s is has been forgotten: name it with --header",
			 dm->name);
}

int volume_refresh(struct volume *volume, struct error *err)
{
	char name[MAPPER_NAME];

	strcpy(name, volume->dm.name);
	return mapper_get(name, &volume->dm, err);
}

static int get(struct volume *volume, const char *name,
	       const char *header_path, bool wait, struct error *err)
{
	bool locked = true;
	char path[PATH_MAX];
	int ret;

	ret = mapper_get(name, &volume->dm, err);
	if (!ret)
		ret = find_header(&volume->dm, header_path, path, err);
	if (!ret)
		ret = header_load(&volume->header, path, wait, err);
	if (ret == -EBUSY && !wait) {
		locked = false;
		ret = header_peek(&volume->header, path, err);
	}
	if (ret)
		return ret;
	if (strcmp(volume->header.uuid, volume->dm.uuid))
		ret = error_set(err, EINVAL, "%s is the header of another volume than %s",
				path, name);
	/* what it was before the lock was ours does not count */
	if (!ret)
		ret = mapper_get(name, &volume->dm, err);
	if (!ret && locked)
		ret = volume_finish(volume, err);
	if (ret)
		header_close(&volume->header);
	return ret;
}

int volume_get(struct volume *volume, const char *name,
	       const char *header_path, struct error *err)
{
	return get(volume, name, header_path, true, err);
}

int volume_look(struct volume *volume, const char *name,
		const char *header_path, struct error *err)
{
	return get(volume, name, header_path, false, err);
}

void volume_put(struct volume *volume)
{
	header_close(&volume->header);
}

int volume_load_key(const struct volume *volume, uint32_t slot,
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

/* --- slots -------------------------------------------------------------------- */

/*
 * Order: the mark in the token, the kernel's slot and regions, the keyslot, the
 * token. A crash leaves the mark, and each step may be done again.
 */
static int finish_erase(struct volume *volume, uint32_t slot, struct error *err)
{
	struct header *header = &volume->header;
	uint32_t keyslot = token_slot(&header->token, slot)->keyslot;
	int ret = 0;

	if (status_slot(&volume->dm.status, slot))
		ret = mapper_message(volume->dm.name,
				     "the kernel does not erase the slot", err,
				     "erase %u", slot);
	if (!ret)
		ret = header_drop_key(header, keyslot, err);
	if (ret)
		return ret;
	token_drop(&header->token, slot);
	ret = header_write(header, err);
	return ret ? ret : volume_refresh(volume, err);
}

int volume_erase(struct volume *volume, uint32_t slot, struct error *err)
{
	struct status *status = &volume->dm.status;
	struct header *header = &volume->header;
	struct token_slot *s = token_slot(&header->token, slot);
	struct error ignored;
	int ret;

	/* before the mark: a job may well take hours to its end */
	if (status->job == STATUS_REKEY &&
	    (status->from == slot || status->to == slot))
		return error_set(err, EBUSY,
				 "the rekey of %s uses slot %u: wait for it, or abort it first",
				 volume->dm.name, slot);
	if (status->readonly)
		return error_set(err, EROFS, "%s is read-only", volume->dm.name);
	s->state = TOKEN_ERASING;
	ret = header_write(header, err);
	if (ret)
		return ret;
	ret = finish_erase(volume, slot, err);
	s = token_slot(&header->token, slot);
	if (!ret || !s || volume_refresh(volume, &ignored))
		return ret;
	/* refused, and nothing was erased: then it is not to be done later */
	if (status_slot(status, slot) &&
	    strcmp(status_slot(status, slot)->state, "erasing")) {
		s->state = TOKEN_USED;
		header_write(header, &ignored);
	}
	return ret;
}

/* A number that neither the header nor the kernel has. */
static int free_slot(const struct volume *volume, struct error *err)
{
	struct token *token = (struct token *)&volume->header.token;
	uint32_t slot;

	for (slot = 0; slot <= TOKEN_SLOT_MAX; slot++)
		if (!token_slot(token, slot) &&
		    !status_slot(&volume->dm.status, slot))
			return (int)slot;
	return error_set(err, ENOSPC, "no slot of %s is free", volume->dm.name);
}

/*
 * Order: keyslot, token, kernel. A keyslot without a token is tidied away; a
 * slot that the kernel does not know yet is bound when it is loaded next.
 */
int volume_add_slot(struct volume *volume, const char *user,
		    const struct secret *key, const struct secret *pass,
		    const struct header_cost *cost, struct error *err)
{
	struct header *header = &volume->header;
	struct token *token = &header->token;
	int slot = free_slot(volume, err), keyslot, ret;
	struct error ignored;

	if (slot < 0)
		return slot;
	if (volume->dm.status.readonly)
		return error_set(err, EROFS, "%s is read-only", volume->dm.name);
	/* what somebody else wrote may tell of more than a header can have */
	if (token->n_slots == TOKEN_SLOTS)
		return error_set(err, ENOSPC, "the header has no room for a slot");
	keyslot = header_add_key(header, key, pass, cost, err);
	if (keyslot < 0)
		return keyslot;
	token->slots[token->n_slots] = (struct token_slot){
		.slot = (uint32_t)slot, .keyslot = (uint32_t)keyslot,
	};
	strcpy(token->slots[token->n_slots++].user, user);
	ret = header_write(header, err);
	if (!ret)
		ret = volume_load_key(volume, (uint32_t)slot, key, err);
	if (!ret)
		ret = volume_refresh(volume, err);
	if (!ret)
		return slot;
	token_drop(token, (uint32_t)slot);
	header_drop_key(header, (uint32_t)keyslot, &ignored);
	header_write(header, &ignored);
	return ret;
}

/* --- an adopted volume ---------------------------------------------------------- */

static int has_luks(const struct disk *disk, struct error *err)
{
	static const char magic[6] = "LUKS\xba\xbe";
	char *page = disk_buffer(OLD_PAGE);
	int ret;

	if (!page)
		return error_set(err, ENOMEM, "no memory for a page");
	ret = disk_read(disk, 0, page, OLD_PAGE, err);
	if (!ret)
		ret = !memcmp(page, magic, sizeof(magic));
	free(page);
	return ret;
}

int volume_wipe_old(struct header *header, const struct disk *disk,
		    struct error *err)
{
	uint64_t bytes = header->token.wipe_sectors * 512;
	int ret = has_luks(disk, err);

	if (ret > 0) {
		ret = 0;
		if (bytes > OLD_PAGE)
			ret = header_wipe(header, disk->path, OLD_PAGE,
					  bytes - OLD_PAGE, err);
		if (!ret)
			ret = header_wipe(header, disk->path, 0, OLD_PAGE, err);
	}
	if (ret)
		return ret;
	header->token.wipe = false;
	return header_write(header, err);
}

/* --- what is left to do --------------------------------------------------------- */

static bool slot_is(const struct volume *volume, uint32_t slot,
		    const char *state)
{
	const struct status_slot *s = status_slot(&volume->dm.status, slot);

	return s && !strcmp(s->state, state);
}

/*
 * The job is not in the kernel any more. It may have come to its end, been
 * aborted, or never been begun: it is told by what is under the old slot.
 * Never-written regions are not counted there; so it is run once more, which
 * gives them to the new slot and takes no time.
 */
static int rekey_rest(struct volume *volume, struct error *err)
{
	const struct timespec step = { .tv_nsec = FINISH_NS };
	struct token_job job = volume->header.token.job;
	int i, ret;

	ret = mapper_message(volume->dm.name,
			     "the kernel does not finish the rekey", err,
			     "rekey start %u %u", job.from, job.to);
	for (i = 0; !ret && i < FINISH_STEPS; i++) {
		ret = volume_refresh(volume, err);
		if (!ret && volume->dm.status.job == STATUS_NONE)
			break;
		nanosleep(&step, NULL);
	}
	return ret;
}

static int finish_rekey(struct volume *volume, struct error *err)
{
	struct header *header = &volume->header;
	struct token_job job = header->token.job;
	const struct status_slot *from;
	int ret;

	from = status_slot(&volume->dm.status, job.from);
	if (from && !from->regions) {
		/* a locked key: when it is loaded again */
		if (!slot_is(volume, job.from, "loaded") ||
		    !slot_is(volume, job.to, "loaded"))
			return 0;
		ret = rekey_rest(volume, err);
		if (ret || volume->dm.status.job != STATUS_NONE)
			return ret;
	}
	header->token.job.set = false;
	if (!from || !from->regions)
		token_slot(&header->token, job.from)->state = TOKEN_ERASING;
	return header_write(header, err);
}

int volume_finish(struct volume *volume, struct error *err)
{
	struct status *status = &volume->dm.status;
	struct token *token = &volume->header.token;
	uint32_t i = 0;
	int ret;

	if (status->suspended || status->readonly)
		return 0;
	ret = header_tidy(&volume->header, err);
	if (!ret && token->job.set && status->job == STATUS_NONE)
		ret = finish_rekey(volume, err);
	while (!ret && i < token->n_slots) {
		const struct token_slot *s = &token->slots[i];

		if (s->state != TOKEN_ERASING ||
		    (status->job == STATUS_REKEY &&
		     (status->from == s->slot || status->to == s->slot)))
			i++;
		else
			ret = finish_erase(volume, s->slot, err);
	}
	return ret;
}
