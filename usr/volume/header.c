// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "header.h"
#include "runtime.h"

#define SUBSYSTEM	"hearth"
#define JSON_AREA	131072		/* bytes, of one of the two copies */
#define WIPE_BLOCK	1048576

static char said[256];

/* Errors are kept for a sentence of ours, the rest is nobody's business. */
static void keep_error(int level, const char *text, void *arg)
{
	(void)arg;
	if (level == CRYPT_LOG_ERROR)
		snprintf(said, sizeof(said), "%.*s",
			 (int)strcspn(text, "\n"), text);
}

const char *header_reason(int ret)
{
	size_t len = strlen(said);

	if (len && said[len - 1] == '.')
		said[len - 1] = '\0';
	return len ? said : strerror(-ret);
}

static void listen_errors(void)
{
	crypt_set_log_callback(NULL, keep_error, NULL);
	*said = '\0';
}

/* --- making one --------------------------------------------------------------- */

void header_sync_folder(const char *path)
{
	char folder[PATH_MAX];
	int fd;

	snprintf(folder, sizeof(folder), "%s", path);
	fd = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

/* A file is made as long as it has to be; nobody else may read it. */
static int make_file(const char *path, struct error *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int ret = 0;

	if (fd < 0)
		return error_set(err, errno, "%s cannot be made: %s", path,
				 strerror(errno));
	if (ftruncate(fd, HEADER_SECTORS * 512L) || fsync(fd))
		ret = error_set(err, errno, "%s cannot be written: %s", path,
				strerror(errno));
	close(fd);
	header_sync_folder(path);
	return ret;
}

static int begin(struct header *header, const char *path)
{
	memset(header, 0, sizeof(*header));
	header->token_id = -1;
	header->lock = -1;
	if (!realpath(path, header->path))
		return -errno;
	return 0;
}

static int format(struct header *header, bool detached)
{
	struct crypt_pbkdf_type cost = {
		/* of the digest of a key that nobody has: any will do */
		.type = CRYPT_KDF_PBKDF2, .hash = "sha256", .iterations = 1000,
		.flags = CRYPT_PBKDF_NO_BENCHMARK,
	};
	struct crypt_params_luks2 params = {
		.pbkdf = &cost, .sector_size = 512, .subsystem = SUBSYSTEM,
	};
	int ret;

	ret = crypt_set_metadata_size(header->cd, JSON_AREA,
				      HEADER_SECTORS * 512 - 2 * JSON_AREA);
	if (!ret)
		ret = crypt_set_data_offset(header->cd,
					    detached ? 0 : HEADER_SECTORS);
	if (!ret)
		ret = crypt_format(header->cd, CRYPT_LUKS2, "aes",
				   "xts-plain64", NULL, NULL, 64, &params);
	return ret;
}

int header_format(struct header *header, const char *path, const char *data,
		  struct error *err)
{
	int ret = data ? make_file(path, err) : 0;

	if (ret)
		return ret;
	listen_errors();
	ret = begin(header, path);
	if (!ret)
		ret = data ? crypt_init_data_device(&header->cd, path, data) :
			     crypt_init(&header->cd, path);
	if (!ret)
		ret = format(header, data);
	if (ret) {
		error_set(err, -ret, "no header can be made on %s: %s", path,
			  header_reason(ret));
		goto fail;
	}
	strcpy(header->uuid, crypt_get_uuid(header->cd));
	ret = runtime_lock(header->uuid, true, &header->lock, err);
	if (!ret)
		return 0;
fail:
	crypt_free(header->cd);
	if (data)
		unlink(path);
	return ret;
}

/* --- reading it ----------------------------------------------------------------- */

static int find_token(struct header *header, struct error *err)
{
	const char *type, *json;
	int i, max = crypt_token_max(CRYPT_LUKS2);

	for (i = 0; i < max; i++) {
		if (crypt_token_status(header->cd, i, &type) < CRYPT_TOKEN_INTERNAL ||
		    strcmp(type, TOKEN_TYPE))
			continue;
		if (crypt_token_json_get(header->cd, i, &json) < 0)
			break;
		header->token_id = i;
		return token_parse(json, &header->token, err);
	}
	if (!strcmp(crypt_get_subsystem(header->cd) ?: "", SUBSYSTEM))
		return error_set(err, ENODATA,
				 "the volume on %s was begun and never finished: create it again, with --force",
				 header->path);
	return error_set(err, ENODATA,
			 "%s has a LUKS2 header, but not of a volume of ours",
			 header->path);
}

static int load(struct header *header, const char *path, struct error *err)
{
	int ret;

	listen_errors();
	ret = begin(header, path);
	if (ret)
		return error_set(err, -ret, "%s: %s", path, strerror(-ret));
	ret = crypt_init(&header->cd, path);
	if (!ret)
		ret = crypt_load(header->cd, CRYPT_LUKS2, NULL);
	if (ret)
		ret = error_set(err, -ret, "%s has no header of a volume: %s",
				path, header_reason(ret));
	else
		snprintf(header->uuid, sizeof(header->uuid), "%s",
			 crypt_get_uuid(header->cd));
	return ret;
}

int header_peek(struct header *header, const char *path, struct error *err)
{
	int ret = load(header, path, err);

	if (!ret)
		ret = find_token(header, err);
	if (ret)
		header_close(header);
	return ret;
}

int header_load(struct header *header, const char *path, bool wait,
		struct error *err)
{
	char uuid[sizeof(header->uuid)];
	int lock, ret = load(header, path, err);

	strcpy(uuid, ret ? "" : header->uuid);
	header_close(header);
	if (!ret)
		ret = runtime_lock(uuid, wait, &lock, err);
	if (ret)
		return ret;
	/* once more: it may have changed before the lock was ours */
	ret = header_peek(header, path, err);
	if (!ret && strcmp(uuid, header->uuid)) {
		header_close(header);
		ret = error_set(err, EAGAIN, "the header on %s has changed",
				path);
	}
	if (ret)
		close(lock);
	else
		header->lock = lock;
	return ret;
}

void header_close(struct header *header)
{
	if (header->cd)
		crypt_free(header->cd);
	header->cd = NULL;
	if (header->lock >= 0)
		close(header->lock);
	header->lock = -1;
}

/* --- changing it ------------------------------------------------------------------ */

int header_write(struct header *header, struct error *err)
{
	char *json = token_format(&header->token);
	int ret;

	if (!json)
		return error_set(err, ENOMEM, "no memory for a token");
	*said = '\0';
	ret = crypt_token_json_set(header->cd, header->token_id < 0 ?
				   CRYPT_ANY_TOKEN : header->token_id, json);
	free(json);
	if (ret < 0)
		return error_set(err, -ret, "the header on %s cannot be written: %s",
				 header->path, header_reason(ret));
	header->token_id = ret;
	return 0;
}

static int set_cost(struct header *header, const struct header_cost *cost)
{
	struct crypt_pbkdf_type type =
		*crypt_get_pbkdf_default(CRYPT_LUKS2);

	type.type = CRYPT_KDF_ARGON2ID;
	if (cost->memory)
		type.max_memory_kb = cost->memory;
	if (cost->iterations) {
		type.iterations = cost->iterations;
		type.flags |= CRYPT_PBKDF_NO_BENCHMARK;
		type.time_ms = 0;
	}
	return crypt_set_pbkdf_type(header->cd, &type);
}

static bool keyslot_used(struct header *header, int keyslot)
{
	crypt_keyslot_info info = crypt_keyslot_status(header->cd, keyslot);

	return info != CRYPT_SLOT_INACTIVE && info != CRYPT_SLOT_INVALID;
}

static int keyslots_used(struct header *header)
{
	int i, n = 0;

	for (i = 0; i < crypt_keyslot_max(CRYPT_LUKS2); i++)
		n += keyslot_used(header, i);
	return n;
}

int header_add_key(struct header *header, const struct secret *key,
		   const struct secret *pass, const struct header_cost *cost,
		   struct error *err)
{
	int ret;

	if (keyslots_used(header) >= HEADER_KEYS)
		return error_set(err, ENOSPC,
				 "the header has room for %d slots, and that many are there: erase one first",
				 HEADER_KEYS);
	*said = '\0';
	ret = set_cost(header, cost);
	if (!ret)
		ret = crypt_keyslot_add_by_key(header->cd, CRYPT_ANY_SLOT,
					       key->data, key->size,
					       pass->data, pass->size,
					       CRYPT_VOLUME_KEY_NO_SEGMENT);
	if (ret < 0)
		return error_set(err, -ret, "a keyslot cannot be added to the header on %s: %s",
				 header->path, header_reason(ret));
	return ret;
}

int header_get_key(struct header *header, uint32_t keyslot,
		   const struct secret *pass, struct secret *key,
		   struct error *err)
{
	size_t size = HEADER_META_KEY + header->token.key_size;
	int ret = secret_alloc(key, size, err);

	if (ret)
		return ret;
	*said = '\0';
	ret = crypt_volume_key_get(header->cd, (int)keyslot, key->data, &size,
				   pass->data, pass->size);
	if (ret >= 0 && size == key->size)
		return 0;
	secret_free(key);
	if (ret == -EPERM)
		return error_set(err, EPERM, "wrong passphrase");
	if (ret >= 0 || ret == -ENOENT)
		return error_set(err, ENOKEY,
				 "keyslot %u of the header is not there, or holds no key of this volume",
				 keyslot);
	return error_set(err, -ret, "keyslot %u cannot be opened: %s", keyslot,
			 header_reason(ret));
}

int header_change_key(struct header *header, uint32_t keyslot,
		      const struct secret *pass, const struct secret *new,
		      const struct header_cost *cost, struct error *err)
{
	int ret;

	*said = '\0';
	ret = set_cost(header, cost);
	if (!ret)
		ret = crypt_keyslot_change_by_passphrase(header->cd,
				(int)keyslot, (int)keyslot, pass->data,
				pass->size, new->data, new->size);
	if (ret == -EPERM)
		return error_set(err, EPERM, "wrong passphrase");
	if (ret < 0)
		return error_set(err, -ret, "keyslot %u cannot be changed: %s",
				 keyslot, header_reason(ret));
	return 0;
}

int header_drop_key(struct header *header, uint32_t keyslot, struct error *err)
{
	int ret;

	if (!keyslot_used(header, (int)keyslot))
		return 0;
	*said = '\0';
	ret = crypt_keyslot_destroy(header->cd, (int)keyslot);
	if (ret < 0)
		return error_set(err, -ret, "keyslot %u cannot be destroyed: %s",
				 keyslot, header_reason(ret));
	return 0;
}

int header_tidy(struct header *header, struct error *err)
{
	struct token *token = &header->token;
	int i, ret = 0;
	uint32_t s;

	for (i = 0; !ret && i < crypt_keyslot_max(CRYPT_LUKS2); i++) {
		for (s = 0; s < token->n_slots; s++)
			if (token->slots[s].keyslot == (uint32_t)i)
				break;
		if (s == token->n_slots)
			ret = header_drop_key(header, (uint32_t)i, err);
	}
	return ret;
}

int header_wipe(struct header *header, const char *path, uint64_t offset,
		uint64_t bytes, struct error *err)
{
	int fd, ret;

	*said = '\0';
	ret = crypt_wipe(header->cd, path, CRYPT_WIPE_ZERO, offset, bytes,
			 bytes < WIPE_BLOCK ? bytes : WIPE_BLOCK, 0, NULL, NULL);
	if (ret)
		return error_set(err, -ret, "%s cannot be wiped: %s", path,
				 header_reason(ret));
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || fsync(fd))
		ret = error_set(err, errno, "%s cannot be written: %s", path,
				strerror(errno));
	if (fd >= 0)
		close(fd);
	return ret;
}
