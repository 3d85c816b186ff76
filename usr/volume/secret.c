// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <libcryptsetup.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <termios.h>
#include <unistd.h>

#include "secret.h"

#define SECRET_MAX	(8u << 20)	/* bytes, as cryptsetup has it */
#define LINE_MAX_BYTES	512u

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

/* Until the end, or until a line's end where @line. Grows as it reads. */
static int read_all(struct secret *secret, int fd, bool line,
		    struct error *err)
{
	size_t room = 4096;
	char *grown;
	ssize_t n;
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
	if (!ret && !secret->size)
		ret = error_set(err, EINVAL, "the passphrase is empty");
	if (ret)
		secret_free(secret);
	return ret;
}

static int read_file(struct secret *secret, const char *path,
		     struct error *err)
{
	int fd, ret;

	if (!strcmp(path, "-"))
		return read_all(secret, STDIN_FILENO, false, err);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, errno, "%s cannot be read: %s", path,
				 strerror(errno));
	ret = read_all(secret, fd, false, err);
	close(fd);
	return ret;
}

/* --- the terminal ----------------------------------------------------------- */

static volatile sig_atomic_t interrupted;

static void interrupt(int sig)
{
	(void)sig;
	interrupted = 1;
}

/* One line; the terminal is as before when this returns, also after Ctrl-C. */
static int read_line(struct secret *secret, int tty, const char *prompt,
		     struct error *err)
{
	struct sigaction act = { .sa_handler = interrupt }, old;
	struct termios before, quiet;
	ssize_t n = 0;
	int ret;

	if (tcgetattr(tty, &before))
		return error_set(err, errno, "the terminal cannot be used: %s",
				 strerror(errno));
	ret = secret_alloc(secret, LINE_MAX_BYTES, err);
	if (ret)
		return ret;
	interrupted = 0;
	sigaction(SIGINT, &act, &old);
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	tcsetattr(tty, TCSAFLUSH, &quiet);
	dprintf(tty, "%s", prompt);
	secret->size = 0;
	while (secret->size < LINE_MAX_BYTES && !interrupted) {
		n = read(tty, secret->data + secret->size, 1);
		if (n != 1 || secret->data[secret->size] == '\n')
			break;
		secret->size++;
	}
	tcsetattr(tty, TCSAFLUSH, &before);
	sigaction(SIGINT, &old, NULL);
	dprintf(tty, "\n");
	if (interrupted)
		ret = error_set(err, EINTR, "interrupted");
	else if (secret->size == LINE_MAX_BYTES)
		ret = error_set(err, E2BIG,
				"a passphrase on a terminal has less than %u bytes",
				LINE_MAX_BYTES);
	else if (!secret->size)
		ret = error_set(err, EINVAL, "the passphrase is empty");
	if (ret)
		secret_free(secret);
	return ret;
}

static int read_tty(struct secret *secret, int tty, const char *prompt,
		    bool new, struct error *err)
{
	struct secret again = { 0 };
	char text[256];
	int ret;

	snprintf(text, sizeof(text), "%s: ", prompt);
	ret = read_line(secret, tty, text, err);
	if (ret || !new)
		return ret;
	snprintf(text, sizeof(text), "%s, once more: ", prompt);
	ret = read_line(&again, tty, text, err);
	if (!ret && (again.size != secret->size ||
		     memcmp(again.data, secret->data, again.size)))
		ret = error_set(err, EINVAL,
				"the two passphrases are not the same");
	secret_free(&again);
	if (ret)
		secret_free(secret);
	return ret;
}

int secret_read(struct secret *secret, const struct secret_source *source,
		const char *prompt, bool new, struct error *err)
{
	int tty, ret;

	memset(secret, 0, sizeof(*secret));
	if (source->file)
		return read_file(secret, source->file, err);
	if (source->fd >= 0)
		return read_all(secret, source->fd, false, err);
	/* as with cryptsetup, a line may be piped in */
	if (!isatty(STDIN_FILENO))
		return read_all(secret, STDIN_FILENO, true, err);
	tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (tty < 0)
		return error_set(err, errno,
				 "there is no terminal to ask for a passphrase on: use --key-file or --key-fd");
	ret = read_tty(secret, tty, prompt, new, err);
	close(tty);
	return ret;
}
