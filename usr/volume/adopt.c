// SPDX-License-Identifier: GPL-2.0
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "activate.h"
#include "adopt.h"

#define SAMPLES		64
#define SAMPLE		4096u	/* bytes */
#define SPARE_LEAST	4	/* regions behind the metadata worth a device */
#define HEAD_MAX	4194304u	/* bytes: the longest first copy of LUKS2 */

/* --- the old volume ------------------------------------------------------------- */

static int refuse(const struct adopt *a, const char *why, struct error *err)
{
	return error_set(err, EOPNOTSUPP, "%s cannot be adopted: %s",
			 a->data[0]->path, why);
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

static bool is_ours(const struct adopt *a)
{
	struct error ignored;
	struct header ours;

	if (header_peek_disk(&ours, a->data[0], &ignored))
		return false;
	header_close(&ours);
	return true;
}

static int open_luks(struct adopt *a, uint64_t *sectors, struct error *err)
{
	int ret = crypt_load(a->old, CRYPT_LUKS, NULL);

	if (ret)
		return error_set(err, -ret, "%s has no LUKS header (for plain dm-crypt there is --plain)",
				 a->params->luks_header ?: a->data[0]->path);
	if (is_ours(a))
		return refuse(a, "it is a volume of ours already", err);
	if (!a->params->backup && !a->params->luks_header)
		return error_set(err, EINVAL,
				 "its LUKS header will be wiped: --header-backup says where to keep it");
	return strcmp(crypt_get_type(a->old), CRYPT_LUKS2) ? 0 :
	       check_luks2(a, sectors, err);
}

static int open_plain(struct adopt *a, struct error *err)
{
	const struct adopt_params *p = a->params;
	char cipher[TOKEN_CIPHER], *mode;
	struct crypt_params_plain params = {
		.hash = p->hash, .offset = p->offset, .size = p->size,
		.sector_size = p->sector_size ?: 512,
	};
	int ret;

	if (!p->cipher || !p->key_size)
		return error_set(err, EINVAL,
				 "--plain needs --cipher and --key-size: nothing on the disk tells them");
	if (!p->hash && !p->key_is_secret)
		return error_set(err, EINVAL,
				 "a passphrase needs --hash (cryptsetup's default was ripemd160 before 2.7, and is sha256)");
	strcpy(cipher, p->cipher);
	mode = strchr(cipher, '-');
	if (!mode)
		return error_set(err, EINVAL, "\"%s\" is no cipher with its mode",
				 p->cipher);
	*mode++ = '\0';
	ret = crypt_format(a->old, CRYPT_PLAIN, cipher, mode, NULL, NULL,
			   p->key_size, &params);
	if (ret)
		return error_set(err, -ret, "%s cannot be opened as plain: %s",
				 a->data[0]->path, header_reason(ret));
	return 0;
}

static int describe(struct adopt *a, uint64_t sectors, struct error *err)
{
	struct token *token = &a->token;
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
	token->large_iv = a->params->plain && a->params->large_iv;
	if (a->data_offset % 8)
		return refuse(a, "its data do not begin at a multiple of 4096 bytes",
			      err);
	if (a->data[0]->sectors <= a->data_offset)
		return refuse(a, "it has no data", err);
	room = a->data[0]->sectors - a->data_offset;
	if (sectors > room)
		return refuse(a, "the device is shorter than its header says",
			      err);
	token->sectors = sectors ?: room;
	token->sectors -= token->sectors % (token->sector_size / 512);
	token->adopted = true;
	token->discards = a->params->discards;
	return 0;
}

/* What it is, by a descriptor that is ours: the disk is held already. */
static int open_old(struct adopt *a, struct error *err)
{
	const char *detached = a->params->luks_header;
	uint64_t sectors = a->params->size;
	char self[DISK_SELF];
	int ret;

	disk_self(a->data[0], self);
	ret = detached ? crypt_init_data_device(&a->old, detached, self) :
			 crypt_init(&a->old, self);
	if (ret)
		return error_set(err, -ret, "%s cannot be read: %s",
				 detached ?: a->data[0]->path,
				 header_reason(ret));
	if (a->params->plain)
		ret = open_plain(a, err);
	else
		ret = open_luks(a, &sectors, err);
	return ret ? ret : describe(a, sectors, err);
}

/* --- disks, and where everything goes ------------------------------------------------ */

static int find_disks(struct adopt *a, struct error *err)
{
	const struct adopt_params *p = a->params;
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < p->n_devices; i++)
		ret = disk_open_next(a->disks, &a->n_disks, p->devices[i],
				     &a->data[i], err);
	if (!ret)
		ret = disk_open_next(a->disks, &a->n_disks, p->meta,
				     &a->meta, err);
	if (!ret)
		ret = disk_read(a->data[0], 0, a->first, SAMPLE, err);
	a->token.n_devices = p->n_devices;
	return ret;
}

