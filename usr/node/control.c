// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control.h"

#define ASKED_MAX	64		/* clients at a time */
#define ASKED_PER_USER	16		/* of them, of one that is no admin */
#define LIMIT		(10 * NODE_SECOND)	/* to ask, and to take the answer */
#define SMALL_MAX	(64u << 10)	/* bytes of a request */
#define LARGE_MAX	(10u << 20)	/* of an admin's: a backup */
#define GROUPS_MAX	1024u		/* that a process is in */

struct control {
	struct node *node;
	control_ask ask;
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	int fd;
	sd_event_source *io;
	struct asked *list;
	unsigned int n;
	bool has_user, has_admin;
	gid_t user, admin;	/* the groups hearth and hearth-admin */
};

struct asked {
	struct control *control;
	struct asked *next;
	int fd;
	uid_t uid;
	enum request_caller caller;
	sd_event_source *io, *limit;
	char *in, *out;
	size_t in_size, in_room, out_size, out_at;
	int sending;		/* a descriptor that goes with the answer, or -1 */
	bool busy;		/* asked, and not answered */
	void (*gone)(struct asked *asked, void *arg);
	void *arg;
};

/* --- who it is -------------------------------------------------------------------- */

static bool find_group(const char *name, gid_t *gid)
{
	const struct group *group = getgrnam(name);

	if (group)
		*gid = group->gr_gid;
	return group;
}

static enum request_caller by_group(const struct control *control, gid_t gid)
{
	if (control->has_admin && gid == control->admin)
		return REQUEST_ADMIN;
	return control->has_user && gid == control->user ? REQUEST_USER :
							   REQUEST_OTHER;
}

/* Sets the caller by what the kernel knows of who connected. Returns 0 or an errno. */
static int identify(struct asked *asked)
{
	gid_t groups[GROUPS_MAX];
	struct ucred cred;
	socklen_t len = sizeof(cred), size = sizeof(groups);
	enum request_caller caller;
	size_t i;

	if (getsockopt(asked->fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) ||
	    getsockopt(asked->fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size))
		return errno;
	asked->uid = cred.uid;
	asked->caller = cred.uid ? by_group(asked->control, cred.gid) :
				   REQUEST_ADMIN;
	for (i = 0; i < size / sizeof(*groups); i++) {
		caller = by_group(asked->control, groups[i]);
		if (caller > asked->caller)
			asked->caller = caller;
	}
	return 0;
}

/* --- the end of one ---------------------------------------------------------------- */

static void drop(struct asked *asked)
{
	struct control *control = asked->control;
	struct asked **at;

	for (at = &control->list; *at != asked; at = &(*at)->next)
		;
	*at = asked->next;
	control->n--;
	if (asked->gone)
		asked->gone(asked, asked->arg);
	sd_event_source_disable_unref(asked->io);
	sd_event_source_disable_unref(asked->limit);
	close(asked->fd);
	if (asked->sending >= 0)
		close(asked->sending);
	if (asked->in)
		explicit_bzero(asked->in, asked->in_room);
	free(asked->in);
	free(asked->out);
	free(asked);
}

static int on_limit(sd_event_source *s, uint64_t usec, void *arg)
{
	(void)s;
	(void)usec;
	drop(arg);
	return 0;
}

/* --- answering ---------------------------------------------------------------------- */

