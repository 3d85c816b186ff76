// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "../format/page.h"
#include "../format/size.h"
#include "activate.h"
#include "create.h"

#define WIPE_HEAD	1048576u	/* bytes: what tells of something else */

/* --- disks ---------------------------------------------------------------------- */

static int find_disks(struct create *c, struct error *err)
{
	const struct create_params *p = c->params;
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < p->n_devices; i++)
		ret = disk_open_next(c->disks, &c->n_disks, p->devices[i],
				     &c->data[i], err);
	if (!ret && p->meta)
		ret = disk_open_next(c->disks, &c->n_disks, p->meta,
				     &c->meta, err);
	else
		c->meta = c->data[0];
	c->token.n_devices = p->n_devices;
	return ret;
}

/* --- where everything goes ---------------------------------------------------- */

static int choose_sector(struct create *c, struct error *err)
{
	uint32_t largest = 512;
	unsigned int i;

	for (i = 0; i < c->n_disks; i++)
		if (c->disks[i].block > largest)
			largest = c->disks[i].block;
	c->token.sector_size = c->params->sector_size ?: largest;
	if (largest <= c->token.sector_size)
		return 0;
	for (i = 0; c->disks[i].block != largest; i++)
		;
	return error_set(err, EINVAL,
			 "%s has sectors of %u bytes, which the volume must have too (--sector-size %u)",
			 c->disks[i].path, largest, largest);
}

/* Regions of all data devices, without their labels. */
static uint64_t count_places(const struct create *c)
{
	const struct token *token = &c->token;
	uint64_t n = 0, places;
	uint32_t i;

	for (i = 0; i < token->n_devices; i++) {
		if (c->data[i]->sectors <= token->devices[i].offset)
			continue;
		places = (c->data[i]->sectors - token->devices[i].offset) /
			 token->region;
		n += places ? places - 1 : 0;
	}
	return n;
}

static uint64_t all_sectors(const struct create *c)
{
	uint64_t all = 0;
	uint32_t i;

	for (i = 0; i < c->token.n_devices; i++)
		all += c->data[i]->sectors;
	return all;
}

static int too_small(const struct create *c, struct error *err)
{
	const struct token *token = &c->token;
	char region[SIZE_TEXT], need[SIZE_TEXT];

	/* its label, one for data, and what a rekey needs */
	size_text((token->devices[0].offset + (2 + volume_spare(0)) *
		   (uint64_t)token->region) * 512, need);
	return error_set(err, ENOSPC,
			 "the devices are too small: with regions of %s a volume needs %s (smaller regions: --region-size)",
			 size_text(token->region * 512ull, region), need);
}

static int choose_size(struct create *c, struct error *err)
{
	struct token *token = &c->token;
	uint64_t places = count_places(c), spare = volume_spare(places), room;
	char text[SIZE_TEXT];

	if (places <= spare)
		return too_small(c, err);
	room = (places - spare) * token->region;
	token->sectors = c->params->size ?: room;
	if (token->sectors > room)
		return error_set(err, ENOSPC,
				 "the devices have room for %s, with a little that a rekey needs",
				 size_text(room * 512, text));
	if (token->sectors % (token->sector_size / 512))
		return error_set(err, EINVAL,
				 "the size is not a whole number of sectors");
	if (token->sectors / token->region >= REKEY_REGIONS_MAX)
		return error_set(err, EFBIG,
				 "a volume has at most 2^32 regions: take larger ones (--region-size)");
	return 0;
}

static int lay_out(struct create *c, struct error *err)
{
	struct token *token = &c->token;
	char text[SIZE_TEXT];
	uint64_t room;
	int ret = choose_sector(c, err);

	if (ret)
		return ret;
	token->meta_offset = c->params->header ? 0 : HEADER_SECTORS;
	room = volume_meta_room(all_sectors(c) / token->region);
	if (c->meta == c->data[0])
		token->devices[0].offset = token->meta_offset + room;
	if (c->meta->sectors < token->meta_offset + room)
		return error_set(err, ENOSPC,
				 "%s is too small: the header and the metadata need %s",
				 c->meta->path,
				 size_text((token->meta_offset + room) * 512,
					   text));
	return choose_size(c, err);
}

