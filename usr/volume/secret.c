// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <libcryptsetup.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <unistd.h>

#include "secret.h"

#define SECRET_MAX	(8u << 20)	/* bytes, as cryptsetup has it */

void secret_begin(void)
{
	prctl(PR_SET_DUMPABLE, 0);
}

int secret_alloc(struct secret *secret, size_t size, struct error *err)
{
	secret->size = size;
	secret->data = crypt_safe_alloc(size);
	if (secret->data)
		return 0;
	secret->size = 0;
	return error_set(err, ENOMEM, "no memory for a key");
}

void secret_copy(struct secret *to, const struct secret *from)
{
	memcpy(to->data, from->data, from->size);
	to->size = from->size;
}

void secret_free(struct secret *secret)
{
	crypt_safe_free(secret->data);
	secret->data = NULL;
	secret->size = 0;
}

int secret_random(struct secret *secret, size_t size, struct error *err)
{
	size_t have = 0;
	ssize_t n;
	int ret = secret_alloc(secret, size, err);

	if (ret)
		return ret;
	while (have < size) {
		n = getrandom(secret->data + have, size - have, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			secret_free(secret);
			return error_set(err, EIO,
					 "the kernel gives no random numbers: %s",
					 strerror(errno));
		}
		have += (size_t)n;
	}
	return 0;
}

/* --- files ------------------------------------------------------------------ */

int secret_read(struct secret *secret, int fd, bool line, struct error *err)
{
	size_t room = 4096;
	char *grown;
	ssize_t n = 0;
	int ret = secret_alloc(secret, room, err);

	secret->size = 0;
	while (!ret) {
		if (secret->size == room) {
			room *= 2;
			grown = room > SECRET_MAX ? NULL :
				crypt_safe_realloc(secret->data, room);
			if (!grown) {
				ret = error_set(err, EFBIG,
						"a passphrase has at most 8 MiB");
				break;
			}
			secret->data = grown;
		}
		n = read(fd, secret->data + secret->size,
			 line ? 1 : room - secret->size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			ret = error_set(err, errno,
					"the passphrase cannot be read: %s",
					strerror(errno));
		if (n <= 0 || (line && secret->data[secret->size] == '\n'))
			break;
		secret->size += (size_t)n;
	}
	if (!ret && line && !secret->size && !n)
		ret = error_set(err, ENODATA,
				"there is no passphrase: standard input is at its end (--key-file and --key-fd name other places)");
	if (ret)
		secret_free(secret);
	return ret;
}

int secret_read_file(struct secret *secret, const char *path,
		     struct error *err)
{
	int fd, ret;

	if (!strcmp(path, "-"))
		return secret_read(secret, STDIN_FILENO, false, err);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, errno, "%s cannot be read: %s", path,
				 strerror(errno));
	ret = secret_read(secret, fd, false, err);
	close(fd);
	return ret;
}
