// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "header.h"
#include "runtime.h"

#define SUBSYSTEM	"hearth"
#define JSON_AREA	131072		/* bytes, of one of the two copies */
#define HEADER_BYTES	(HEADER_SECTORS * 512)
#define COPY_BLOCK	262144		/* bytes */

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

static void begin(struct header *header)
{
	memset(header, 0, sizeof(*header));
	header->token_id = -1;
	header->memory = -1;
	header->lock = -1;
}

/* --- in memory ------------------------------------------------------------------ */

/* A file that is nowhere, as long as a header. Returns 0 or a negative errno. */
static int memory_new(struct header *header)
{
	header->memory = memfd_create("hearth-header", MFD_CLOEXEC);
	if (header->memory < 0 || ftruncate(header->memory, HEADER_BYTES))
		return -errno;
	return 0;
}

static int memory_init(struct header *header)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", header->memory);
	return crypt_init(&header->cd, path);
}

static int format(struct header *header)
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
				      HEADER_BYTES - 2 * JSON_AREA);
	if (!ret)
		ret = crypt_set_data_offset(header->cd, HEADER_SECTORS);
	if (!ret)
		ret = crypt_format(header->cd, CRYPT_LUKS2, "aes",
				   "xts-plain64", NULL, NULL, 64, &params);
	return ret;
}

int header_new(struct header *header, struct error *err)
{
	int ret;

	listen_errors();
	begin(header);
	ret = memory_new(header);
	if (!ret)
		ret = memory_init(header);
	if (!ret)
		ret = format(header);
	if (ret) {
		error_set(err, -ret, "no header can be made: %s",
			  header_reason(ret));
	} else {
		strcpy(header->uuid, crypt_get_uuid(header->cd));
		ret = runtime_lock(header->uuid, &header->lock, err);
	}
	if (ret)
		header_close(header);
	return ret;
}

/* --- from memory to where it is to be --------------------------------------------- */

static int no_memory(struct error *err)
{
	return error_set(err, ENOMEM, "no memory for a header");
}

/* All of it, to be freed. */
static char *read_memory(const struct header *header, struct error *err)
{
	char *buf = disk_buffer(HEADER_BYTES);
	size_t have = 0;
	ssize_t n;

	if (!buf)
		no_memory(err);
	while (buf && have < HEADER_BYTES) {
		n = pread(header->memory, buf + have, HEADER_BYTES - have,
			  (off_t)have);
		if (n <= 0) {
			error_set(err, EIO, "a header in memory cannot be read");
			free(buf);
			return NULL;
		}
		have += (size_t)n;
	}
	return buf;
}

int header_install_disk(struct header *header, const struct disk *disk,
			struct error *err)
{
	char *buf = read_memory(header, err);
	int ret;

	if (!buf)
		return -err->code;
	/* the keyslots, then the second copy, then the first: one is a header */
	ret = disk_write(disk, 2 * JSON_AREA, buf + 2 * JSON_AREA,
			 HEADER_BYTES - 2 * JSON_AREA, err);
	if (!ret)
		ret = disk_sync(disk, err);
	if (!ret)
		ret = disk_write(disk, JSON_AREA, buf + JSON_AREA, JSON_AREA,
				 err);
	if (!ret)
		ret = disk_write(disk, 0, buf, JSON_AREA, err);
	if (!ret)
		ret = disk_sync(disk, err);
	free(buf);
	if (!ret)
		strcpy(header->path, disk->path);
	return ret;
}

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

static void prepared_name(const char *path, char *name)
{
	snprintf(name, PATH_MAX, "%.*s.hearth-%d", PATH_MAX - 32, path,
		 (int)getpid());
}

