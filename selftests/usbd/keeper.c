// SPDX-License-Identifier: GPL-2.0
/*
 * keeper COMMAND... - what systemd is to a service with FileDescriptorStoreMax=: runs COMMAND,
 * keeps the descriptors that it stores (sd_pid_notify_with_fds(3)), and when it is killed starts
 * it again with them (sd_listen_fds_with_names(3)). SIGTERM is passed on, and then the end.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEPT_MAX	64

static struct {
	int fd;
	char name[256];
} kept[KEPT_MAX];
static int n_kept;
static volatile sig_atomic_t over;

static void on_term(int sig)
{
	(void)sig;
	over = 1;
}

static int listen_notify(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(sun.sun_path, sizeof(sun.sun_path), "/run/keeper.%d", getpid());
	unlink(sun.sun_path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sun, sizeof(sun)))
		err(1, "%s", sun.sun_path);
	setenv("NOTIFY_SOCKET", sun.sun_path, 1);
	return fd;
}

/* The value of "KEY=" in the lines of @text, or NULL. */
static char *value(const char *text, const char *key, char *to, size_t size)
{
	const char *at = strstr(text, key);

	if (!at)
		return NULL;
	at += strlen(key);
	snprintf(to, size, "%.*s", (int)strcspn(at, "\n"), at);
	return to;
}

static void drop(const char *name)
{
	int i;

	for (i = n_kept - 1; i >= 0; i--)
		if (!strcmp(kept[i].name, name)) {
			close(kept[i].fd);
			kept[i] = kept[--n_kept];
		}
}

static void on_notify(int notify)
{
	char text[4096] = "", name[256], space[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { text, sizeof(text) - 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = space, .msg_controllen = sizeof(space),
	};
	struct cmsghdr *c;
	int fd = -1;

	if (recvmsg(notify, &msg, MSG_CMSG_CLOEXEC) < 0)
		return;
	c = CMSG_FIRSTHDR(&msg);
	if (c && c->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	if (!value(text, "FDNAME=", name, sizeof(name)))
		strcpy(name, "stored");
	if (strstr(text, "FDSTOREREMOVE=1")) {
		drop(name);
	} else if (strstr(text, "FDSTORE=1") && fd >= 0 && n_kept < KEPT_MAX) {
		strcpy(kept[n_kept].name, name);
		kept[n_kept++].fd = fd;
		return;
	}
	if (fd >= 0)
		close(fd);
}

static pid_t start(char **argv)
{
	char names[KEPT_MAX * 257] = "", text[16];
	pid_t pid = fork();
	int i;

	if (pid)
		return pid;
	signal(SIGTERM, SIG_DFL);
	/* out of the way of what they become */
	for (i = 0; i < n_kept; i++)
		kept[i].fd = fcntl(kept[i].fd, F_DUPFD_CLOEXEC, 3 + KEPT_MAX);
	for (i = 0; i < n_kept; i++) {
		dup2(kept[i].fd, 3 + i);
		strcat(strcat(names, i ? ":" : ""), kept[i].name);
	}
	snprintf(text, sizeof(text), "%d", getpid());
	setenv("LISTEN_PID", text, 1);
	snprintf(text, sizeof(text), "%d", n_kept);
	setenv("LISTEN_FDS", text, 1);
	setenv("LISTEN_FDNAMES", names, 1);
	execvp(argv[0], argv);
	err(127, "%s", argv[0]);
}

int main(int argc, char **argv)
{
	struct sigaction act = { .sa_handler = on_term };
	struct pollfd poll_fd;
	int status = 0;
	pid_t pid;

	if (argc < 2)
		errx(2, "usage: keeper COMMAND...");
	sigaction(SIGTERM, &act, NULL);
	poll_fd = (struct pollfd){ listen_notify(), POLLIN, 0 };
	pid = start(argv + 1);
	for (;;) {
		if (poll(&poll_fd, 1, 100) > 0)
			on_notify(poll_fd.fd);
		if (over == 1) {
			kill(pid, SIGTERM);
			over = 2;
		}
		if (waitpid(pid, &status, WNOHANG) != pid)
			continue;
		if (!WIFSIGNALED(status) || over)
			break;
		pid = start(argv + 1);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