int create_begin(struct create *c, const struct create_params *params,
		 struct error *err)
{
	int ret;

	memset(c, 0, sizeof(*c));
	c->params = params;
	strcpy(c->token.cipher, params->cipher);
	c->token.key_size = params->key_size;
	c->token.large_iv = params->large_iv;
	c->token.discards = params->discards;
	c->token.region = params->region;
	ret = mapper_prepare(params->name, err);
	if (ret)
		return ret;
	if (params->header && !access(params->header, F_OK))
		return error_set(err, EEXIST, "%s is there already",
				 params->header);
	ret = find_disks(c, err);
	if (!ret)
		ret = lay_out(c, err);
	if (ret)
		create_end(c);
	return ret;
}

void create_end(struct create *c)
{
	while (c->n_disks)
		disk_close(&c->disks[--c->n_disks]);
}

/* --- making it --------------------------------------------------------------------- */

/* The header, complete, but in memory. */
static int make_header(struct create *c, struct header *header,
		       const struct keys *keys, const struct secret *pass,
		       struct error *err)
{
	struct token *token = &header->token;
	int ret;

	ret = header_new(header, err);
	if (ret)
		return ret;
	*token = c->token;
	token->n_slots = 1;
	token->slots[0].owner = true;
	strcpy(token->slots[0].user, c->params->user);
	ret = header_add_key(header, 0, &keys->meta, &keys->slot[0].key, pass,
			     &c->params->cost, err);
	if (!ret)
		ret = header_write(header, err);
	if (ret)
		header_close(header);
	return ret;
}

/* What was there, so that nothing tells of it; and zeros for the kernel. */
static int wipe(struct create *c, struct error *err)
{
	const struct token *token = &c->token;
	uint64_t room = volume_meta_room(all_sectors(c) / token->region);
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < c->n_disks; i++) {
		uint64_t bytes = c->disks[i].sectors / 8 * 4096;

		ret = disk_wipe(&c->disks[i], 0, bytes < WIPE_HEAD ? bytes :
				WIPE_HEAD, err);
	}
	return ret ? ret : disk_wipe(c->meta, token->meta_offset * 512,
				     room * 512, err);
}

/* While the kernel has the disks, nobody else gets them. */
static int install(struct create *c, struct header *header, struct error *err)
{
	int ret;

	if (c->params->header)
		return header_install_file(header, c->params->header, err);
	ret = disk_reopen(c->meta, DISK_SHARED, err);
	return ret ? ret : header_install_disk(header, c->meta, err);
}

/* Formatted by the kernel, its first key bound, the header written; closed. */
static int format(struct create *c, struct header *header,
		  const struct keys *keys, struct error *err)
{
	struct activate a = {
		.name = c->params->name, .meta = c->meta, .create = true,
	};
	struct error second;
	int ret, closed;
	uint32_t i;

	for (i = 0; i < c->token.n_devices; i++)
		a.devices[i] = c->data[i];
	ret = activate(header, &a, keys, err);
	if (ret)
		return ret;
	ret = install(c, header, err);
	closed = mapper_remove(c->params->name, &second);
	if (ret || !closed)
		return ret;
	*err = second;
	return closed;
}

static int make(struct create *c, struct header *header,
		const struct keys *keys, struct error *err)
{
	const char *file = c->params->header;
	int ret = activate_try(header, keys, err);

	if (ret)
		return ret;
	if (file)
		ret = header_prepare_file(header, file, err);
	if (ret)
		return ret;
	/* from here on disks are written */
	ret = wipe(c, err);
	if (!ret)
		ret = format(c, header, keys, err);
	if (ret && file)
		header_discard_file(file);
	return ret;
}

/*
 * The header comes last, and makes it a volume: a crash before leaves devices
 * with nothing on them.
 */
int create_make(struct create *c, const struct secret *pass, struct error *err)
{
	struct header header;
	struct keys keys;
	int ret;

	ret = keys_new(&keys, c->token.key_size, err);
	if (ret)
		return ret;
	ret = make_header(c, &header, &keys, pass, err);
	if (!ret) {
		ret = make(c, &header, &keys, err);
		strcpy(c->uuid, header.uuid);
		header_close(&header);
	}
	keys_free(&keys);
	return ret;
}
