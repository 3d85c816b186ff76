// SPDX-License-Identifier: GPL-2.0
/*
 * Requests to the family hearth as they are written, good ones and bad ones.
 *
 *	channel VERB [NAME=VALUE]...	one request
 *	channel -			a request a line from standard input, all
 *					over one socket, until its end
 *	channel listen GROUP		what is told to a group, until a signal
 *	channel many N			makes N peers, and has all of them end at once;
 *					says how long that took
 *	channel torn N			makes N peers, and changes some during a dump
 *	channel owners USERS N		makes N envs for each of so many users, claims half
 *					of them, kills all; says how long that took
 *
 * A verb is an operation of the spec. An address is address=HOST/PORT[/SCOPE]; what it
 * lacks is left out. Bytes are hexadecimal, or "@" and how many. "dump" is a peer-get of all, "envs" an env-get of all; they say
 * whether they were consistent. "wait" is no request: it waits for one message that
 * comes unasked.
 *
 * What a message shows is printed as JSON, a line each, in the order of the message. A
 * request ends with "done", or with "refused ERRNO: SENTENCE" and, in brackets, the
 * attribute that is at fault. The exit code is that of the last: 0 or 2.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/hearth.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#define LIMIT		100	/* seconds, for what takes less than one */
#define LONG		256	/* bytes, of what is not shown */
#define COUNT(a)	(sizeof(a) / sizeof(*(a)))

enum kind { U16, U32, WORD, FLAGS, TEXT, HEX, IP, ADDRESS, FLAG };

struct field {
	const char *name;
	int attr;
	enum kind kind;
	const char *words[11];	/* of 1, 2, ...; of bit 0, 1, ... */
};

static const struct field address_fields[] = {
	{ "ipv4", HEARTH_A_ADDRESS_IPV4, IP, { 0 } },
	{ "ipv6", HEARTH_A_ADDRESS_IPV6, IP, { 0 } },
	{ "port", HEARTH_A_ADDRESS_PORT, U16, { 0 } },
	{ "scope", HEARTH_A_ADDRESS_SCOPE, U32, { 0 } },
};

static const struct field peer_fields[] = {
	{ "id", HEARTH_A_PEER_ID, HEX, { 0 } },
	{ "name", HEARTH_A_PEER_NAME, TEXT, { 0 } },
	{ "address", HEARTH_A_PEER_ADDRESS, ADDRESS, { 0 } },
	{ "capabilities", HEARTH_A_PEER_CAPABILITIES, FLAGS,
	  { "usb", "store", "env", "relay" } },
	{ "source", HEARTH_A_PEER_SOURCE, WORD,
	  { "multicast", "center", "hand" } },
	{ "ttl", HEARTH_A_PEER_TTL, U32, { 0 } },
	{ "expires", HEARTH_A_PEER_EXPIRES, U32, { 0 } },
	{ "state", HEARTH_A_PEER_STATE, WORD, { "known", "gone" } },
	{ "reason", HEARTH_A_PEER_REASON, WORD,
	  { "expired", "removed", "goodbye" } },
};

#define ASSURANCES	{ "process", "vm", "measured", "tee" }

static const struct field env_fields[] = {
	{ "id", HEARTH_A_ENV_ID, U32, { 0 } },
	{ "state", HEARTH_A_ENV_STATE, WORD,
	  { "requested", "building", "ready", "busy", "closing", "closed",
	    "failed" } },
	{ "reason", HEARTH_A_ENV_REASON, WORD,
	  { "building", "admission", "idle", "life", "closing",
	    "requester-gone", "orchestrator-gone", "requester", "orchestrator",
	    "failed" } },
	{ "uid", HEARTH_A_ENV_UID, U32, { 0 } },
	{ "assurance", HEARTH_A_ENV_ASSURANCE, WORD, ASSURANCES },
	{ "given", HEARTH_A_ENV_GIVEN, WORD, ASSURANCES },
	{ "memory", HEARTH_A_ENV_MEMORY, U32, { 0 } },
	{ "ttl", HEARTH_A_ENV_TTL, U32, { 0 } },
	{ "building-timeout", HEARTH_A_ENV_BUILDING_TIMEOUT, U32, { 0 } },
	{ "admission-timeout", HEARTH_A_ENV_ADMISSION_TIMEOUT, U32, { 0 } },
	{ "idle-timeout", HEARTH_A_ENV_IDLE_TIMEOUT, U32, { 0 } },
	{ "expires", HEARTH_A_ENV_EXPIRES, U32, { 0 } },
	{ "admission", HEARTH_A_ENV_ADMISSION, HEX, { 0 } },
	{ "failed", HEARTH_A_ENV_FAILED, FLAG, { 0 } },
	{ "key", HEARTH_A_ENV_KEY, U32, { 0 } },
};