/* A file system in it knows the sectors that the adopted disk had. */
static int check_blocks(const struct adopt *a, struct error *err)
{
	uint32_t most = a->token.sector_size, i;

	if (a->data[0]->block > most)
		most = a->data[0]->block;
	for (i = 1; i < a->token.n_devices; i++)
		if (a->data[i]->block > most)
			return error_set(err, EINVAL,
					 "%s has sectors of %u bytes, and the volume has smaller ones, of %u",
					 a->data[i]->path, a->data[i]->block,
					 most);
	return 0;
}

/*
 * The places of the regions are counted from the data on, back and forth: what
 * lay before the data, the old header, becomes the spare places that a rekey
 * needs. Where there are none, and no other device, the rest of the metadata
 * device serves.
 */
static int lay_out(struct adopt *a, struct error *err)
{
	struct token *token = &a->token;
	uint64_t regions, room, left;

	token->region = a->params->region;
	token->meta_offset = a->params->header ? 0 : HEADER_SECTORS;
	token->devices[0].offset = a->data_offset % token->region;
	regions = (token->sectors + token->region - 1) / token->region;
	room = volume_meta_room(regions);
	if (a->meta->sectors < token->meta_offset + room)
		return error_set(err, ENOSPC,
				 "%s is too small: the header and the metadata need %llu MiB",
				 a->meta->path, (unsigned long long)
				 (token->meta_offset + room) / 2048);
	left = a->meta->sectors - token->meta_offset - room;
	if (token->n_devices == 1 && a->data_offset < token->region &&
	    left / token->region >= SPARE_LEAST) {
		a->data[1] = a->meta;
		token->devices[1].offset = token->meta_offset + room;
		token->n_devices = 2;
	}
	return check_blocks(a, err);
}

static int check_files(const struct adopt_params *p, struct error *err)
{
	const char *files[] = { p->header, p->backup };
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(*files); i++)
		if (files[i] && !access(files[i], F_OK))
			return error_set(err, EEXIST, "%s is there already",
					 files[i]);
	return 0;
}

int adopt_begin(struct adopt *a, const struct adopt_params *params,
		struct error *err)
{
	int ret;

	memset(a, 0, sizeof(*a));
	a->params = params;
	ret = mapper_prepare(params->name, err);
	if (ret)
		return ret;
	a->first = disk_buffer(SAMPLE);
	a->before = disk_buffer(SAMPLES * SAMPLE);
	a->after = disk_buffer(SAMPLES * SAMPLE);
	ret = a->first && a->before && a->after ? check_files(params, err) :
	      error_set(err, ENOMEM, "no memory");
	if (!ret)
		ret = find_disks(a, err);
	if (!ret)
		ret = open_old(a, err);
	if (!ret)
		ret = lay_out(a, err);
	if (ret)
		adopt_end(a);
	return ret;
}

