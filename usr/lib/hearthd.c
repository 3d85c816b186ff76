// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "hearthd.h"

static int reach(struct error *err)
{
	static const struct sockaddr_un sun = {
		.sun_family = AF_UNIX, .sun_path = HEARTHD_SOCKET,
	};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && !connect(fd, (const struct sockaddr *)&sun, sizeof(sun)))
		return fd;
	error_set(err, errno,
		  errno == ENOENT || errno == ECONNREFUSED ?
		  "hearthd does not run here (systemctl start hearthd)" :
		  HEARTHD_SOCKET ": %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return -err->code;
}

static int send_all(int fd, const char *text, size_t size, struct error *err)
{
	ssize_t n;

	while (size) {
		n = send(fd, text, size, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set(err, errno, "hearthd does not listen: %s",
					 strerror(errno));
		text += n;
		size -= (size_t)n;
	}
	return 0;
}

static int send_request(int fd, const json_t *request, struct error *err)
{
	char *text = json_dumps(request, JSON_COMPACT);
	size_t size;
	int ret;

	if (!text)
		return error_set(err, ENOMEM, "out of memory");
	size = strlen(text);
	text[size] = '\n';	/* in place of its end */
	ret = send_all(fd, text, size + 1, err);
	explicit_bzero(text, size);
	free(text);
	return ret;
}

/* Its own refusal, or 0. */
static int refusal(const json_t *answer, struct error *err)
{
	const json_t *error = json_object_get(answer, "error");
	const char *text = json_string_value(json_object_get(error, "text"));
	json_int_t code = json_integer_value(json_object_get(error, "code"));

	if (!error)
		return 0;
	return error_set(err, code > 0 && code < 4096 ? (int)code : EIO, "%s",
			 text ? text : "hearthd refused");
}

#define ANSWER_MAX	(64u << 20)	/* bytes, a backup being the longest */

/* Up to @size bytes, and a descriptor that comes with them: the first of all goes to @passed. */
static ssize_t receive(int fd, char *text, size_t size, int *passed)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} u;
	struct iovec iov = { text, size };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = u.space, .msg_controllen = sizeof(u.space),
	};
	struct cmsghdr *c;
	ssize_t n;
	int got;

	do {
		n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return n;
	for (c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		memcpy(&got, CMSG_DATA(c), sizeof(got));
		if (*passed < 0)
			*passed = got;
		else
			close(got);
	}
	return n;
}

/* All that it says, up to the end; NULL without memory, or where it is cut off. */
static char *receive_all(int fd, size_t *size, int *passed)
{
	size_t room = 4096;
	char *text = malloc(room), *grown;
	ssize_t n = 1;

	*size = 0;
	while (text && (n = receive(fd, text + *size, room - *size, passed)) > 0) {
		*size += (size_t)n;
		if (*size < room)
			continue;
		room *= 2;
		grown = room > ANSWER_MAX ? NULL : realloc(text, room);
		if (!grown)
			free(text);
		text = grown;
	}
	if (n < 0) {
		free(text);
		return NULL;
	}
	return text;
}

static int take_answer(int fd, json_t **answer, int *passed, struct error *err)
{
	json_error_t why;
	size_t size;
	char *text = receive_all(fd, &size, passed);

	*answer = text ? json_loadb(text, size, 0, &why) : NULL;
	free(text);
	if (!*answer)
		return error_set(err, EPROTO,
				 "hearthd went away without an answer: journalctl -u hearthd may know why");
	return refusal(*answer, err);
}

static int ask(json_t *request, json_t **answer, int *passed, struct error *err)
{
	int ret, fd = request ? reach(err) :
		      error_set(err, ENOMEM, "out of memory");

	*answer = NULL;
	*passed = -1;
	ret = fd < 0 ? fd : send_request(fd, request, err);
	json_decref(request);
	if (!ret)
		ret = take_answer(fd, answer, passed, err);
	if (fd >= 0)
		close(fd);
	if (ret) {
		json_decref(*answer);
		*answer = NULL;
	}
	return ret;
}

int hearthd_ask(json_t *request, json_t **answer, struct error *err)
{
	int passed, ret = ask(request, answer, &passed, err);

	if (passed >= 0)
		close(passed);
	return ret;
}

int hearthd_ask_fd(json_t *request, json_t **answer, int *fd,
		   struct error *err)
{
	int ret = ask(request, answer, fd, err);

	if (!ret && *fd < 0)
		ret = error_set(err, EPROTO, "hearthd answers without a connection");
	if (!ret)
		return 0;
	if (*fd >= 0)
		close(*fd);
	json_decref(*answer);
	*answer = NULL;
	return ret;
}