/* With the first bytes goes the descriptor, if there is one. */
static ssize_t send_some(struct asked *asked)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} u = { 0 };
	struct iovec iov = {
		asked->out + asked->out_at, asked->out_size - asked->out_at,
	};
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c = (struct cmsghdr *)u.space;

	if (asked->sending >= 0) {
		msg.msg_control = u.space;
		msg.msg_controllen = sizeof(u.space);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &asked->sending, sizeof(int));
	}
	return sendmsg(asked->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Returns false when it is through, one way or the other. */
static bool write_some(struct asked *asked)
{
	ssize_t n = send_some(asked);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (asked->sending >= 0)
		close(asked->sending);
	asked->sending = -1;
	asked->out_at += (size_t)n;
	return asked->out_at < asked->out_size;
}

void control_answer(struct asked *asked, json_t *answer)
{
	char *text = answer ? json_dumps(answer, JSON_COMPACT) : NULL;

	json_decref(answer);
	asked->busy = false;
	asked->gone = NULL;
	asked->out_size = text ? strlen(text) : 0;
	asked->out = text;
	if (text)
		asked->out[asked->out_size++] = '\n';	/* in place of its end */
	/* What can't be written now is when the loop comes to it. */
	sd_event_source_set_io_events(asked->io, EPOLLOUT);
	sd_event_source_set_time_relative(asked->limit, LIMIT);
	sd_event_source_set_enabled(asked->limit, SD_EVENT_ONESHOT);
}

void control_answer_fd(struct asked *asked, json_t *answer, int fd)
{
	asked->sending = fd;
	control_answer(asked, answer);
}

void control_refuse(struct asked *asked, const struct error *err)
{
	control_answer(asked, json_pack("{s:{s:i,s:s}}", "error",
					"code", err->code, "text", err->text));
}

void control_later(struct asked *asked, void (*gone)(struct asked *asked,
						     void *arg), void *arg)
{
	asked->gone = gone;
	asked->arg = arg;
	sd_event_source_set_enabled(asked->limit, SD_EVENT_OFF);
}

/* --- asking ------------------------------------------------------------------------- */

static void ask(struct asked *asked, size_t size)
{
	struct control *control = asked->control;
	struct request request;
	struct error err;
	int ret = request_parse(asked->in, size, &request, &err);

	explicit_bzero(asked->in, asked->in_room);
	asked->busy = true;
	sd_event_source_set_io_events(asked->io, 0);	/* EPOLLHUP comes all the same */
	if (!ret && asked->caller < request_least(request.verb)) {
		ret = error_set(&err, EACCES, "%s is for root and the group %s",
				request_verb_name(request.verb),
				request_least(request.verb) == REQUEST_ADMIN ?
				"hearth-admin" : "hearth");
		request_clear(&request);
	}
	if (ret) {
		control_refuse(asked, &err);
		return;
	}
	control->ask(control->node, asked, &request);
	request_clear(&request);
}

static bool more_room(struct asked *asked)
{
	size_t most = asked->caller == REQUEST_ADMIN ? LARGE_MAX : SMALL_MAX;
	size_t room = asked->in_room ? 2 * asked->in_room : 4096;
	char *grown;

	if (asked->in_size < asked->in_room)
		return true;
	if (room > 2 * most)
		return false;
	/* by hand, to wipe what was there */
	grown = malloc(room);
	if (!grown)
		return false;
	if (asked->in) {
		memcpy(grown, asked->in, asked->in_size);
		explicit_bzero(asked->in, asked->in_room);
	}
	free(asked->in);
	asked->in = grown;
	asked->in_room = room;
	return true;
}

/* Returns false where nothing more is to come of it. */
static bool read_some(struct asked *asked)
{
	ssize_t n;
	char *end;

	if (!more_room(asked))
		return false;
	n = recv(asked->fd, asked->in + asked->in_size,
		 asked->in_room - asked->in_size, MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (!n)
		return false;
	end = memchr(asked->in + asked->in_size, '\n', (size_t)n);
	asked->in_size += (size_t)n;
	if (end)
		ask(asked, (size_t)(end - asked->in));
	return true;
}

static int on_io(sd_event_source *s, int fd, uint32_t events, void *arg)
{
	struct asked *asked = arg;
	bool stays;

	(void)s;
	(void)fd;
	if (asked->busy)
		stays = !(events & (EPOLLHUP | EPOLLERR));
	else if (asked->out)
		stays = write_some(asked);
	else
		stays = read_some(asked);
	if (!stays)
		drop(asked);
	return 0;
}

/* --- clients ------------------------------------------------------------------------ */

/* Is there room for one more of this user? */
static bool has_room(const struct control *control, const struct asked *asked)
{
	const struct asked *other;
	unsigned int n = 0;

	for (other = control->list; other; other = other->next)
		n += other->uid == asked->uid;
	return control->n < ASKED_MAX &&
	       (asked->caller == REQUEST_ADMIN || n < ASKED_PER_USER);
}

static int on_client(sd_event_source *s, int fd, uint32_t events, void *arg)
{
	struct control *control = arg;
	struct asked *asked;
	int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)s;
	(void)events;
	if (client < 0)
		return 0;
	asked = calloc(1, sizeof(*asked));
	if (!asked) {
		close(client);
		return 0;
	}
	asked->control = control;
	asked->fd = client;
	asked->sending = -1;
	if (identify(asked) || !has_room(control, asked)) {
		close(client);
		free(asked);
		return 0;
	}
	asked->next = control->list;
	control->list = asked;
	control->n++;
	if (sd_event_add_io(control->node->event, &asked->io, client, EPOLLIN,
			    on_io, asked) < 0 ||
	    sd_event_add_time_relative(control->node->event, &asked->limit,
				       CLOCK_MONOTONIC, LIMIT, 0, on_limit,
				       asked) < 0)
		drop(asked);
	return 0;
}

int control_start(struct node *node, const char *path, control_ask on_ask,
		  struct error *err)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct control *control = calloc(1, sizeof(*control));

	if (!control)
		return error_set(err, ENOMEM, "out of memory");
	node->control = control;
	control->node = node;
	control->ask = on_ask;
	control->has_user = find_group("hearth", &control->user);
	control->has_admin = find_group("hearth-admin", &control->admin);
	control->fd = -1;
	if (strlen(path) >= sizeof(sun.sun_path))
		return error_set(err, ENAMETOOLONG, "%s is too long for a socket",
				 path);
	strcpy(sun.sun_path, path);
	/* It is ours alone: the state's lock was taken before. */
	unlink(path);
	control->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC |
			     SOCK_NONBLOCK, 0);
	if (control->fd < 0 ||
	    bind(control->fd, (struct sockaddr *)&sun, sizeof(sun)) ||
	    chmod(path, 0666) || listen(control->fd, 16))
		return error_set(err, errno, "%s: %s", path, strerror(errno));
	strcpy(control->path, path);
	if (sd_event_add_io(node->event, &control->io, control->fd, EPOLLIN,
			    on_client, control) < 0)
		return error_set(err, ENOMEM, "out of memory");
	return 0;
}

void control_stop(struct node *node)
{
	struct control *control = node->control;

	if (!control)
		return;
	while (control->list)
		drop(control->list);
	sd_event_source_disable_unref(control->io);
	if (control->fd >= 0)
		close(control->fd);
	if (*control->path)
		unlink(control->path);
	free(control);
	node->control = NULL;
}
