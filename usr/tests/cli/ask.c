// SPDX-License-Identifier: GPL-2.0
/* A passphrase is asked for on a terminal that the test holds the other end of. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "../../cli/ask.h"
#include "../test.h"

struct terminal {
	int master;
	int slave;
	pid_t pid;
};

/* Exits with 0 for the passphrase "good", else with the errno. */
static void ask(const struct terminal *t)
{
	const struct ask_source source = { .fd = -1 };
	struct secret secret;
	struct error err;

	setsid();
	ioctl(t->slave, TIOCSCTTY, 0);
	dup2(t->slave, STDIN_FILENO);
	close(t->master);
	if (ask_secret(&secret, &source, "Passphrase", false, &err))
		_exit(err.code);
	_exit(secret.size != 4 || memcmp(secret.data, "good", 4));
}

/* Returns once the prompt is there: then there is no echo, and a signal counts. */
static void begin(struct terminal *t)
{
	char text[64] = "";
	size_t n = 0;
	ssize_t r;

	t->master = posix_openpt(O_RDWR | O_NOCTTY);
	grantpt(t->master);
	unlockpt(t->master);
	t->slave = open(ptsname(t->master), O_RDWR | O_NOCTTY);
	t->pid = fork();
	if (!t->pid)
		ask(t);
	while (n < sizeof(text) - 1 && !strstr(text, "Passphrase: ") &&
	       (r = read(t->master, text + n, sizeof(text) - 1 - n)) > 0)
		n += (size_t)r;
	expect_has(text, "Passphrase: ");
}

static bool echoes(const struct terminal *t)
{
	struct termios termios;

	return !tcgetattr(t->slave, &termios) && termios.c_lflag & ECHO;
}

static int end(struct terminal *t)
{
	int status;

	waitpid(t->pid, &status, 0);
	expect(echoes(t));
	close(t->slave);
	close(t->master);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void ask_takes_a_line(void)
{
	struct terminal t;

	begin(&t);
	expect(!echoes(&t));
	expect(write(t.master, "good\n", 5) == 5);
	expect(!end(&t));
}

static void ask_ends_with_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct terminal t;
	size_t i;

	for (i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		begin(&t);
		expect(!echoes(&t));
		expect(write(t.master, "go", 2) == 2);
		kill(t.pid, signals[i]);
		expect(end(&t) == EINTR);
	}
}

const struct test tests[] = {
	TEST(ask_takes_a_line),
	TEST(ask_ends_with_signals),
	{ 0 },
};
