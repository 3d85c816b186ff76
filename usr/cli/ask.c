// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "ask.h"

#define LINE_MAX_BYTES	512u

static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

#define N_ENDS	(sizeof(ends) / sizeof(*ends))

static volatile sig_atomic_t interrupted;

static void interrupt(int sig)
{
	(void)sig;
	interrupted = 1;
}

/* What was set before asking, to be set again. */
struct quiet {
	int tty;
	struct termios termios;
	struct sigaction action[N_ENDS];
	sigset_t mask;
};

/* No echo, and signals that come in ppoll() alone. Returns 0 or an errno. */
static int quiet_begin(struct quiet *quiet, int tty)
{
	struct sigaction act = { .sa_handler = interrupt };
	struct termios silent;
	sigset_t block;
	size_t i;

	quiet->tty = tty;
	if (tcgetattr(tty, &quiet->termios))
		return errno;
	interrupted = 0;
	sigemptyset(&block);
	for (i = 0; i < N_ENDS; i++)
		sigaddset(&block, ends[i]);
	sigprocmask(SIG_BLOCK, &block, &quiet->mask);
	for (i = 0; i < N_ENDS; i++) {
		sigaction(ends[i], NULL, &quiet->action[i]);
		/* nohup's and the shell's "&" stay */
		if (quiet->action[i].sa_handler != SIG_IGN)
			sigaction(ends[i], &act, NULL);
	}
	silent = quiet->termios;
	silent.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	tcsetattr(tty, TCSAFLUSH, &silent);
	return 0;
}

static void quiet_end(const struct quiet *quiet)
{
	size_t i;

	tcsetattr(quiet->tty, TCSAFLUSH, &quiet->termios);
	for (i = 0; i < N_ENDS; i++)
		sigaction(ends[i], &quiet->action[i], NULL);
	sigprocmask(SIG_SETMASK, &quiet->mask, NULL);
}

/* A byte, or false at the end of the line or of asking. */
static bool next_byte(const struct quiet *quiet, char *byte)
{
	struct pollfd pfd = { .fd = quiet->tty, .events = POLLIN };

	while (!interrupted) {
		if (ppoll(&pfd, 1, NULL, &quiet->mask) < 0)
			continue;
		return read(quiet->tty, byte, 1) == 1 && *byte != '\n';
	}
	return false;
}

static int read_line(struct secret *secret, int tty, const char *prompt,
		     struct error *err)
{
	struct quiet quiet;
	int ret;

	ret = secret_alloc(secret, LINE_MAX_BYTES, err);
	if (ret)
		return ret;
	ret = quiet_begin(&quiet, tty);
	if (ret) {
		secret_free(secret);
		return error_set(err, ret, "the terminal cannot be used: %s",
				 strerror(ret));
	}
	dprintf(tty, "%s", prompt);
	secret->size = 0;
	while (secret->size < LINE_MAX_BYTES &&
	       next_byte(&quiet, secret->data + secret->size))
		secret->size++;
	quiet_end(&quiet);
	dprintf(tty, "\n");
	if (interrupted)
		ret = error_set(err, EINTR, "interrupted");
	else if (secret->size == LINE_MAX_BYTES)
		ret = error_set(err, E2BIG,
				"a passphrase on a terminal has less than %u bytes",
				LINE_MAX_BYTES);
	if (ret)
		secret_free(secret);
	return ret;
}

static int read_terminal(struct secret *secret, int tty, const char *prompt,
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

bool ask_has_terminal(const struct ask_source *source)
{
	return !source->file && source->fd < 0 && isatty(STDIN_FILENO);
}

static int read_source(struct secret *secret, const struct ask_source *source,
		       const char *prompt, bool new, struct error *err)
{
	int tty, ret;

	if (source->file)
		return secret_read_file(secret, source->file, err);
	if (source->fd >= 0)
		return secret_read(secret, source->fd, false, err);
	/* as with cryptsetup, a line may be piped in */
	if (!isatty(STDIN_FILENO))
		return secret_read(secret, STDIN_FILENO, true, err);
	tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (tty < 0)
		return error_set(err, errno,
				 "there is no terminal to ask for a passphrase on: use --key-file or --key-fd");
	ret = read_terminal(secret, tty, prompt, new, err);
	close(tty);
	return ret;
}

int ask_secret(struct secret *secret, const struct ask_source *source,
	       const char *prompt, bool new, struct error *err)
{
	int ret;

	memset(secret, 0, sizeof(*secret));
	ret = read_source(secret, source, prompt, new, err);
	if (ret || !new || secret->size)
		return ret;
	secret_free(secret);
	return error_set(err, EINVAL, "the new passphrase is empty");
}

bool ask_yes(const char *question)
{
	char answer[8] = "";

	if (!isatty(STDIN_FILENO))
		return false;
	fprintf(stderr, "%s Type YES to go on: ", question);
	return fgets(answer, sizeof(answer), stdin) &&
	       !strcmp(answer, "YES\n");
}