/* The attributes of an operation are those of its object. */
struct object {
	const char *name;
	const struct field *fields;
	size_t n;
};

static const struct object peer = { "peer", peer_fields, COUNT(peer_fields) };

static const struct object env = { "env", env_fields, COUNT(env_fields) };

static const struct verb {
	const char *name;
	uint8_t cmd;
	int flags;
	const struct object *object;
} verbs[] = {
	{ "peer-new", HEARTH_CMD_PEER_NEW, 0, &peer },
	{ "peer-del", HEARTH_CMD_PEER_DEL, 0, &peer },
	{ "peer-get", HEARTH_CMD_PEER_GET, 0, &peer },
	{ "dump", HEARTH_CMD_PEER_GET, NLM_F_DUMP, &peer },
	{ "peer-ntf", HEARTH_CMD_PEER_NTF, 0, &peer },
	{ "env-new", HEARTH_CMD_ENV_NEW, 0, &env },
	{ "env-claim", HEARTH_CMD_ENV_CLAIM, 0, &env },
	{ "env-ready", HEARTH_CMD_ENV_READY, 0, &env },
	{ "env-busy", HEARTH_CMD_ENV_BUSY, 0, &env },
	{ "env-idle", HEARTH_CMD_ENV_IDLE, 0, &env },
	{ "env-close", HEARTH_CMD_ENV_CLOSE, 0, &env },
	{ "env-bind-key", HEARTH_CMD_ENV_BIND_KEY, 0, &env },
	{ "env-get", HEARTH_CMD_ENV_GET, 0, &env },
	{ "envs", HEARTH_CMD_ENV_GET, NLM_F_DUMP, &env },
	{ "env-ntf", HEARTH_CMD_ENV_NTF, 0, &env },
};

static struct nl_sock *sock;
static int family;

/* --- what a message shows -------------------------------------------------- */

static void show_text(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
	putchar('"');
}

static void show_flags(const struct field *field, uint32_t v)
{
	const char *comma = "";
	size_t i;

	putchar('[');
	for (i = 0; i < COUNT(field->words) && field->words[i]; i++) {
		if (!(v >> i & 1))
			continue;
		printf("%s\"%s\"", comma, field->words[i]);
		comma = ",";
	}
	putchar(']');
}

static void show_all(const struct field *fields, size_t n, struct nlattr *attr,
		     int len);

static void show_value(const struct field *field, struct nlattr *attr)
{
	const uint8_t *data = nla_data(attr);
	char text[INET6_ADDRSTRLEN];
	int i;

	switch (field->kind) {
	case U16:
		printf("%u", nla_get_u16(attr));
		break;
	case U32:
		printf("%u", nla_get_u32(attr));
		break;
	case WORD:
		printf("\"%s\"", field->words[nla_get_u32(attr) - 1]);
		break;
	case FLAGS:
		show_flags(field, nla_get_u32(attr));
		break;
	case TEXT:
		show_text(nla_get_string(attr));
		break;
	case HEX:
		if (nla_len(attr) > LONG) {
			printf("\"@%d\"", nla_len(attr));
			break;
		}
		putchar('"');
		for (i = 0; i < nla_len(attr); i++)
			printf("%02x", data[i]);
		putchar('"');
		break;
	case IP:
		inet_ntop(nla_len(attr) == 4 ? AF_INET : AF_INET6, data, text,
			  sizeof(text));
		show_text(text);
		break;
	case FLAG:
		printf("true");
		break;
	case ADDRESS:
		show_all(address_fields, COUNT(address_fields), nla_data(attr),
			 nla_len(attr));
		break;
	}
}