static int write_file(int fd, const char *buf, size_t size)
{
	size_t done = 0;
	ssize_t n;

	while (done < size) {
		n = write(fd, buf + done, size - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -ENOSPC;
		done += (size_t)n;
	}
	return fsync(fd) ? -errno : 0;
}

static int prepare_file(struct header *header, const char *path,
			struct error *err)
{
	char name[PATH_MAX], *buf = read_memory(header, err);
	int fd, ret;

	if (!buf)
		return -err->code;
	prepared_name(path, name);
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ret = fd < 0 ? -errno : write_file(fd, buf, HEADER_BYTES);
	if (fd >= 0)
		close(fd);
	free(buf);
	if (!ret)
		return 0;
	header_discard_file(path);
	return error_set(err, -ret, "%s cannot be made: %s", path,
			 strerror(-ret));
}

int header_prepare_file(struct header *header, const char *path,
			struct error *err)
{
	if (!access(path, F_OK))
		return error_set(err, EEXIST, "%s cannot be made: it is there",
				 path);
	return prepare_file(header, path, err);
}

int header_replace_file(struct header *header, const char *path,
			struct error *err)
{
	char name[PATH_MAX];
	int ret = prepare_file(header, path, err);

	if (ret)
		return ret;
	prepared_name(path, name);
	if (rename(name, path)) {
		ret = error_set(err, errno, "%s cannot be replaced: %s", path,
				strerror(errno));
		unlink(name);
		return ret;
	}
	header_sync_folder(path);
	return 0;
}

int header_install_file(struct header *header, const char *path,
			struct error *err)
{
	char name[PATH_MAX];
	int ret;

	prepared_name(path, name);
	ret = renameat2(AT_FDCWD, name, AT_FDCWD, path, RENAME_NOREPLACE);
	/* not every file system can do that */
	if (ret && errno == EINVAL && access(path, F_OK))
		ret = rename(name, path);
	if (ret)
		return error_set(err, errno, "%s cannot be made: %s", path,
				 strerror(errno));
	header_sync_folder(path);
	if (!realpath(path, header->path))
		return error_set(err, errno, "%s cannot be used: %s", path,
				 strerror(errno));
	return 0;
}

void header_discard_file(const char *path)
{
	char name[PATH_MAX];

	prepared_name(path, name);
	unlink(name);
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
				 "the volume on %s was begun and never finished: create it again",
				 header->path);
	return error_set(err, ENODATA,
			 "%s has a LUKS2 header, but not of a volume of ours",
			 header->path);
}

static int no_header(const char *path, int ret, struct error *err)
{
	if (ret == -EINVAL)
		return error_set(err, EINVAL,
				 "%s has no header of a volume: it is another disk, or the header is elsewhere (--meta, --header)",
				 path);
	return error_set(err, -ret, "%s has no header of a volume: %s", path,
			 header_reason(ret));
}

/* What is behind @header->cd. */
static int load(struct header *header, struct error *err)
{
	int ret = crypt_load(header->cd, CRYPT_LUKS2, NULL);

	if (ret)
		return no_header(header->path, ret, err);
	snprintf(header->uuid, sizeof(header->uuid), "%s",
		 crypt_get_uuid(header->cd));
	return find_token(header, err);
}

/* The bytes of a device or a file into memory, as many as there are. */
static int copy_to_memory(struct header *header, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret = 0;
	static char buf[COPY_BLOCK];
	off_t at = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	while (!ret && at < HEADER_BYTES) {
		n = pread(fd, buf, sizeof(buf), at);
		if (n < 0)
			ret = -errno;
		if (n <= 0)
			break;
		if (pwrite(header->memory, buf, (size_t)n, at) != n)
			ret = -EIO;
		at += n;
	}
	close(fd);
	return ret;
}

/* @at leads to what is called @path. */
static int peek(struct header *header, const char *at, const char *path,
		struct error *err)
{
	int ret;

	listen_errors();
	begin(header);
	ret = realpath(path, header->path) ? 0 : -errno;
	if (!ret)
		ret = memory_new(header);
	if (!ret)
		ret = copy_to_memory(header, at);
	if (!ret)
		ret = memory_init(header);
	if (ret)
		error_set(err, -ret, "%s cannot be read: %s", path,
			  strerror(-ret));
	else
		ret = load(header, err);
	if (ret)
		header_close(header);
	return ret;
}

