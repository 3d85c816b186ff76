// SPDX-License-Identifier: GPL-2.0
/*
 * door EXPORTER BUSID... - in the place of hearthd and of systemd: listens at
 * 127.0.0.1:3240, and where a client asks for one of these devices starts EXPORTER
 * (hearth-usbd) with nothing but a socket, and hands it the device and the client. What it
 * reports is printed. A device may be asked for while another client has it: to refuse that
 * is the exporter's. Ended by any signal; the exporters stay.
 *
 * door --socket PATH EXPORTER - in the place of systemd alone, as hearth-usbd.socket has it:
 * starts EXPORTER for each connection to that socket.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../usr/format/export.h"
#include "../../usr/lib/usblocal.h"

#define SYSFS	"/sys"
#define USER	65534	/* nobody */

static const char *exporter;
static char **shared;

static int send_all(int fd, const void *data, size_t size)
{
	return send(fd, data, size, MSG_NOSIGNAL) == (ssize_t)size ? 0 : -1;
}

static int recv_all(int fd, void *data, size_t size)
{
	return recv(fd, data, size, MSG_WAITALL) == (ssize_t)size ? 0 : -1;
}

static bool is_shared(const char *busid)
{
	char **at;

	for (at = shared; *at; at++)
		if (!strcmp(*at, busid))
			return true;
	return false;
}

/* --- the list ------------------------------------------------------------------------ */

static void list(int client)
{
	uint8_t head[USBIP_OP_SIZE + USBIP_COUNT_SIZE];
	struct usblocal local;
	uint32_t n = 0;
	unsigned int i;
	char **at;

	for (at = shared; *at; at++)
		n += usblocal_read(SYSFS, *at, &local);
	usbip_pack_reply(head, USBIP_OP_REP_DEVLIST, USBIP_ST_OK);
	usbip_pack_count(head + USBIP_OP_SIZE, n);
	send_all(client, head, sizeof(head));
	for (at = shared; *at; at++) {
		uint8_t device[USBIP_DEVICE_SIZE];

		if (!usblocal_read(SYSFS, *at, &local))
			continue;
		usbip_pack_device(device, &local.about);
		send_all(client, device, sizeof(device));
		for (i = 0; i < local.about.n_interfaces; i++) {
			usbip_pack_interface(device, &local.about.interfaces[i]);
			send_all(client, device, USBIP_INTERFACE_SIZE);
		}
	}
}

/* --- an exporter ------------------------------------------------------------------------ */

/* As the unit has it: its socket, and no rights at all. */
static void become_exporter(int control)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct none[2] = { 0 };
	const char *libraries = getenv("LD_LIBRARY_PATH");
	char pid[16];
	int null = open("/dev/null", O_RDWR), cap;

	dup2(null, STDIN_FILENO);
	dup2(control, 3);
	for (cap = 4; cap < 64; cap++)
		close(cap);
	libraries = libraries ? strdup(libraries) : NULL;
	clearenv();
	if (libraries)
		setenv("LD_LIBRARY_PATH", libraries, 1);
	snprintf(pid, sizeof(pid), "%d", getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "1", 1);
	/* what the sanitizer keeps is not what the exporter holds */
	setenv("ASAN_OPTIONS", "quarantine_size_mb=1", 1);
	signal(SIGCHLD, SIG_DFL);
	for (cap = 0; cap <= CAP_LAST_CAP; cap++)
		prctl(PR_CAPBSET_DROP, cap);
	if (setgroups(0, NULL) || setgid(USER) || setuid(USER))
		err(1, "setuid");
	if (syscall(SYS_capset, &head, none))
		err(1, "capset");
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	execl(exporter, "hearth-usbd", NULL);
	err(1, "%s", exporter);
}

static int start_exporter(void)
{
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		err(1, "socketpair");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		setsid();
		become_exporter(ends[1]);
	}
	printf("exporter %d\n", pid);
	close(ends[1]);
	return ends[0];
}

