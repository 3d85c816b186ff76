// SPDX-License-Identifier: GPL-2.0
/* A LUKS or plain dm-crypt volume becomes one of ours, where it lies. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../format/page.h"
#include "volume.h"

#define SAMPLES		64
#define SAMPLE		4096u	/* bytes */
#define SPARE_LEAST	4	/* regions behind the metadata worth a device */

struct adopt {
	const struct volume_options *o;
	const char *name;
	struct crypt_device *old;
	struct disk meta;
	struct disk data[TOKEN_DEVICES];	/* 0: what is adopted */
	uint64_t data_offset;		/* sectors, on device 0 */
	struct header header;
	struct secret pass;		/* of the old volume */
	struct secret new_pass;		/* of ours, if it is to be another */
	struct keys keys;
	char *before, *after;		/* SAMPLES of the volume */
};

/* --- the old volume ------------------------------------------------------------- */

static int refuse(struct adopt *a, const char *why, struct error *err)
{
	return error_set(err, EOPNOTSUPP, "%s cannot be adopted: %s",
			 a->data[0].path, why);
}

/* What the public calls of libcryptsetup do not tell. */
static const char *check_segments(const json_t *root, uint64_t *sectors)
{
	const json_t *segments = json_object_get(root, "segments");
	const json_t *segment = json_object_get(segments, "0");
	const char *type = json_string_value(json_object_get(segment, "type"));
	const char *size = json_string_value(json_object_get(segment, "size"));
	const char *tweak = json_string_value(json_object_get(segment,
							      "iv_tweak"));

	if (json_object_size(segments) != 1 || !type || strcmp(type, "crypt"))
		return "its data are not in one piece";
	if (json_object_get(segment, "integrity"))
		return "its data have tags of integrity";
	if (!size || !tweak || strcmp(tweak, "0"))
		return "its sectors are not numbered from 0";
	if (strcmp(size, "dynamic"))
		*sectors = strtoull(size, NULL, 10) / 512;
	return NULL;
}

static int check_luks2(struct adopt *a, uint64_t *sectors, struct error *err)
{
	const char *json, *why = "its header cannot be read";
	uint32_t required;
	json_t *root;

	if (crypt_persistent_flags_get(a->old, CRYPT_FLAGS_REQUIREMENTS,
				       &required) || required)
		return refuse(a, "it asks for something (a re-encryption that is not finished?)",
			      err);
	if (crypt_dump_json(a->old, &json, 0))
		return refuse(a, why, err);
	root = json_loads(json, 0, NULL);
	if (root)
		why = check_segments(root, sectors);
	json_decref(root);
	return why ? refuse(a, why, err) : 0;
}

static int open_luks(struct adopt *a, uint64_t *sectors, struct error *err)
{
	int ret = crypt_load(a->old, CRYPT_LUKS, NULL);
	struct error ignored;
	struct header ours;

	if (ret)
		return error_set(err, -ret, "%s has no LUKS header (for plain dm-crypt there is --plain)",
				 a->data[0].path);
	if (!header_peek(&ours, a->data[0].path, &ignored)) {
		header_close(&ours);
		return refuse(a, "it is a volume of ours already", err);
	}
	if (!a->o->header_backup)
		return error_set(err, EINVAL,
				 "its LUKS header will be wiped: --header-backup says where to keep it");
	return strcmp(crypt_get_type(a->old), CRYPT_LUKS2) ? 0 :
	       check_luks2(a, sectors, err);
}

static int open_plain(struct adopt *a, struct error *err)
{
	const struct volume_options *o = a->o;
	char cipher[TOKEN_CIPHER], *mode;
	struct crypt_params_plain params = {
		.hash = o->hash, .offset = o->offset, .size = o->size,
		.sector_size = o->sector_size ?: 512,
	};
	int ret;

	if (!o->cipher || !o->key_bits)
		return error_set(err, EINVAL,
				 "--plain needs --cipher and --key-size: nothing on the disk tells them");
	if (!o->hash && !o->key.file && o->key.fd < 0)
		return error_set(err, EINVAL,
				 "a passphrase needs --hash (cryptsetup's default was ripemd160 before 2.7, and is sha256)");
	strcpy(cipher, o->cipher);
	mode = strchr(cipher, '-');
	if (!mode)
		return error_set(err, EINVAL, "\"%s\" is no cipher with its mode",
				 o->cipher);
	*mode++ = '\0';
	ret = crypt_format(a->old, CRYPT_PLAIN, cipher, mode, NULL, NULL,
			   o->key_bits / 8, &params);
	if (ret)
		return error_set(err, -ret, "%s cannot be opened as plain: %s",
				 a->data[0].path, header_reason(ret));
	return 0;
}