void adopt_end(struct adopt *a)
{
	while (a->n_disks)
		disk_close(&a->disks[--a->n_disks]);
	crypt_free(a->old);
	a->old = NULL;
	keys_free(&a->keys);
	if (a->before)
		explicit_bzero(a->before, SAMPLES * SAMPLE);
	if (a->after)
		explicit_bzero(a->after, SAMPLES * SAMPLE);
	free(a->first);
	free(a->before);
	free(a->after);
	a->first = a->before = a->after = NULL;
}

/* --- its key ---------------------------------------------------------------------- */

/* As with cryptsetup, a key file of plain dm-crypt is the key itself. */
static int plain_key(const struct secret *pass, char *key, size_t size,
		     struct error *err)
{
	if (pass->size < size)
		return error_set(err, EINVAL,
				 "the key file is shorter than the key, %zu bytes",
				 size);
	memcpy(key, pass->data, size);
	return 0;
}

static int get_key(struct adopt *a, const struct secret *pass,
		   struct error *err)
{
	struct secret *key = &a->keys.slot[0].key;
	size_t size = a->token.key_size;
	int ret = keys_new(&a->keys, a->token.key_size, err);

	if (ret)
		return ret;
	if (a->params->plain && !a->params->hash)
		return plain_key(pass, key->data, size, err);
	ret = crypt_volume_key_get(a->old, CRYPT_ANY_SLOT, key->data, &size,
				   pass->data ?: "", pass->size);
	if (ret == -EPERM)
		return error_set(err, EPERM, "wrong passphrase");
	if (ret < 0)
		return error_set(err, -ret, "the key of %s cannot be had: %s",
				 a->data[0]->path, header_reason(ret));
	return 0;
}

/* --- does it read the same? ---------------------------------------------------------- */

/* Pieces from the first to the last of the volume. */
static int read_samples(const struct adopt *a, const char *name, char *buf,
			struct error *err)
{
	uint64_t last = a->token.sectors / (SAMPLE / 512) - 1;
	char path[MAPPER_NAME + 16];
	struct disk disk;
	uint64_t i;
	int ret;

	snprintf(path, sizeof(path), "/dev/mapper/%s", name);
	ret = disk_open(&disk, path, DISK_LOOK, err);
	if (ret)
		return ret;
	for (i = 0; !ret && i < SAMPLES; i++)
		ret = disk_read(&disk, last * i / (SAMPLES - 1) * SAMPLE,
				buf + i * SAMPLE, SAMPLE, err);
	disk_close(&disk);
	return ret;
}

/* The kernel has held it meanwhile; in between, nobody may have changed it. */
static int hold_again(struct adopt *a, struct error *err)
{
	char *page = disk_buffer(SAMPLE);
	int ret;

	if (!page)
		return error_set(err, ENOMEM, "no memory");
	ret = disk_reopen(a->data[0], DISK_WRITE, err);
	if (!ret)
		ret = disk_read(a->data[0], 0, page, SAMPLE, err);
	if (!ret && memcmp(page, a->first, SAMPLE) && !a->params->plain)
		ret = error_set(err, EAGAIN, "%s has been changed meanwhile",
				a->data[0]->path);
	free(page);
	return ret;
}

static int read_by_crypt(struct adopt *a, struct error *err)
{
	const struct secret *key = &a->keys.slot[0].key;
	uint32_t flags = CRYPT_ACTIVATE_READONLY | CRYPT_ACTIVATE_PRIVATE;
	char name[MAPPER_NAME];
	struct error second;
	int ret, held;

	if (a->token.large_iv)
		flags |= CRYPT_ACTIVATE_IV_LARGE_SECTORS;
	mapper_private_name("crypt", name);
	ret = disk_yield(a->data[0], err);
	if (ret)
		return ret;
	ret = crypt_activate_by_volume_key(a->old, name, key->data, key->size,
					   flags);
	if (ret < 0) {
		ret = error_set(err, -ret, "dm-crypt does not open %s: %s",
				a->data[0]->path, header_reason(ret));
	} else {
		ret = read_samples(a, name, a->before, err);
		if (crypt_deactivate(a->old, name) && !ret)
			ret = error_set(err, EBUSY, "%s cannot be closed", name);
	}
	held = hold_again(a, &second);
	if (ret || !held)
		return ret;
	*err = second;
	return held;
}

