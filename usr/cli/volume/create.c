// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../format/page.h"
#include "volume.h"

#define SPARE_MIN	2	/* regions that a job can move to */
#define SPARE_MAX	32

struct create {
	const struct volume_options *o;
	const char *name;
	struct disk meta;		/* where the metadata lie */
	bool shared;			/* which is data device 0, too */
	struct disk data[TOKEN_DEVICES];
	struct header header;
	struct secret pass;
	struct keys keys;		/* the one of slot 0 */
};

/* --- where everything goes ---------------------------------------------------- */

static int find_devices(struct create *c, int n, char **paths,
			struct error *err)
{
	struct token *token = &c->header.token;
	int i, j, ret = 0;

	c->shared = !c->o->meta;
	for (i = 0; !ret && i < n; i++) {
		ret = disk_find(&c->data[i], paths[i], err);
		if (!ret)
			ret = disk_claim(&c->data[i], err);
		for (j = 0; !ret && j < i; j++)
			if (c->data[i].dev == c->data[j].dev)
				ret = error_set(err, EINVAL,
						"%s is named twice", paths[i]);
	}
	if (ret)
		return ret;
	token->n_devices = (uint32_t)n;
	if (c->shared) {
		c->meta = c->data[0];
		return 0;
	}
	ret = disk_find(&c->meta, c->o->meta, err);
	if (!ret)
		ret = disk_claim(&c->meta, err);
	for (i = 0; !ret && i < n; i++)
		if (c->data[i].dev == c->meta.dev)
			ret = error_set(err, EINVAL,
					"%s cannot be the metadata device and a data device",
					paths[i]);
	return ret;
}

/* Regions of all data devices, without their labels. */
static uint64_t count_places(const struct create *c)
{
	const struct token *token = &c->header.token;
	uint64_t n = 0, places;
	uint32_t i;

	for (i = 0; i < token->n_devices; i++) {
		if (c->data[i].sectors <= token->devices[i].offset)
			continue;
		places = (c->data[i].sectors - token->devices[i].offset) /
			 token->region;
		n += places ? places - 1 : 0;
	}
	return n;
}

static int lay_out(struct create *c, struct error *err)
{
	struct token *token = &c->header.token;
	uint64_t all = 0, places, spare, room;
	uint32_t i;

	token->meta_offset = c->o->header ? 0 : HEADER_SECTORS;
	for (i = 0; i < token->n_devices; i++)
		all += c->data[i].sectors;
	room = volume_meta_room(all / token->region);
	if (c->meta.sectors < token->meta_offset + room)
		return error_set(err, ENOSPC,
				 "%s is too small: the header and the metadata need %llu MiB",
				 c->meta.path, (unsigned long long)
				 (token->meta_offset + room) / 2048);
	if (c->shared)
		token->devices[0].offset = token->meta_offset + room;
	places = count_places(c);
	spare = places / 64;
	if (spare > SPARE_MAX)
		spare = SPARE_MAX;
	if (spare < SPARE_MIN)
		spare = SPARE_MIN;
	if (places <= spare)
		return error_set(err, ENOSPC,
				 "the devices are too small: smaller regions (--region-size) may help");
	places -= spare;
	token->sectors = c->o->size ? c->o->size : places * token->region;
	if (token->sectors > places * token->region)
		return error_set(err, ENOSPC,
				 "the devices have room for %llu MiB, with a little that a rekey needs",
				 (unsigned long long)places * token->region /
				 2048);
	if (token->sectors % (token->sector_size / 512))
		return error_set(err, EINVAL,
				 "the size is not a whole number of sectors");
	return 0;
}

/* Wiped as far as the kernel will read: it wants to find zeros. */
static int prepare(struct create *c, struct error *err)
{
	const struct token *token = &c->header.token;
	uint64_t room = volume_meta_room(c->meta.sectors / token->region + 1);
	uint64_t need = rekey_meta_sectors(token->sectors / token->region + 1);
	uint32_t i;
	int ret;

	if (c->shared)
		room = token->devices[0].offset - token->meta_offset;
	if (token->meta_offset + room > c->meta.sectors)
		room = c->meta.sectors - token->meta_offset;
	if (room < need)
		room = need;
	ret = header_wipe(&c->header, c->meta.path, token->meta_offset * 512,
			  room * 512, err);
	/* what was there is not to be found by others */
	for (i = c->shared; !ret && i < token->n_devices; i++)
		ret = header_wipe(&c->header, c->data[i].path, 0,
				  token->region * 512ull < 1048576 ?
				  token->region * 512ull : 1048576, err);
	return ret;
}

