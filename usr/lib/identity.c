// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "identity.h"

#define FILE_MAX	4096	/* bytes of a key file */

static int tls_error(struct error *err, int ret, const char *what)
{
	return error_set(err, ret == GNUTLS_E_MEMORY_ERROR ? ENOMEM : EIO,
			 "%s: %s", what, gnutls_strerror(ret));
}

/* --- files ------------------------------------------------------------------ */

static int write_all(int fd, const void *data, size_t size)
{
	const char *at = data;
	ssize_t n;

	while (size) {
		n = write(fd, at, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		at += n;
		size -= (size_t)n;
	}
	return fsync(fd) ? -errno : 0;
}

/* The names in the folder of @path are on the disk. */
static int sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) :
			       strdup(".");
	int fd, ret = 0;

	if (!folder)
		return -ENOMEM;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(folder);
	if (fd < 0)
		return -errno;
	if (fsync(fd))
		ret = -errno;
	close(fd);
	return ret;
}

/* What is in the file has its name once, and whole: never half a key. */
static int publish(const char *from, const char *path, bool replace)
{
	if (replace ? rename(from, path) : link(from, path))
		return -errno;
	if (!replace)
		unlink(from);
	return sync_folder(path);
}

/* Where a key is until it is whole. The caller of these has the folder for himself. */
static char *beside(const char *path)
{
	char *from;

	return asprintf(&from, "%s.new", path) < 0 ? NULL : from;
}

/* What was cut off in between is a key that nobody has. */
static void sweep(const char *path)
{
	char *from = beside(path);

	if (from)
		unlink(from);
	free(from);
}

static int keep(const char *path, const gnutls_datum_t *pem, bool replace,
		struct error *err)
{
	char *from = beside(path);
	int fd, ret;

	if (!from)
		return error_set(err, ENOMEM, "out of memory");
	unlink(from);
	fd = open(from, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ret = fd < 0 ? -errno : write_all(fd, pem->data, pem->size);
	if (fd >= 0)
		close(fd);
	if (!ret)
		ret = publish(from, path, replace);
	if (ret && fd >= 0)
		unlink(from);
	free(from);
	if (ret == -EEXIST)
		return error_set(err, EEXIST,
				 "there is a key already: %s", path);
	return ret ? error_set(err, -ret, "the key cannot be kept in %s: %s",
			       path, strerror(-ret)) : 0;
}

/* Others must not be able to read it; a key that they could read is none. */
static int check_file(int fd, const char *path, size_t *size,
		      struct error *err)
{
	struct stat st;

	if (fstat(fd, &st))
		return error_set(err, errno, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX)
		return error_set(err, EINVAL, "%s is no key", path);
	if (st.st_mode & 077)
		return error_set(err, EPERM,
				 "%s can be used by others than its owner (mode %o): chmod 600 it, or if it has been so for long, make a new one",
				 path, st.st_mode & 0777);
	*size = (size_t)st.st_size;
	return 0;
}

static int read_key(const char *path, gnutls_x509_privkey_t key,
		    struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	gnutls_datum_t pem = { 0 };
	uint8_t data[FILE_MAX];
	size_t size = 0;
	int ret;

	if (fd < 0)
		return error_set(err, errno, "the key %s cannot be read: %s",
				 path, strerror(errno));
	ret = check_file(fd, path, &size, err);
	if (!ret && read(fd, data, size) != (ssize_t)size)
		ret = error_set(err, EIO, "%s cannot be read", path);
	close(fd);
	if (ret)
		return ret;
	pem.data = data;
	pem.size = (unsigned int)size;
	ret = gnutls_x509_privkey_import(key, &pem, GNUTLS_X509_FMT_PEM);
	explicit_bzero(data, sizeof(data));
	return ret ? tls_error(err, ret, path) : 0;
}

/* --- keys -------------------------------------------------------------------- */

static int check_kind(gnutls_x509_privkey_t key, struct error *err)
{
	if (gnutls_x509_privkey_get_pk_algorithm(key) ==
	    GNUTLS_PK_EDDSA_ED25519)
		return 0;
	return error_set(err, EINVAL, "the key is not an Ed25519 key");
}

static int keep_key(gnutls_x509_privkey_t key, const char *path, bool replace,
		    struct error *err)
{
	gnutls_datum_t pem = { 0 };
	int ret = gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM,
						    NULL, GNUTLS_PKCS_PLAIN,
						    &pem);

	if (ret)
		return tls_error(err, ret, "the key cannot be written");
	ret = keep(path, &pem, replace, err);
	explicit_bzero(pem.data, pem.size);
	gnutls_free(pem.data);
	return ret;
}

int identity_make(const char *path, struct error *err)
{
	gnutls_x509_privkey_t key;
	int ret = gnutls_x509_privkey_init(&key);

	if (ret)
		return tls_error(err, ret, "no key can be made");
	ret = gnutls_x509_privkey_generate(key, GNUTLS_PK_EDDSA_ED25519, 256,
					   0);
	ret = ret ? tls_error(err, ret, "no key can be made") :
		    keep_key(key, path, false, err);
	gnutls_x509_privkey_deinit(key);
	return ret;
}

int identity_import(const char *path, const void *der, size_t size,
		    struct error *err)
{
	const gnutls_datum_t datum = { (void *)der, (unsigned int)size };
	gnutls_x509_privkey_t key;
	int ret = gnutls_x509_privkey_init(&key);