static int describe(struct adopt *a, uint64_t sectors, struct error *err)
{
	struct token *token = &a->header.token;
	char cipher[256];
	uint64_t room;

	a->data_offset = crypt_get_data_offset(a->old);
	snprintf(cipher, sizeof(cipher), "%s-%s", crypt_get_cipher(a->old),
		 crypt_get_cipher_mode(a->old));
	if (!token_cipher_valid(cipher))
		return refuse(a, "its cipher is not known", err);
	strcpy(token->cipher, cipher);
	token->key_size = (uint32_t)crypt_get_volume_key_size(a->old);
	if (token->key_size < 16 || token->key_size > TOKEN_KEY_MAX)
		return refuse(a, "its key has an odd size", err);
	token->sector_size = (uint32_t)crypt_get_sector_size(a->old);
	token->large_iv = a->o->plain && a->o->large_iv;
	if (a->data_offset % 8)
		return refuse(a, "its data do not begin at a multiple of 4096 bytes",
			      err);
	if (a->data[0].sectors <= a->data_offset)
		return refuse(a, "it has no data", err);
	room = a->data[0].sectors - a->data_offset;
	if (sectors > room)
		return refuse(a, "the device is shorter than its header says",
			      err);
	token->sectors = sectors ?: room;
	token->sectors -= token->sectors % (token->sector_size / 512);
	token->adopted = true;
	return 0;
}

static int open_old(struct adopt *a, struct error *err)
{
	uint64_t sectors = a->o->size;
	int ret = crypt_init(&a->old, a->data[0].path);

	if (ret)
		return error_set(err, -ret, "%s cannot be read: %s",
				 a->data[0].path, header_reason(ret));
	if (a->o->plain)
		ret = open_plain(a, err);
	else
		ret = open_luks(a, &sectors, err);
	return ret ? ret : describe(a, sectors, err);
}

/* --- its key ---------------------------------------------------------------------- */

/* As with cryptsetup, a key file of plain dm-crypt is the key itself. */
static int plain_key(struct adopt *a, char *key, size_t size, struct error *err)
{
	if (a->pass.size < size)
		return error_set(err, EINVAL,
				 "the key file is shorter than the key, %zu bytes",
				 size);
	memcpy(key, a->pass.data, size);
	return 0;
}

static int get_key(struct adopt *a, struct error *err)
{
	size_t size = a->header.token.key_size;
	struct secret *key = &a->keys.slot[0].key;
	int ret;

	ret = ask_secret(&a->pass, &a->o->key, "Passphrase of the old volume",
			  false, err);
	if (!ret)
		ret = secret_random(key, HEADER_META_KEY + size, err);
	if (ret)
		return ret;
	a->keys.n = 1;
	if (a->o->plain && !a->o->hash)
		return plain_key(a, key->data + HEADER_META_KEY, size, err);
	ret = crypt_volume_key_get(a->old, CRYPT_ANY_SLOT,
				   key->data + HEADER_META_KEY, &size,
				   a->pass.data, a->pass.size);
	if (ret == -EPERM)
		return error_set(err, EPERM, "wrong passphrase");
	if (ret < 0)
		return error_set(err, -ret, "the key of %s cannot be had: %s",
				 a->data[0].path, header_reason(ret));
	return 0;
}

/* A key that was no passphrase is none of ours either. */
static int get_new_pass(struct adopt *a, struct error *err)
{
	const struct ask_source *source = &a->o->new_key;

	if (!source->file && source->fd < 0 && !(a->o->plain && !a->o->hash))
		return 0;
	return ask_secret(&a->new_pass, source, "New passphrase", true, err);
}

/* --- where everything goes ---------------------------------------------------------- */

static int find_devices(struct adopt *a, int n, char **paths, struct error *err)
{
	int i, j, ret;

	ret = disk_find(&a->meta, a->o->meta, err);
	if (!ret)
		ret = disk_claim(&a->meta, err);
	for (i = 0; !ret && i < n; i++) {
		ret = disk_find(&a->data[i], paths[i], err);
		if (!ret)
			ret = disk_claim(&a->data[i], err);
		for (j = 0; !ret && j < i; j++)
			if (a->data[i].dev == a->data[j].dev)
				ret = error_set(err, EINVAL, "%s is named twice",
						paths[i]);
		if (!ret && a->data[i].dev == a->meta.dev)
			ret = error_set(err, EINVAL,
					"%s cannot be the metadata device and a data device",
					paths[i]);
		if (!ret && i)
			ret = volume_check_empty(&a->data[i], a->o, err);
	}
	a->header.token.n_devices = (uint32_t)n;
	return ret;
}

/*
 * The places of the regions are counted from the data on, back and forth: what
 * lay before the data, the old header, becomes the spare places that a rekey
 * needs. Where there are none, and no other device, the rest of the metadata
 * device serves.
 */