/* --- the volume ------------------------------------------------------------------ */

static int make_key(struct create *c, struct error *err)
{
	int ret = secret_random(&c->keys.slot[0].key, HEADER_META_KEY +
				c->header.token.key_size, err);

	if (!ret)
		c->keys.n = 1;
	return ret;
}

static int add_key(struct create *c, struct error *err)
{
	struct token *token = &c->header.token;
	int keyslot = header_add_key(&c->header, &c->keys.slot[0].key, &c->pass,
				     &c->o->cost, err);

	if (keyslot < 0)
		return keyslot;
	token->n_slots = 1;
	token->slots[0] = (struct token_slot){ .keyslot = (uint32_t)keyslot };
	strcpy(token->slots[0].user, c->o->user);
	return 0;
}

/* Formatted by the kernel, its first key bound, closed again. */
static int format(struct create *c, struct error *err)
{
	struct volume_table table = {
		.name = c->name, .meta = c->meta.path, .create = true,
	};
	uint32_t i;
	int ret;

	for (i = 0; i < c->header.token.n_devices; i++)
		table.devices[i] = c->data[i].path;
	ret = volume_activate(&c->header, &table, &c->keys, err);
	return ret ? ret : mapper_remove(c->name, err);
}

/*
 * The token comes last, and makes it a volume. A crash before leaves a header
 * that nothing opens: not we, for want of the token, nor dm-crypt, for want of
 * a keyslot of the segment.
 */
static int make(struct create *c, struct error *err)
{
	struct token token = c->header.token;
	const char *path = c->o->header ?: c->meta.path;
	int ret;

	ret = header_format(&c->header, path,
			    c->o->header ? c->data[0].path : NULL, err);
	if (ret)
		return ret;
	c->header.token = token;
	ret = prepare(c, err);
	if (!ret)
		ret = add_key(c, err);
	if (!ret)
		ret = format(c, err);
	if (!ret)
		ret = header_write(&c->header, err);
	header_close(&c->header);
	if (ret && c->o->header)
		unlink(path);
	return ret;
}

static int run(struct create *c, int n, char **paths, struct error *err)
{
	int i, ret;

	if (mapper_exists(c->name))
		return error_set(err, EEXIST, "there is a device %s already",
				 c->name);
	ret = find_devices(c, n, paths, err);
	if (!ret)
		ret = lay_out(c, err);
	for (i = 0; !ret && i < n; i++)
		ret = volume_check_empty(&c->data[i], c->o, err);
	if (!ret && !c->shared)
		ret = volume_check_empty(&c->meta, c->o, err);
	if (!ret)
		ret = ask_secret(&c->pass, &c->o->key, "New passphrase", true,
				  err);
	if (!ret)
		ret = make_key(c, err);
	if (!ret)
		ret = make(c, err);
	keys_free(&c->keys);
	secret_free(&c->pass);
	return ret;
}

static void show(struct out *out, const struct create *c)
{
	const struct token *token = &c->header.token;
	char text[32];

	out_object_begin(out, NULL);
	out_string(out, "name", "%s: ", c->name);
	out_string(out, "uuid", NULL, c->header.uuid);
	out_uint(out, "sectors", NULL, token->sectors);
	out_string(out, NULL, "%s, ", volume_size_text(token->sectors, text));
	out_string(out, "cipher", "%s, ", token->cipher);
	out_uint(out, "region-size", NULL, token->region * 512ull);
	out_string(out, NULL, "regions of %s, ",
		   volume_size_text(token->region, text));
	out_string(out, "user", "user %s has slot 0\n", c->o->user);
	out_object_end(out);
}

int volume_create(struct out *out, struct volume_options *o, int argc,
		  char **argv)
{
	struct create *c = calloc(1, sizeof(*c));
	struct token *token;
	struct error err;
	int ret;

	if (!c)
		abort();
	if (!o->user)
		o->user = "owner";
	c->o = o;
	c->name = argv[0];
	token = &c->header.token;
	strcpy(token->cipher, o->cipher ?: "aes-xts-plain64");
	token->key_size = (o->key_bits ?: 512) / 8;
	token->sector_size = o->sector_size ?: 512;
	token->large_iv = o->large_iv;
	token->discards = o->discards;
	token->region = (o->region ?: 1024) * 2;
	ret = run(c, argc - 1, argv + 1, &err);
	if (!ret)
		show(out, c);
	free(c);
	return ret ? refused(&err) : EXIT_DONE;
}