static const struct field *field_of(const struct field *fields, size_t n,
				    int attr)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (fields[i].attr == attr)
			return &fields[i];
	return NULL;
}

static void show_all(const struct field *fields, size_t n, struct nlattr *attr,
		     int len)
{
	const struct field *field;
	const char *comma = "";

	putchar('{');
	for (; nla_ok(attr, len); attr = nla_next(attr, &len)) {
		field = field_of(fields, n, nla_type(attr));
		if (!field)
			errx(1, "attribute %d is not in the table",
			     nla_type(attr));
		printf("%s\"%s\":", comma, field->name);
		show_value(field, attr);
		comma = ",";
	}
	putchar('}');
}

static int on_message(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	struct genlmsghdr *hdr = nlmsg_data(nlh);
	size_t i;

	if (nlh->nlmsg_type != family)
		return NL_SKIP;
	if (arg) {
		++*(unsigned int *)arg;
		return NL_OK;
	}
	for (i = 0; i < COUNT(verbs) && verbs[i].cmd != hdr->cmd; i++)
		;
	if (i == COUNT(verbs))
		errx(1, "message %d is not in the table", hdr->cmd);
	show_all(verbs[i].object->fields, verbs[i].object->n,
		 genlmsg_attrdata(hdr, 0), genlmsg_attrlen(hdr, 0));
	putchar('\n');
	return NL_OK;
}

/* --- the verdict ----------------------------------------------------------- */

struct verdict {
	bool done;
	int error;		/* errno */
	char sentence[256];
	int attr;		/* at fault, or 0 */
	bool interrupted;	/* a dump, by changes */
};

/* The type of the outermost attribute of @sent that is @offset bytes in, or in which. */
static int attr_at(struct nlmsghdr *sent, uint32_t offset)
{
	struct nlattr *attr = genlmsg_attrdata(nlmsg_data(sent), 0);
	int len = genlmsg_attrlen(nlmsg_data(sent), 0);

	for (; nla_ok(attr, len); attr = nla_next(attr, &len))
		if (offset < (uint32_t)((char *)attr - (char *)sent) +
			     attr->nla_len)
			return nla_type(attr);
	return 0;
}

static int on_error(struct sockaddr_nl *who, struct nlmsgerr *e, void *arg)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)((char *)e - NLMSG_HDRLEN);
	struct nlattr *a[NLMSGERR_ATTR_MAX + 1];
	size_t skip = sizeof(*e) + NLMSG_ALIGN(e->msg.nlmsg_len) - NLMSG_HDRLEN;
	struct verdict *verdict = arg;

	(void)who;
	verdict->error = -e->error;
	verdict->done = true;
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS) ||
	    nla_parse(a, NLMSGERR_ATTR_MAX, (void *)((char *)e + skip),
		      (int)(nlh->nlmsg_len - NLMSG_HDRLEN - skip), NULL))
		return NL_STOP;
	if (a[NLMSGERR_ATTR_MSG])
		nla_strlcpy(verdict->sentence, a[NLMSGERR_ATTR_MSG],
			    sizeof(verdict->sentence));
	if (a[NLMSGERR_ATTR_OFFS])
		verdict->attr = attr_at(&e->msg,
					nla_get_u32(a[NLMSGERR_ATTR_OFFS]));
	if (a[NLMSGERR_ATTR_MISS_TYPE])
		verdict->attr = (int)nla_get_u32(a[NLMSGERR_ATTR_MISS_TYPE]);
	return NL_STOP;
}

static int on_end(struct nl_msg *msg, void *arg)
{
	struct verdict *verdict = arg;

	(void)msg;
	verdict->done = true;
	return NL_STOP;
}