static int give_order(int control, const struct usbip_device *about, int node,
		      int client)
{
	uint8_t order[EXPORT_ORDER];
	int fds[EXPORT_FDS] = { node, client };
	union {
		char space[CMSG_SPACE(sizeof(fds))];
		struct cmsghdr align;
	} u = { 0 };
	struct iovec iov = { order, sizeof(order) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = u.space, .msg_controllen = sizeof(u.space),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	usbip_pack_reply(order, USBIP_OP_REP_IMPORT, USBIP_ST_OK);
	usbip_pack_device(order + USBIP_OP_SIZE, about);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(c), fds, sizeof(fds));
	return sendmsg(control, &msg, MSG_NOSIGNAL) == sizeof(order) ? 0 : -1;
}

/* Prints what it reports until it has ended. */
static void watch(int control, const char *busid)
{
	static const char *const states[] = { "taken", "refused", "ended" };
	uint8_t buf[EXPORT_REPORT_MAX];
	struct export_report report;
	struct error err;
	ssize_t n;

	while ((n = recv(control, buf, sizeof(buf), 0)) > 0) {
		if (export_parse_report(buf, (size_t)n, &report, &err))
			errx(1, "%s", err.text);
		printf("%s %s: %s\n", busid, states[report.state], report.text);
	}
	printf("%s exited\n", busid);
}

static void import(int client)
{
	uint8_t buf[USBIP_BUSID_SIZE];
	char busid[USBIP_BUSID_SIZE];
	struct usblocal local;
	struct error error;
	int node, control;

	if (recv_all(client, buf, sizeof(buf)) ||
	    usbip_parse_busid(buf, busid, &error))
		return;
	node = is_shared(busid) && usblocal_read(SYSFS, busid, &local) ?
	       open(local.node, O_RDWR | O_CLOEXEC) : -1;
	if (node < 0) {
		usbip_pack_reply(buf, USBIP_OP_REP_IMPORT, USBIP_ST_NODEV);
		send_all(client, buf, USBIP_OP_SIZE);
		return;
	}
	control = start_exporter();
	if (give_order(control, &local.about, node, client))
		err(1, "the exporter takes no order");
	close(node);
	close(client);
	watch(control, busid);
}

static void answer(int client)
{
	uint8_t op[USBIP_OP_SIZE];
	struct error err;
	int code;

	if (recv_all(client, op, sizeof(op)))
		return;
	code = usbip_parse_request(op, &err);
	if (code == USBIP_OP_REQ_DEVLIST)
		list(client);
	else if (code == USBIP_OP_REQ_IMPORT)
		import(client);
	else
		printf("%s\n", err.text);
}

__attribute__((noreturn))
static void serve_socket(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd, control;
	pid_t pid;

	strncpy(sun.sun_path, path, sizeof(sun.sun_path) - 1);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sun, sizeof(sun)) ||
	    listen(fd, 16))
		err(1, "%s", path);
	puts("ready");
	while ((control = accept4(fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		pid = fork();
		if (!pid) {
			setsid();
			become_exporter(control);
		}
		printf("exporter %d\n", pid);
		close(control);
	}
	exit(1);
}

int main(int argc, char **argv)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET, .sin_port = htons(3240),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const int one = 1;
	int fd, client;

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGCHLD, SIG_IGN);
	if (argc == 4 && !strcmp(argv[1], "--socket")) {
		exporter = argv[3];
		serve_socket(argv[2]);
	}
	if (argc < 3)
		errx(1, "usage: door EXPORTER BUSID... | --socket PATH EXPORTER");
	exporter = argv[1];
	shared = argv + 2;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, (struct sockaddr *)&sin, sizeof(sin)) ||
	    listen(fd, 16))
		err(1, "port 3240");
	puts("ready");
	while ((client = accept4(fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		/* each client has a process of its own */
		if (!fork()) {
			close(fd);
			answer(client);
			exit(0);
		}
		close(client);
	}
	return 1;
}