int adopt_unlock(struct adopt *a, const struct secret *pass, struct error *err)
{
	int ret;

	keys_free(&a->keys);
	ret = get_key(a, pass, err);
	return ret ? ret : read_by_crypt(a, err);
}

/* --- making it ours ----------------------------------------------------------------- */

static int keep_header(struct adopt *a, struct error *err)
{
	const char *path = a->params->backup;
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

/* Complete, with the mark that the old header is to go, but in memory. */
static int make_header(struct adopt *a, struct header *header,
		       const struct secret *pass, struct error *err)
{
	struct token *token = &header->token;
	int ret;

	ret = header_new(header, err);
	if (ret)
		return ret;
	*token = a->token;
	token->n_slots = 1;
	token->slots[0].owner = true;
	strcpy(token->slots[0].user, a->params->user);
	token->wipe = !a->params->plain && !a->params->luks_header;
	token->wipe_sectors = a->data_offset;
	ret = header_add_key(header, 0, &a->keys.meta, &a->keys.slot[0].key,
			     pass, &a->params->cost, err);
	if (!ret)
		ret = header_write(header, err);
	if (ret)
		header_close(header);
	return ret;
}

static int wipe_meta(struct adopt *a, struct error *err)
{
	const struct token *token = &a->token;
	uint64_t regions = (token->sectors + token->region - 1) / token->region;
	uint32_t i;
	int ret;

	ret = disk_wipe(a->meta, 0, SAMPLE, err);
	if (!ret)
		ret = disk_wipe(a->meta, token->meta_offset * 512,
				volume_meta_room(regions) * 512, err);
	for (i = 1; !ret && i < token->n_devices; i++)
		ret = disk_wipe(a->data[i], token->devices[i].offset * 512,
				SAMPLE, err);
	return ret;
}

static int compare(struct adopt *a, struct error *err)
{
	int ret = read_samples(a, a->params->name, a->after, err);

	if (!ret && memcmp(a->before, a->after, SAMPLES * SAMPLE))
		ret = error_set(err, EIO,
				"%s does not read the same as with dm-crypt: nothing was changed on it",
				a->data[0]->path);
	return ret;
}

/* While the kernel has the disks, nobody else gets them. */
static int install(struct adopt *a, struct header *header, struct error *err)
{
	int ret;

	if (a->params->header)
		return header_install_file(header, a->params->header, err);
	ret = disk_reopen(a->meta, DISK_SHARED, err);
	return ret ? ret : header_install_disk(header, a->meta, err);
}

/* Formatted, opened, read; then its header makes it ours; closed. */
static int take_over(struct adopt *a, struct header *header, struct error *err)
{
	struct activate how = {
		.name = a->params->name, .meta = a->meta, .adopt = true,
		.adopt_place = a->data_offset / a->token.region,
	};
	struct error second;
	int ret, closed;
	uint32_t i;

	for (i = 0; i < a->token.n_devices; i++)
		how.devices[i] = a->data[i];
	ret = activate(header, &how, &a->keys, err);
	if (ret)
		return ret;
	ret = compare(a, err);
	if (!ret)
		ret = install(a, header, err);
	closed = mapper_remove(a->params->name, &second);
	if (ret || !closed)
		return ret;
	*err = second;
	return closed;
}

/* Behind the header's way to its place: a further one, to change it there. */
static int wipe_old(struct adopt *a, const struct header *made,
		    struct error *err)
{
	struct header header;
	int ret;

	ret = disk_reopen(a->data[0], DISK_WRITE, err);
	if (!ret)
		ret = a->params->header ?
		      header_load(&header, made->path, err) :
		      header_load_disk(&header, a->meta, err);
	if (ret)
		return ret;
	ret = adopt_finish(&header, a->data[0], &a->keys.slot[0].key, err);
	header_close(&header);
	return ret;
}

static int make(struct adopt *a, struct header *header, struct error *err)
{
	const char *file = a->params->header;
	int ret = activate_try(header, &a->keys, err);

	if (!ret && header->token.wipe)
		ret = keep_header(a, err);
	if (!ret && file)
		ret = header_prepare_file(header, file, err);
	if (ret)
		return ret;
	/* from here on disks are written, but for the adopted one */
	ret = wipe_meta(a, err);
	if (!ret)
		ret = take_over(a, header, err);
	if (ret && file)
		header_discard_file(file);
	return ret;
}

int adopt_make(struct adopt *a, const struct secret *pass, struct error *err)
{
	struct header header;
	bool wipe;
	int ret;

	ret = make_header(a, &header, pass, err);
	if (ret)
		return ret;
	ret = make(a, &header, err);
	strcpy(a->uuid, header.uuid);
	wipe = header.token.wipe;
	/* the lock goes with it: the wiping takes it anew */
	close(header.lock);
	header.lock = -1;
	if (!ret && wipe)
		ret = wipe_old(a, &header, err);
	header_close(&header);
	return ret;
}

/* --- the old header goes ------------------------------------------------------------- */

static int has_luks(const struct disk *disk, char *page, struct error *err)
{
	static const char magic[6] = "LUKS\xba\xbe";
	int ret = disk_read(disk, 0, page, SAMPLE, err);

	return ret ? ret : !memcmp(page, magic, sizeof(magic));
}

/*
 * Bytes of the first copy of a LUKS2 header, with its JSON, or of all that
 * identifies a LUKS1 header. It goes last: it proves which header it is.
 */
static size_t head_bytes(const char *page)
{
	uint16_t version;
	uint64_t bytes;

	memcpy(&version, page + 6, sizeof(version));
	memcpy(&bytes, page + 8, sizeof(bytes));
	bytes = be64toh(bytes);
	if (be16toh(version) == 2 && bytes >= SAMPLE && bytes <= HEAD_MAX &&
	    !(bytes % SAMPLE))
		return (size_t)bytes;
	return SAMPLE;
}

/* Is it a header of the volume with this key? */
static int prove(const struct disk *disk, const struct secret *key,
		 uint64_t *bytes, struct error *err)
{
	struct crypt_device *cd = NULL;
	char self[DISK_SELF];
	int ret;

	disk_self(disk, self);
	ret = crypt_init(&cd, self);
	if (!ret)
		ret = crypt_load(cd, CRYPT_LUKS, NULL);
	if (!ret)
		ret = crypt_volume_key_verify(cd, key->data, key->size);
	if (ret >= 0)
		*bytes = crypt_get_data_offset(cd) * 512;
	crypt_free(cd);
	if (ret >= 0)
		return 0;
	return error_set(err, EEXIST,
			 "%s has a LUKS header that is not the one that was adopted: it is another disk, or something else was put on it since; nothing was changed",
			 disk->path);
}

static int wipe_proven(const struct disk *disk, const char *page,
		       const struct header *header, const struct secret *key,
		       struct error *err)
{
	uint64_t bytes = 0, most = header->token.wipe_sectors * 512;
	size_t head = head_bytes(page);
	int ret = prove(disk, key, &bytes, err);

	if (ret)
		return ret;
	if (bytes > most)
		bytes = most;
	if (bytes > head)
		ret = disk_wipe(disk, head, bytes - head, err);
	else
		head = bytes ? (size_t)bytes : SAMPLE;
	return ret ? ret : disk_wipe(disk, 0, head, err);
}

int adopt_finish(struct header *header, const struct disk *disk,
		 const struct secret *key, struct error *err)
{
	char *page = disk_buffer(SAMPLE);
	int ret;

	if (!page)
		return error_set(err, ENOMEM, "no memory");
	ret = has_luks(disk, page, err);
	if (ret > 0)
		ret = wipe_proven(disk, page, header, key, err);
	free(page);
	if (ret)
		return ret;
	header->token.wipe = false;
	return header_write(header, err);
}