static int on_interrupted(struct nl_msg *msg, void *arg)
{
	struct verdict *verdict = arg;

	(void)msg;
	verdict->interrupted = true;
	return NL_OK;
}

/* --- requests -------------------------------------------------------------- */

static void open_socket(void)
{
	int one = 1;

	sock = nl_socket_alloc();
	if (!sock || genl_connect(sock))
		errx(1, "netlink");
	nl_socket_enable_msg_peek(sock);
	/* libnl's own size has no room for an admission. */
	nl_socket_set_buffer_size(sock, 1 << 18, 0);
	family = genl_ctrl_resolve(sock, HEARTH_FAMILY_NAME);
	if (family < 0)
		errx(1, "hearth is not loaded");
	setsockopt(nl_socket_get_fd(sock), SOL_NETLINK, NETLINK_EXT_ACK, &one,
		   sizeof(one));
	setsockopt(nl_socket_get_fd(sock), SOL_NETLINK, NETLINK_GET_STRICT_CHK,
		   &one, sizeof(one));
}

static int on_seq(struct nl_msg *msg, void *arg)
{
	(void)msg;
	(void)arg;
	return NL_OK;
}

/* Sends @msg, frees it, and reads up to the verdict. @count: of messages, not shown */
static struct verdict ask(struct nl_msg *msg, unsigned int *count)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	struct verdict verdict = { 0 };
	int ret;

	nl_cb_err(cb, NL_CB_CUSTOM, on_error, &verdict);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_end, &verdict);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_end, &verdict);
	nl_cb_set(cb, NL_CB_DUMP_INTR, NL_CB_CUSTOM, on_interrupted, &verdict);
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_message, count);
	/* What comes unasked has none. */
	nl_cb_set(cb, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, on_seq, NULL);
	ret = nl_send_auto(sock, msg);
	nlmsg_free(msg);
	while (ret >= 0 && !verdict.done)
		ret = nl_recvmsgs(sock, cb);
	nl_cb_put(cb);
	if (!verdict.done)
		errx(1, "no verdict: %s", nl_geterror(ret));
	return verdict;
}

static struct nl_msg *request(uint8_t cmd, int flags)
{
	struct nl_msg *msg = nlmsg_alloc_size(64 << 10);

	if (!msg || !genlmsg_put(msg, 0, 0, family, 0, flags, cmd,
				 HEARTH_FAMILY_VERSION))
		errx(1, "no memory");
	return msg;
}

static void put_address(struct nl_msg *msg, int attr, char *value)
{
	struct nlattr *nest = nla_nest_start(msg, attr);
	char *host = strsep(&value, "/"), *port = strsep(&value, "/");
	uint8_t ip[16];

	if (inet_pton(AF_INET, host, ip))
		nla_put(msg, HEARTH_A_ADDRESS_IPV4, 4, ip);
	else if (inet_pton(AF_INET6, host, ip))
		nla_put(msg, HEARTH_A_ADDRESS_IPV6, 16, ip);
	else if (!strcmp(host, "both")) {
		nla_put(msg, HEARTH_A_ADDRESS_IPV4, 4, "\12\0\0\1");
		nla_put(msg, HEARTH_A_ADDRESS_IPV6, 16, "\375xxxxxxxxxxxxxxx");
	}
	if (port && *port)
		nla_put_u16(msg, HEARTH_A_ADDRESS_PORT,
			    (uint16_t)strtoul(port, NULL, 0));
	if (value)
		nla_put_u32(msg, HEARTH_A_ADDRESS_SCOPE,
			    (uint32_t)strtoul(value, NULL, 0));
	nla_nest_end(msg, nest);
}

static uint32_t word(const struct field *field, const char *value)
{
	uint32_t i;

	for (i = 0; i < COUNT(field->words) && field->words[i]; i++)
		if (!strcmp(field->words[i], value))
			return i + 1;
	return (uint32_t)strtoul(value, NULL, 0);
}