	if (ret)
		return tls_error(err, ret, "no key can be read");
	ret = gnutls_x509_privkey_import_pkcs8(key, &datum, GNUTLS_X509_FMT_DER,
					       NULL, GNUTLS_PKCS_PLAIN);
	ret = ret ? tls_error(err, ret, "there is no key in it") :
		    check_kind(key, err);
	if (!ret)
		ret = keep_key(key, path, true, err);
	gnutls_x509_privkey_deinit(key);
	return ret;
}

long identity_export(const char *path, void *der, size_t room,
		     struct error *err)
{
	gnutls_datum_t datum = { 0 };
	gnutls_x509_privkey_t key;
	long size = -ENOSPC;
	int ret = gnutls_x509_privkey_init(&key);

	if (ret)
		return tls_error(err, ret, "no key can be read");
	ret = read_key(path, key, err);
	if (!ret) {
		ret = gnutls_x509_privkey_export2_pkcs8(key,
							GNUTLS_X509_FMT_DER,
							NULL, GNUTLS_PKCS_PLAIN,
							&datum);
		if (ret)
			ret = tls_error(err, ret, path);
	}
	gnutls_x509_privkey_deinit(key);
	if (ret)
		return ret;
	if (datum.size <= room) {
		memcpy(der, datum.data, datum.size);
		size = datum.size;
	} else {
		error_set(err, ENOSPC, "the key is longer than %zu bytes",
			  room);
	}
	explicit_bzero(datum.data, datum.size);
	gnutls_free(datum.data);
	return size;
}

/* --- the certificate ---------------------------------------------------------- */

/*
 * Nothing in it counts but the key, so it has no end, nor a beginning that a machine
 * with a wrong clock could be before.
 */
static int fill(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key)
{
	uint8_t serial[16];
	int ret = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial));

	serial[0] = (serial[0] & 0x7f) | 1;
	ret = ret ? ret : gnutls_x509_crt_set_version(crt, 3);
	ret = ret ? ret : gnutls_x509_crt_set_serial(crt, serial,
						     sizeof(serial));
	ret = ret ? ret : gnutls_x509_crt_set_dn(crt, "CN=hearth", NULL);
	ret = ret ? ret : gnutls_x509_crt_set_activation_time(crt, 0);
	/* 99991231235959Z: RFC 5280, 4.1.2.5 */
	ret = ret ? ret : gnutls_x509_crt_set_expiration_time(crt, (time_t)-1);
	ret = ret ? ret : gnutls_x509_crt_set_key(crt, key);
	ret = ret ? ret :
	      gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE);
	return ret ? ret : gnutls_x509_crt_sign2(crt, crt, key,
						 GNUTLS_DIG_SHA512, 0);
}

static int use(struct identity *me, gnutls_x509_crt_t crt,
	       gnutls_x509_privkey_t key)
{
	size_t size = PEER_ID;
	int ret = fill(crt, key);

	ret = ret ? ret : gnutls_x509_crt_get_key_id(crt,
						     GNUTLS_KEYID_USE_SHA256,
						     me->id, &size);
	if (ret)
		return ret;
	ret = gnutls_certificate_allocate_credentials(&me->credentials);
	if (ret)
		return ret;
	/* an index of the key, where it is not below 0 */
	ret = gnutls_certificate_set_x509_key(me->credentials, &crt, 1, key);
	if (ret >= 0)
		return 0;
	gnutls_certificate_free_credentials(me->credentials);
	return ret;
}

int identity_load(struct identity *me, const char *path, struct error *err)
{
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt;
	int ret = gnutls_x509_privkey_init(&key);

	memset(me, 0, sizeof(*me));
	if (ret)
		return tls_error(err, ret, path);
	sweep(path);
	ret = read_key(path, key, err);
	if (!ret)
		ret = check_kind(key, err);
	if (!ret) {
		ret = gnutls_x509_crt_init(&crt);
		if (!ret) {
			ret = use(me, crt, key);
			gnutls_x509_crt_deinit(crt);
		}
		if (ret)
			ret = tls_error(err, ret, path);
	}
	gnutls_x509_privkey_deinit(key);
	if (ret)
		memset(me, 0, sizeof(*me));
	return ret;
}

void identity_free(struct identity *me)
{
	if (me->credentials)
		gnutls_certificate_free_credentials(me->credentials);
	memset(me, 0, sizeof(*me));
}

int identity_of(const gnutls_datum_t *certificate, uint8_t id[static PEER_ID])
{
	size_t size = PEER_ID;
	gnutls_x509_crt_t crt;
	int ret = gnutls_x509_crt_init(&crt);

	if (ret)
		return -ENOMEM;
	ret = gnutls_x509_crt_import(crt, certificate, GNUTLS_X509_FMT_DER);
	ret = ret ? ret : gnutls_x509_crt_get_key_id(crt,
						     GNUTLS_KEYID_USE_SHA256,
						     id, &size);
	gnutls_x509_crt_deinit(crt);
	return ret ? -EPROTO : 0;
}

bool identity_same(const uint8_t a[static PEER_ID],
		   const uint8_t b[static PEER_ID])
{
	return !gnutls_memcmp(a, b, PEER_ID);
}