static int lay_out(struct adopt *a, struct error *err)
{
	struct token *token = &a->header.token;
	uint64_t regions, room, left;

	token->region = (a->o->region ?: 1024) * 2;
	token->meta_offset = a->o->header ? 0 : HEADER_SECTORS;
	token->devices[0].offset = a->data_offset % token->region;
	regions = (token->sectors + token->region - 1) / token->region;
	room = volume_meta_room(regions);
	if (a->meta.sectors < token->meta_offset + room)
		return error_set(err, ENOSPC,
				 "%s is too small: the header and the metadata need %llu MiB",
				 a->meta.path, (unsigned long long)
				 (token->meta_offset + room) / 2048);
	left = a->meta.sectors - token->meta_offset - room;
	if (token->n_devices == 1 && a->data_offset < token->region &&
	    left / token->region >= SPARE_LEAST) {
		a->data[1] = a->meta;
		token->devices[1].offset = token->meta_offset + room;
		token->n_devices = 2;
	}
	return 0;
}

static int keep_header(struct adopt *a, struct error *err)
{
	const char *path = a->o->header_backup;
	int fd, ret = crypt_header_backup(a->old, NULL, path);

	if (ret)
		return error_set(err, -ret, "the header cannot be kept in %s: %s",
				 path, header_reason(ret));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fsync(fd))
		ret = error_set(err, errno, "%s cannot be written: %s", path,
				strerror(errno));
	if (fd >= 0)
		close(fd);
	header_sync_folder(path);
	return ret;
}

/* --- does it read the same? ---------------------------------------------------------- */

/* Pieces from the first to the last of the volume. */
static int read_samples(struct adopt *a, const char *name, char *buf,
			struct error *err)
{
	uint64_t last = a->header.token.sectors / (SAMPLE / 512) - 1;
	char path[MAPPER_NAME + 16];
	struct disk disk;
	uint64_t i;
	int ret;

	snprintf(path, sizeof(path), "/dev/mapper/%s", name);
	ret = disk_find(&disk, path, err);
	for (i = 0; !ret && i < SAMPLES; i++)
		ret = disk_read(&disk, last * i / (SAMPLES - 1) * SAMPLE,
				buf + i * SAMPLE, SAMPLE, err);
	return ret;
}

static int read_by_crypt(struct adopt *a, struct error *err)
{
	const struct secret *key = &a->keys.slot[0].key;
	char name[MAPPER_NAME];
	uint32_t flags = CRYPT_ACTIVATE_READONLY | CRYPT_ACTIVATE_PRIVATE;
	int ret;

	if (a->header.token.large_iv)
		flags |= CRYPT_ACTIVATE_IV_LARGE_SECTORS;
	snprintf(name, sizeof(name), "hearth-adopt-%d", (int)getpid());
	ret = crypt_activate_by_volume_key(a->old, name, key->data +
					   HEADER_META_KEY, key->size -
					   HEADER_META_KEY, flags);
	if (ret < 0)
		return error_set(err, -ret, "dm-crypt does not open %s: %s",
				 a->data[0].path, header_reason(ret));
	ret = read_samples(a, name, a->before, err);
	if (crypt_deactivate(a->old, name) && !ret)
		ret = error_set(err, EBUSY, "%s cannot be closed", name);
	return ret;
}

/* Formatted, opened, read, and closed again; the adopted data are not written. */
static int read_by_ours(struct adopt *a, struct error *err)
{
	struct token *token = &a->header.token;
	struct volume_table table = {
		.name = a->name, .meta = a->meta.path, .adopt = true,
		.adopt_place = a->data_offset / token->region,
	};
	struct error second;
	uint32_t i;
	int ret, closed;

	for (i = 0; i < token->n_devices; i++)
		table.devices[i] = a->data[i].path;
	ret = volume_activate(&a->header, &table, &a->keys, err);
	if (ret)
		return ret;
	ret = read_samples(a, a->name, a->after, err);
	closed = mapper_remove(a->name, &second);
	if (!ret && closed) {
		*err = second;
		ret = closed;
	}
	if (!ret && memcmp(a->before, a->after, SAMPLES * SAMPLE))
		ret = error_set(err, EIO,
				"%s does not read the same as with dm-crypt: nothing was changed on it",
				a->data[0].path);
	return ret;
}

/* --- all together ---------------------------------------------------------------------- */

static int add_key(struct adopt *a, struct error *err)
{
	struct token *token = &a->header.token;
	int keyslot = header_add_key(&a->header, &a->keys.slot[0].key,
				     a->new_pass.size ? &a->new_pass : &a->pass,
				     &a->o->cost, err);

	if (keyslot < 0)
		return keyslot;
	token->n_slots = 1;
	token->slots[0] = (struct token_slot){ .keyslot = (uint32_t)keyslot };
	strcpy(token->slots[0].user, a->o->user);
	return 0;
}