static uint32_t flags(const struct field *field, char *value)
{
	uint32_t all = 0;
	char *one;

	if (*value >= '0' && *value <= '9')
		return (uint32_t)strtoul(value, NULL, 0);
	while ((one = strsep(&value, ",")))
		if (*one)
			all |= 1U << (word(field, one) - 1);
	return all;
}

static void put_hex(struct nl_msg *msg, int attr, const char *value)
{
	static uint8_t bytes[1 << 16];
	size_t n;

	if (*value == '@') {
		memset(bytes, 'x', sizeof(bytes));
		nla_put(msg, attr, atoi(value + 1), bytes);
		return;
	}
	for (n = 0; n < sizeof(bytes) && sscanf(value, "%2hhx", &bytes[n]) == 1;
	     n++)
		value += 2;
	nla_put(msg, attr, (int)n, bytes);
}

static void put(struct nl_msg *msg, const struct field *field, char *value)
{
	switch (field->kind) {
	case TEXT:
		nla_put_string(msg, field->attr, value);
		break;
	case HEX:
		put_hex(msg, field->attr, value);
		break;
	case ADDRESS:
		put_address(msg, field->attr, value);
		break;
	case FLAGS:
		nla_put_u32(msg, field->attr, flags(field, value));
		break;
	case FLAG:
		nla_put_flag(msg, field->attr);
		break;
	default:
		nla_put_u32(msg, field->attr, word(field, value));
		break;
	}
}

static const char *name_of(const struct object *object, int attr)
{
	const struct field *field = field_of(object->fields, object->n, attr);

	return field ? field->name : "?";
}

/* Prints the verdict; returns the exit code. */
static int say(const struct verdict *verdict, const struct object *object)
{
	if (!verdict->error) {
		puts(verdict->interrupted ? "done, interrupted" : "done");
		return 0;
	}
	printf("refused %s", strerrorname_np(verdict->error));
	if (*verdict->sentence)
		printf(": %s", verdict->sentence);
	if (verdict->attr)
		printf(" [%s]", name_of(object, verdict->attr));
	putchar('\n');
	return 2;
}

static int wait_for_one(void)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int ret;

	nl_cb_set(cb, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, on_seq, NULL);
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_message, NULL);
	ret = nl_recvmsgs(sock, cb);
	nl_cb_put(cb);
	if (ret < 0)
		errx(1, "wait: %s", nl_geterror(ret));
	return 0;
}

static int run(char *words[], int n)
{
	const struct verb *verb;
	struct verdict verdict;
	struct nl_msg *msg;
	char *value;
	size_t f;
	int i;

	if (!strcmp(words[0], "wait"))
		return wait_for_one();
	for (verb = verbs; strcmp(verb->name, words[0]); verb++)
		if (verb == &verbs[COUNT(verbs) - 1])
			errx(1, "no verb %s", words[0]);
	msg = request(verb->cmd, verb->flags);
	for (i = 1; i < n; i++) {
		value = strchr(words[i], '=');
		if (!value)
			errx(1, "no value in %s", words[i]);
		*value++ = '\0';
		for (f = 0; f < verb->object->n &&
		     strcmp(verb->object->fields[f].name, words[i]); f++)
			;
		if (f == verb->object->n)
			errx(1, "no attribute %s", words[i]);
		put(msg, &verb->object->fields[f], value);
	}
	verdict = ask(msg, NULL);
	return say(&verdict, verb->object);
}

/* A line each: words between blanks. */
static int run_lines(void)
{
	char line[1 << 16], *at, *words[64];
	int n, code = 0;

	while (fgets(line, sizeof(line), stdin)) {
		n = 0;
		at = line;
		line[strcspn(line, "\n")] = '\0';
		while (n < 64 && (words[n] = strsep(&at, " ")))
			n += *words[n] != '\0';
		if (n)
			code = run(words, n);
		fflush(stdout);
	}
	return code;
}

/* --- listening ------------------------------------------------------------- */