static int open_there(struct header *header, const char *at, const char *path,
		      struct error *err)
{
	int ret;

	listen_errors();
	begin(header);
	ret = realpath(path, header->path) ? 0 : -errno;
	if (!ret)
		ret = crypt_init(&header->cd, at);
	if (ret)
		return error_set(err, -ret, "%s cannot be used: %s", path,
				 header_reason(ret));
	ret = load(header, err);
	if (ret)
		header_close(header);
	return ret;
}

static int lock_and_load(struct header *header, const char *at,
			 const char *path, struct error *err)
{
	char uuid[sizeof(header->uuid)];
	int lock, ret = peek(header, at, path, err);

	if (ret)
		return ret;
	strcpy(uuid, header->uuid);
	header_close(header);
	ret = runtime_lock(uuid, &lock, err);
	if (ret)
		return ret;
	/* once more: it may have changed before the lock was ours */
	ret = open_there(header, at, path, err);
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

int header_peek(struct header *header, const char *path, struct error *err)
{
	return peek(header, path, path, err);
}

int header_peek_disk(struct header *header, const struct disk *disk,
		     struct error *err)
{
	char self[DISK_SELF];

	disk_self(disk, self);
	return peek(header, self, disk->path, err);
}

int header_load(struct header *header, const char *path, struct error *err)
{
	return lock_and_load(header, path, path, err);
}

int header_load_disk(struct header *header, const struct disk *disk,
		     struct error *err)
{
	char self[DISK_SELF];

	disk_self(disk, self);
	return lock_and_load(header, self, disk->path, err);
}

void header_close(struct header *header)
{
	if (header->cd)
		crypt_free(header->cd);
	header->cd = NULL;
	if (header->memory >= 0)
		close(header->memory);
	header->memory = -1;
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

bool header_has_key(const struct header *header, uint32_t keyslot)
{
	crypt_keyslot_info info = crypt_keyslot_status(header->cd,
						       (int)keyslot);

	return info != CRYPT_SLOT_INACTIVE && info != CRYPT_SLOT_INVALID;
}

static bool is_taken(const struct token *token, uint32_t keyslot)
{
	uint32_t i;

	for (i = 0; i < token->n_slots; i++)
		if ((token->slots[i].owner &&
		     token->slots[i].keyslot == keyslot) ||
		    (token->slots[i].changing &&
		     token->slots[i].other == keyslot) ||
		    (token->slots[i].rotating &&
		     token->slots[i].next == keyslot))
			return true;
	return false;
}

int header_free_key(const struct header *header, bool new, struct error *err)
{
	int i, n = 0, found = -1;

	for (i = 0; i < crypt_keyslot_max(CRYPT_LUKS2); i++) {
		if (header_has_key(header, (uint32_t)i))
			n++;
		else if (found < 0 && !is_taken(&header->token, (uint32_t)i))
			found = i;
	}
	/* a key that is there has its digest, of which there are few */
	if ((n < HEADER_KEYS || !new) && found >= 0)
		return found;
	return error_set(err, ENOSPC,
			 "the header has room for %d slots of owners, and that many are there: erase one first, or make an owner a user (slot role)",
			 HEADER_KEYS);
}

bool header_has_owner_beside(const struct header *header, uint32_t keyslot)
{
	const struct token *token = &header->token;
	const struct token_slot *s;

	for (s = token->slots; s < token->slots + token->n_slots; s++)
		if (token_is_owner(s) && s->state == TOKEN_USED &&
		    s->keyslot != keyslot && header_has_key(header, s->keyslot))
			return true;
	return false;
}

int header_measure(struct header *header, const struct header_cost *cost,
		   uint32_t *passes, uint32_t *memory, uint32_t *lanes,
		   struct error *err)
{
	static const char salt[TOKEN_SALT], pass[] = "measure";
	struct crypt_pbkdf_type type;
	int ret;

	*said = '\0';
	ret = set_cost(header, cost);
	if (!ret) {
		type = *crypt_get_pbkdf_type(header->cd);
		if (!(type.flags & CRYPT_PBKDF_NO_BENCHMARK))
			ret = crypt_benchmark_pbkdf(header->cd, &type, pass,
						    sizeof(pass), salt,
						    sizeof(salt), TOKEN_SALT,
						    NULL, NULL);
	}
	if (ret < 0)
		return error_set(err, -ret, "what a passphrase is to cost cannot be measured: %s",
				 header_reason(ret));
	*passes = type.iterations;
	*memory = type.max_memory_kb;
	*lanes = type.parallel_threads;
	return 0;
}

int header_add_key(struct header *header, uint32_t keyslot,
		   const struct secret *meta, const struct secret *key,
		   const struct secret *pass, const struct header_cost *cost,
		   struct error *err)
{
	struct secret both;
	int ret = secret_alloc(&both, meta->size + key->size, err);

	if (ret)
		return ret;
	memcpy(both.data, meta->data, meta->size);
	memcpy(both.data + meta->size, key->data, key->size);
	*said = '\0';
	ret = set_cost(header, cost);
	if (!ret)
		ret = crypt_keyslot_add_by_key(header->cd, (int)keyslot,
					       both.data, both.size,
					       pass->data, pass->size,
					       CRYPT_VOLUME_KEY_NO_SEGMENT |
					       CRYPT_VOLUME_KEY_DIGEST_REUSE);
	secret_free(&both);
	if (ret < 0)
		return error_set(err, -ret, "a keyslot cannot be added to the header%s%s: %s",
				 *header->path ? " on " : "", header->path,
				 header_reason(ret));
	return 0;
}

static int no_key(uint32_t keyslot, struct error *err)
{
	return error_set(err, ENOKEY,
			 "keyslot %u of the header is not there, or holds no key of this volume",
			 keyslot);
}

static int split(const struct secret *both, struct secret *meta,
		 struct secret *key, struct error *err)
{
	int ret = secret_alloc(meta, HEADER_META_KEY, err);

	if (ret)
		return ret;
	ret = secret_alloc(key, both->size - HEADER_META_KEY, err);
	if (ret) {
		secret_free(meta);
		return ret;
	}
	memcpy(meta->data, both->data, meta->size);
	memcpy(key->data, both->data + meta->size, key->size);
	return 0;
}

int header_get_key(struct header *header, uint32_t keyslot,
		   const struct secret *pass, struct secret *meta,
		   struct secret *key, struct error *err)
{
	size_t size = HEADER_META_KEY + header->token.key_size;
	struct secret both;
	int ret, given;

	if (!header_has_key(header, keyslot))
		return no_key(keyslot, err);
	ret = secret_alloc(&both, size, err);
	if (ret)
		return ret;
	*said = '\0';
	ret = crypt_volume_key_get(header->cd, (int)keyslot, both.data, &size,
				   pass->data, pass->size);
	given = ret >= 0 && size == both.size ?
		split(&both, meta, key, err) : -ENODATA;
	secret_free(&both);
	if (given != -ENODATA)
		return given;
	if (ret == -EPERM)
		return error_set(err, EPERM, "wrong passphrase");
	if (ret >= 0 || ret == -ENOENT)
		return no_key(keyslot, err);
	return error_set(err, -ret, "keyslot %u cannot be opened: %s", keyslot,
			 header_reason(ret));
}

int header_drop_key(struct header *header, uint32_t keyslot, struct error *err)
{
	int ret;

	if (!header_has_key(header, keyslot))
		return 0;
	/* who can write to the disk can write marks: see Documentation/internals/volumes.rst */
	if (header->token.n_slots > 1 &&
	    !header_has_owner_beside(header, keyslot))
		return error_set(err, EBUSY,
				 "keyslot %u is that of the last owner, without whom nobody opens the volume: it stays",
				 keyslot);
	*said = '\0';
	ret = crypt_keyslot_destroy(header->cd, (int)keyslot);
	if (ret < 0)
		return error_set(err, -ret, "keyslot %u cannot be destroyed: %s",
				 keyslot, header_reason(ret));
	return 0;
}