static int prepare(struct adopt *a, struct error *err)
{
	const struct token *token = &a->header.token;
	uint64_t regions = (token->sectors + token->region - 1) / token->region;
	uint32_t i;
	int ret;

	ret = header_wipe(&a->header, a->meta.path, token->meta_offset * 512,
			  volume_meta_room(regions) * 512, err);
	for (i = 1; !ret && i < token->n_devices; i++)
		ret = header_wipe(&a->header, a->data[i].path,
				  token->devices[i].offset * 512, SAMPLE, err);
	return ret;
}

/*
 * The token makes the volume ours, and says that the old header is still to be
 * wiped; whoever opens the volume finishes that first. Before the token the old
 * volume is as it was, but for a backup and a metadata device without use.
 */
static int commit(struct adopt *a, struct error *err)
{
	struct token *token = &a->header.token;
	int ret;

	token->wipe = !a->o->plain;
	token->wipe_sectors = a->data_offset;
	ret = header_write(&a->header, err);
	if (ret || !token->wipe)
		return ret;
	crypt_free(a->old);
	a->old = NULL;
	return volume_wipe_old(&a->header, &a->data[0], err);
}

static int make(struct adopt *a, struct error *err)
{
	struct token token = a->header.token;
	const char *path = a->o->header ?: a->meta.path;
	int ret;

	ret = header_format(&a->header, path,
			    a->o->header ? a->meta.path : NULL, err);
	if (ret)
		return ret;
	a->header.token = token;
	ret = prepare(a, err);
	if (!ret)
		ret = add_key(a, err);
	if (!ret)
		ret = read_by_ours(a, err);
	if (!ret)
		ret = commit(a, err);
	header_close(&a->header);
	return ret;
}

static int run(struct adopt *a, int n, char **paths, struct error *err)
{
	int ret;

	if (mapper_exists(a->name))
		return error_set(err, EEXIST, "there is a device %s already",
				 a->name);
	ret = find_devices(a, n, paths, err);
	if (!ret)
		ret = open_old(a, err);
	if (!ret)
		ret = lay_out(a, err);
	if (!ret)
		ret = volume_check_empty(&a->meta, a->o, err);
	if (!ret)
		ret = get_key(a, err);
	if (!ret)
		ret = get_new_pass(a, err);
	if (!ret)
		ret = read_by_crypt(a, err);
	if (!ret && !a->o->yes &&
	    !ask_yes("The volume will be opened by Hearth alone from now on."))
		ret = error_set(err, ECANCELED,
				"nothing was changed: --yes does it without a question");
	if (!ret && !a->o->plain)
		ret = keep_header(a, err);
	return ret ? ret : make(a, err);
}

static void show(struct out *out, const struct adopt *a)
{
	const struct token *token = &a->header.token;
	char text[32];

	out_object_begin(out, NULL);
	out_string(out, "name", "%s: ", a->name);
	out_string(out, "uuid", NULL, a->header.uuid);
	out_uint(out, "sectors", NULL, token->sectors);
	out_string(out, NULL, "%s adopted, ",
		   volume_size_text(token->sectors, text));
	out_string(out, "cipher", "%s, ", token->cipher);
	out_string(out, "user", "user %s has slot 0\n", a->o->user);
	if (a->o->header_backup && !a->o->plain)
		out_string(out, "header-backup",
			   "    the old header is in %s\n",
			   a->o->header_backup);
	if (a->data_offset < token->region && token->n_devices == 1)
		out_text(out, "    there is no spare place: a rekey needs another device (open --add)\n");
	out_object_end(out);
}

int volume_adopt(struct out *out, struct volume_options *o, int argc,
		 char **argv)
{
	struct adopt *a = calloc(1, sizeof(*a));
	struct error err;
	int ret;

	if (!a)
		abort();
	if (!o->meta)
		return free(a), usage("volume adopt needs --meta: a device for the header and the metadata");
	if (!o->user)
		o->user = "owner";
	a->o = o;
	a->name = argv[0];
	a->before = disk_buffer(SAMPLES * SAMPLE);
	a->after = disk_buffer(SAMPLES * SAMPLE);
	if (!a->before || !a->after)
		abort();
	ret = run(a, argc - 1, argv + 1, &err);
	if (!ret)
		show(out, a);
	crypt_free(a->old);
	keys_free(&a->keys);
	secret_free(&a->pass);
	secret_free(&a->new_pass);
	explicit_bzero(a->before, SAMPLES * SAMPLE);
	explicit_bzero(a->after, SAMPLES * SAMPLE);
	free(a->before);
	free(a->after);
	free(a);
	return ret ? refused(&err) : EXIT_DONE;
}