static int listen_to(const char *group)
{
	int ret, id = genl_ctrl_resolve_grp(sock, HEARTH_FAMILY_NAME, group);

	if (id < 0 || nl_socket_add_memberships(sock, id, 0))
		errx(1, "no group %s", group);
	nl_socket_set_buffer_size(sock, 4 << 20, 0);
	nl_socket_modify_cb(sock, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, on_seq, NULL);
	nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, on_message, NULL);
	puts("listening");
	for (;;) {
		fflush(stdout);
		ret = nl_recvmsgs_default(sock);
		if (ret < 0)
			printf("lost: %s\n", nl_geterror(ret));
	}
}

/* --- many ------------------------------------------------------------------ */

static double seconds(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static struct nl_msg *number(uint8_t cmd, uint32_t n)
{
	struct nl_msg *msg = request(cmd, 0);
	uint8_t id[HEARTH_ID_LEN] = { 0 };

	memcpy(id + 4, &n, sizeof(n));
	nla_put(msg, HEARTH_A_PEER_ID, sizeof(id), id);
	return msg;
}

static void make(uint32_t n, uint32_t ttl)
{
	struct nl_msg *msg = number(HEARTH_CMD_PEER_NEW, n);
	char address[] = "10.0.0.1/7000", other[] = "fd00::1/7000";
	struct verdict verdict;

	nla_put_string(msg, HEARTH_A_PEER_NAME, "one of many");
	nla_put_u32(msg, HEARTH_A_PEER_SOURCE, HEARTH_PEER_SOURCE_CENTER);
	nla_put_u32(msg, HEARTH_A_PEER_TTL, ttl);
	put_address(msg, HEARTH_A_PEER_ADDRESS, address);
	put_address(msg, HEARTH_A_PEER_ADDRESS, other);
	verdict = ask(msg, NULL);
	if (verdict.error)
		exit(say(&verdict, &peer));
}

static unsigned int count_all(void)
{
	unsigned int count = 0;

	ask(request(HEARTH_CMD_PEER_GET, NLM_F_DUMP), &count);
	return count;
}

/* Has all of them end at one moment, @after seconds from now. */
static void end_at_once(uint32_t n, double after)
{
	double end = seconds(CLOCK_MONOTONIC) + after, left;
	struct timespec pause = { .tv_nsec = 2000000 };
	uint32_t i;

	for (i = 0; i < n; i++) {
		left = end - seconds(CLOCK_MONOTONIC);
		make(i, left > 0.001 ? (uint32_t)(left * 1000) : 1);
	}
	printf("%u of %u at the end\n", count_all(), n);
	while (seconds(CLOCK_MONOTONIC) < end)
		nanosleep(&pause, NULL);
	while (count_all() && seconds(CLOCK_MONOTONIC) < end + LIMIT)
		nanosleep(&pause, NULL);
	printf("%u left %.0f ms after it\n", count_all(),
	       (seconds(CLOCK_MONOTONIC) - end) * 1000);
}

/* KiB of the kernel's small objects. */
static long slabs(void)
{
	FILE *f = fopen("/proc/meminfo", "r");
	char line[128];
	long kib = 0;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Slab: %ld", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib;
}

static int many(uint32_t n)
{
	double begin = seconds(CLOCK_MONOTONIC), took;
	long before = slabs();
	uint32_t i;

	for (i = 0; i < n; i++)
		make(i, HEARTH_TTL_MAX);
	took = seconds(CLOCK_MONOTONIC) - begin;
	printf("made in %.0f ms, %ld KiB of slabs\n", took * 1000,
	       slabs() - before);
	begin = seconds(CLOCK_MONOTONIC);
	printf("%u shown", count_all());
	printf(" in %.0f ms\n", (seconds(CLOCK_MONOTONIC) - begin) * 1000);
	fflush(stdout);
	end_at_once(n, 1 + 3 * took);
	return 0;
}

/* One datagram of a dump; libnl would go on to the end of it. */
static void read_some(struct nl_sock *dump, unsigned int *count,
		      struct verdict *verdict)
{
	static char buf[1 << 16];
	ssize_t got = recv(nl_socket_get_fd(dump), buf, sizeof(buf), 0);
	struct nlmsghdr *nlh = (struct nlmsghdr *)buf;
	int len = (int)got;

	if (got < 0)
		err(1, "recv");
	for (; nlmsg_ok(nlh, len); nlh = nlmsg_next(nlh, &len)) {
		*count += nlh->nlmsg_type == family;
		verdict->interrupted |= !!(nlh->nlmsg_flags & NLM_F_DUMP_INTR);
		verdict->done |= nlh->nlmsg_type == NLMSG_DONE;
	}
}

/*
 * A dump in the middle of which a peer goes and another comes. All the others must be
 * shown, once each.
 */
static int torn(uint32_t n)
{
	struct verdict verdict = { 0 };
	struct nl_sock *dump;
	struct nl_msg *msg;
	unsigned int count = 0;
	uint32_t i;

	for (i = 0; i < n; i++)
		make(i, HEARTH_TTL_MAX);
	dump = sock;
	open_socket();
	msg = request(HEARTH_CMD_PEER_GET, NLM_F_DUMP);
	if (nl_send_auto(dump, msg) < 0)
		errx(1, "no dump");
	nlmsg_free(msg);
	read_some(dump, &count, &verdict);
	printf("%s before\n", count && count < n ? "some" : "all");
	/* the first was shown, the last was not yet */
	msg = number(HEARTH_CMD_PEER_DEL, 0);
	nla_put_u32(msg, HEARTH_A_PEER_REASON, HEARTH_PEER_REASON_GOODBYE);
	ask(msg, NULL);
	make(n, HEARTH_TTL_MAX);
	while (!verdict.done)
		read_some(dump, &count, &verdict);
	nl_socket_free(dump);
	printf("%u shown\n", count);
	return say(&verdict, &peer);
}

/* --- many envs ------------------------------------------------------------- */

static struct nl_msg *env_message(uint8_t cmd, uint32_t id)
{
	struct nl_msg *msg = request(cmd, 0);

	nla_put_u32(msg, HEARTH_A_ENV_ID, id);
	return msg;
}

/* A child: one user, with @n envs on as many sockets. Never returns. */
static void own(uid_t uid, int n, int told)
{
	struct verdict verdict;
	struct nl_msg *msg;
	unsigned int count = 0;
	int i;

	if (setresuid(uid, uid, uid))
		err(1, "setresuid");
	for (i = 0; i < n; i++) {
		open_socket();
		msg = request(HEARTH_CMD_ENV_NEW, 0);
		nla_put_u32(msg, HEARTH_A_ENV_ASSURANCE, HEARTH_ASSURANCE_VM);
		nla_put_u32(msg, HEARTH_A_ENV_MEMORY, 256);
		nla_put_u32(msg, HEARTH_A_ENV_TTL, HEARTH_TTL_MAX);
		verdict = ask(msg, &count);
		if (verdict.error)
			exit(say(&verdict, &env));
	}
	if (write(told, "x", 1) != 1)
		err(1, "write");
	for (;;)
		pause();
}

static int on_env(struct nl_msg *msg, void *arg)
{
	struct nlattr *id = nlmsg_find_attr(nlmsg_hdr(msg), GENL_HDRLEN,
					    HEARTH_A_ENV_ID);
	uint32_t **next = arg;

	*(*next)++ = nla_get_u32(id);
	return NL_OK;
}

/* The numbers of all that there are; returns how many. */
static size_t env_ids(uint32_t ids[static HEARTH_ENVS_MAX])
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	struct verdict verdict = { 0 };
	struct nl_msg *msg = request(HEARTH_CMD_ENV_GET, NLM_F_DUMP);
	uint32_t *next = ids;

	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_end, &verdict);
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_env, &next);
	if (nl_send_auto(sock, msg) < 0)
		errx(1, "send");
	nlmsg_free(msg);
	while (!verdict.done && nl_recvmsgs(sock, cb) >= 0)
		;
	nl_cb_put(cb);
	return (size_t)(next - ids);
}

