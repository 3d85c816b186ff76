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

int hearthd_ask(json_t *request, json_t **answer, struct error *err)
{
	json_error_t why;
	FILE *file = NULL;
	int ret, fd = request ? reach(err) :
		      error_set(err, ENOMEM, "out of memory");

	*answer = NULL;
	ret = fd < 0 ? fd : send_request(fd, request, err);
	json_decref(request);
	if (!ret) {
		file = fdopen(fd, "r");
		*answer = file ? json_loadf(file, 0, &why) : NULL;
		if (!*answer)
			ret = error_set(err, EPROTO,
					"hearthd went away without an answer: journalctl -u hearthd may know why");
	}
	if (file)
		fclose(file);
	else if (fd >= 0)
		close(fd);
	if (!ret)
		ret = refusal(*answer, err);
	if (ret) {
		json_decref(*answer);
		*answer = NULL;
	}
	return ret;
}