/* A child: claims every second env, and makes each ready. Never returns. */
static void orchestrate(int told)
{
	static uint32_t ids[HEARTH_ENVS_MAX];
	static uint8_t admission[1024];
	struct verdict verdict = { 0 };
	struct nl_msg *msg;
	size_t i, n;

	open_socket();
	n = env_ids(ids);
	for (i = 0; i < n; i += 2) {
		verdict = ask(env_message(HEARTH_CMD_ENV_CLAIM, ids[i]), NULL);
		if (verdict.error)
			exit(say(&verdict, &env));
		msg = env_message(HEARTH_CMD_ENV_READY, ids[i]);
		nla_put_u32(msg, HEARTH_A_ENV_GIVEN, HEARTH_ASSURANCE_TEE);
		nla_put(msg, HEARTH_A_ENV_ADMISSION, sizeof(admission),
			admission);
		verdict = ask(msg, NULL);
		if (verdict.error)
			exit(say(&verdict, &env));
	}
	if (write(told, "x", 1) != 1)
		err(1, "write");
	for (;;)
		pause();
}

static size_t wait_for_envs(size_t want)
{
	static uint32_t ids[HEARTH_ENVS_MAX];
	struct timespec pause = { .tv_nsec = 2000000 };
	double begin = seconds(CLOCK_MONOTONIC);
	size_t n;

	while ((n = env_ids(ids)) != want &&
	       seconds(CLOCK_MONOTONIC) < begin + LIMIT)
		nanosleep(&pause, NULL);
	return n;
}

/* @users users with @each envs, half of them claimed; then each process dies. */
static int owners(int users, int each)
{
	pid_t *child = calloc((size_t)users + 1, sizeof(*child));
	double begin = seconds(CLOCK_MONOTONIC);
	int told[2], i;
	char x;

	if (!child || pipe(told))
		err(1, "pipe");
	for (i = 0; i <= users; i++) {
		/* the last of them when the others have theirs */
		child[i] = fork();
		if (!child[i]) {
			if (i < users)
				own(1000 + (uid_t)i, each, told[1]);
			orchestrate(told[1]);
		}
		if (i >= users - 1)
			for (int n = i == users ? 1 : users; n; n--)
				if (read(told[0], &x, 1) != 1)
					err(1, "read");
	}
	printf("%zu envs", wait_for_envs((size_t)(users * each)));
	printf(" in %.0f ms\n", (seconds(CLOCK_MONOTONIC) - begin) * 1000);
	fflush(stdout);
	begin = seconds(CLOCK_MONOTONIC);
	for (i = 0; i < users; i++)
		kill(child[i], SIGKILL);
	printf("%zu left", wait_for_envs((size_t)(users * each + 1) / 2));
	printf(" %.0f ms after their owners were killed\n",
	       (seconds(CLOCK_MONOTONIC) - begin) * 1000);
	begin = seconds(CLOCK_MONOTONIC);
	kill(child[users], SIGKILL);
	printf("%zu left", wait_for_envs(0));
	printf(" %.0f ms after their orchestrator was\n",
	       (seconds(CLOCK_MONOTONIC) - begin) * 1000);
	free(child);
	return 0;
}

int main(int argc, char *argv[])
{
	if (argc < 2)
		errx(1, "usage: channel VERB [NAME=VALUE]...");
	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	open_socket();
	if (!strcmp(argv[1], "-"))
		return run_lines();
	if (!strcmp(argv[1], "listen") && argc == 3)
		return listen_to(argv[2]);
	if (!strcmp(argv[1], "many") && argc == 3)
		return many((uint32_t)atoi(argv[2]));
	if (!strcmp(argv[1], "torn") && argc == 3)
		return torn((uint32_t)atoi(argv[2]));
	if (!strcmp(argv[1], "owners") && argc == 4)
		return owners(atoi(argv[2]), atoi(argv[3]));
	return run(argv + 1, argc - 1);
}
