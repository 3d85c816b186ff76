// SPDX-License-Identifier: GPL-2.0
/*
 * policies FAMILY SEED COUNT [OPERATION...] - asks the kernel what a family takes
 * (CTRL_CMD_GETPOLICY), and sends it that many messages made by it: most as the policy
 * says, some beside it in one thing, some cut or of the wrong length. Of the operations
 * named, more are sent till one was taken.
 *
 * Each message has to be answered in time, and who is refused is to be told why: a refusal
 * without a sentence or an attribute that is at fault ends this with 1, and so does
 * silence. The same seed sends the same messages. Prints how many of them were taken, how many refused,
 * by operation.
 */
#include <err.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ATTRS		64	/* of a policy */
#define POLICIES	32
#define OPS		32
#define DEPTH		3
#define LIMIT		100000	/* ms, for what takes none */
#define ROOM		65536

struct attr {
	uint32_t type;		/* enum netlink_attribute_type; 0: none here */
	uint64_t min, max, mask;
	uint32_t min_len, max_len, nested;
};

struct op {
	uint32_t id, policy[2];	/* do, dump */
	bool has[2];
	uint32_t taken, refused;
};

static struct attr policies[POLICIES][ATTRS];
static struct op ops[OPS];
static uint32_t n_ops;
static int fd, spare[2];	/* for attributes that take a file */
static uint16_t family, version;
static uint64_t seed;
static uint32_t sequence;

/* --- chance ------------------------------------------------------------------------------ */

/* splitmix64 */
static uint64_t chance(void)
{
	uint64_t z = seed += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static uint32_t below(uint32_t n) { return chance() % n; }
static bool one_in(uint32_t n) { return !below(n); }

/* --- messages ------------------------------------------------------------------------------ */

static union {
	struct nlmsghdr head;
	uint8_t bytes[ROOM];
} msg, answer;

static void *tail(void) { return msg.bytes + NLMSG_ALIGN(msg.head.nlmsg_len); }

static void begin(uint16_t type, uint16_t flags, uint8_t cmd, uint8_t ver)
{
	struct genlmsghdr *genl = NLMSG_DATA(&msg.head);

	memset(&msg, 0, NLMSG_HDRLEN + GENL_HDRLEN);
	msg.head.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN);
	msg.head.nlmsg_type = type;
	msg.head.nlmsg_flags = NLM_F_REQUEST | flags;
	msg.head.nlmsg_seq = ++sequence;
	genl->cmd = cmd;
	genl->version = ver;
}

/* Returns where the value begins, which is zero. */
static void *put(uint16_t type, uint16_t size)
{
	struct nlattr *attr = tail();

	memset(attr, 0, NLA_ALIGN(NLA_HDRLEN + size));
	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + size;
	msg.head.nlmsg_len = NLMSG_ALIGN(msg.head.nlmsg_len) +
			     NLA_ALIGN(attr->nla_len);
	return (uint8_t *)attr + NLA_HDRLEN;
}

static void post(void)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	if (sendto(fd, &msg, msg.head.nlmsg_len, 0, (void *)&kernel,
		   sizeof(kernel)) < 0)
		err(1, "send");
}

/* How many bytes came. */
static size_t receive(void)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	ssize_t n;

	if (poll(&pfd, 1, LIMIT) != 1)
		return 0;
	n = recv(fd, &answer, sizeof(answer), 0);
	if (n < 0)
		err(1, "receive");
	return n;
}

#define each_attr(attr, from, size)						\
	for (attr = (from); (uint8_t *)(attr) + NLA_HDRLEN <= (uint8_t *)(from) + (size) && \
	     (attr)->nla_len >= NLA_HDRLEN;						\
	     attr = (void *)((uint8_t *)(attr) + NLA_ALIGN((attr)->nla_len)))

static const void *data(const struct nlattr *attr) { return attr + 1; }
static uint16_t size_of(const struct nlattr *attr) { return attr->nla_len - NLA_HDRLEN; }
static uint16_t type_of(const struct nlattr *attr) { return attr->nla_type & NLA_TYPE_MASK; }

static uint64_t number(const struct nlattr *attr)
{
	uint64_t value = 0;

	memcpy(&value, data(attr), size_of(attr) < 8 ? size_of(attr) : 8);
	return value;
}

/* --- what the kernel says of the family -------------------------------------------------------- */

static void learn_attr(const struct nlattr *list, struct attr *attr)
{
	const struct nlattr *at;

	attr->max = attr->mask = UINT64_MAX;
	attr->max_len = 256;
	each_attr(at, data(list), size_of(list)) {
		switch (type_of(at)) {
		case NL_POLICY_TYPE_ATTR_TYPE: attr->type = number(at); break;
		case NL_POLICY_TYPE_ATTR_MIN_VALUE_U: attr->min = number(at); break;
		case NL_POLICY_TYPE_ATTR_MAX_VALUE_U: attr->max = number(at); break;
		case NL_POLICY_TYPE_ATTR_MASK: attr->mask = number(at); break;
		case NL_POLICY_TYPE_ATTR_MIN_LENGTH: attr->min_len = number(at); break;
		case NL_POLICY_TYPE_ATTR_MAX_LENGTH: attr->max_len = number(at); break;
		case NL_POLICY_TYPE_ATTR_POLICY_IDX: attr->nested = number(at); break;
		}
	}
}

static void learn_op(const struct nlattr *list)
{
	const struct nlattr *at;
	struct op *op = &ops[n_ops++];

	if (n_ops > OPS)
		errx(1, "too many operations");
	op->id = type_of(list);
	each_attr(at, data(list), size_of(list)) {
		unsigned int which = type_of(at) == CTRL_ATTR_POLICY_DUMP;

		op->policy[which] = number(at);
		op->has[which] = true;
	}
}

static void learn(const struct nlattr *list)
{
	const struct nlattr *at, *inner;

	switch (type_of(list)) {
	case CTRL_ATTR_OP_POLICY:
		each_attr(at, data(list), size_of(list))
			learn_op(at);
		break;
	case CTRL_ATTR_POLICY:
		each_attr(at, data(list), size_of(list))
			each_attr(inner, data(at), size_of(at)) {
				if (type_of(at) >= POLICIES || type_of(inner) >= ATTRS)
					errx(1, "the policy is too large");
				learn_attr(inner, &policies[type_of(at)][type_of(inner)]);
			}
		break;
	case CTRL_ATTR_FAMILY_ID:
		family = number(list);
		break;
	case CTRL_ATTR_VERSION:
		version = number(list);
		break;
	}
}

/* Asks nlctrl; each attribute of all answers is learnt. */
static void ask(uint8_t cmd, uint16_t flags, const char *name)
{
	const struct nlmsghdr *head;
	const struct nlattr *attr;
	bool more = true;
	size_t left;

	begin(GENL_ID_CTRL, NLM_F_ACK | flags, cmd, 2);
	strcpy(put(CTRL_ATTR_FAMILY_NAME, strlen(name) + 1), name);
	post();
	while (more) {
		left = receive();
		if (!left)
			errx(1, "nlctrl does not answer");
		for (head = &answer.head; NLMSG_OK(head, left);
		     head = NLMSG_NEXT(head, left)) {
			if (head->nlmsg_type == NLMSG_ERROR &&
			    ((struct nlmsgerr *)NLMSG_DATA(head))->error)
				errx(1, "there is no family %s", name);
			more = head->nlmsg_type != NLMSG_ERROR &&
			       head->nlmsg_type != NLMSG_DONE;
			if (!more)
				break;
			each_attr(attr, (void *)((uint8_t *)NLMSG_DATA(head) + GENL_HDRLEN),
				  head->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN)
				learn(attr);
		}
	}
}

/* --- what is sent ---------------------------------------------------------------------------------- */

/* Mostly small or at an edge: ids that there are, files that are open, limits. */
static uint64_t a_number(const struct attr *attr)
{
	switch (below(7)) {
	case 0: return attr->min;
	case 1: return attr->max;
	case 2: return attr->mask & chance();
	case 3: return spare[0];
	case 4: return attr->min + below(4);
	case 5: return attr->min + below(4096);
	default: return attr->max == UINT64_MAX ? below(65536) :
			attr->min + chance() % (attr->max - attr->min + 1 ?: 1);
	}
}

/* Beside the policy. */
static uint64_t a_bad_number(const struct attr *attr)
{
	switch (below(4)) {
	case 0: return attr->min - 1;
	case 1: return attr->max + 1;
	case 2: return ~attr->mask | chance();
	default: return chance();
	}
}

static void put_number(uint16_t type, const struct attr *attr, uint16_t size,
		       bool bad)
{
	uint64_t value = bad ? a_bad_number(attr) : a_number(attr);

	memcpy(put(type, bad && one_in(3) ? below(12) : size), &value,
	       sizeof(value) < size ? sizeof(value) : size);
}

static void put_bytes(uint16_t type, const struct attr *attr, bool text, bool bad)
{
	uint32_t most = attr->max_len < 4000 ? attr->max_len : 4000, i, size;
	uint8_t *to;

	if (most < attr->min_len)
		most = attr->min_len;
	size = attr->min_len + below(most - attr->min_len + 1);
	if (bad)
		size = one_in(2) ? most + 1 + below(8) : below(most + 1);
	to = put(type, size + text);
	for (i = 0; i < size; i++)
		to[i] = text && !bad ? (uint8_t)"1234567890-.abcd"[below(16)] :
					 (uint8_t)chance();
	/* few ids, so that some are found again */
	if (!text && !bad && one_in(2))
		memset(to, below(8), size);
}

static uint32_t lack;	/* of the attributes of this message one in so many is left out */
static void put_all(uint32_t policy, unsigned int depth, bool bad);

static void put_attr(uint16_t type, const struct attr *attr, unsigned int depth,
		     bool bad)
{
	uint32_t from = msg.head.nlmsg_len;

	switch (attr->type) {
	case NL_ATTR_TYPE_FLAG:
		put(type, bad ? below(5) : 0);
		break;
	case NL_ATTR_TYPE_U8: put_number(type, attr, 1, bad); break;
	case NL_ATTR_TYPE_U16: put_number(type, attr, 2, bad); break;
	case NL_ATTR_TYPE_U32: put_number(type, attr, 4, bad); break;
	case NL_ATTR_TYPE_U64: put_number(type, attr, 8, bad); break;
	case NL_ATTR_TYPE_STRING:
	case NL_ATTR_TYPE_NUL_STRING: put_bytes(type, attr, true, bad); break;
	case NL_ATTR_TYPE_NESTED:
		put(bad && one_in(3) ? type : type | NLA_F_NESTED, 0);
		if (depth < DEPTH)
			put_all(attr->nested, depth + 1, bad);
		((struct nlattr *)(msg.bytes + from))->nla_len =
			msg.head.nlmsg_len - from;
		break;
	default: put_bytes(type, attr, false, bad); break;
	}
}

/* Each attribute that there is, in any order, most of them once; @bad: one beside the policy. */
static void put_all(uint32_t policy, unsigned int depth, bool bad)
{
	uint32_t first = below(ATTRS), wrong = below(6), i, seen = 0;

	for (i = 0; i < ATTRS; i++) {
		uint16_t type = (first + i) % ATTRS;
		const struct attr *attr = &policies[policy][type];

		if (!attr->type && !(bad && one_in(200)))
			continue;
		if (one_in(lack))
			continue;
		if (msg.head.nlmsg_len > ROOM / 2)
			return;
		put_attr(type, attr, depth, bad && seen++ == wrong);
		if (one_in(16))
			put_attr(type, attr, depth, false);
	}
}

/* The frame of an attribute is wrong. */
static void spoil(void)
{
	uint32_t head = NLMSG_LENGTH(GENL_HDRLEN);
	struct nlattr *first = (void *)(msg.bytes + head);

	if (msg.head.nlmsg_len == head)
		return;
	if (one_in(2))
		first->nla_len = one_in(2) ? below(4) : below(UINT16_MAX + 1);
	else
		msg.head.nlmsg_len = head + below(msg.head.nlmsg_len - head);
}

/* --- what comes back --------------------------------------------------------------------------------- */

static bool has_reason(const struct nlmsghdr *head, size_t skip)
{
	const struct nlattr *attr;

	if (!(head->nlmsg_flags & NLM_F_ACK_TLVS))
		return false;
	each_attr(attr, (void *)((uint8_t *)NLMSG_DATA(head) + skip),
		  head->nlmsg_len - NLMSG_HDRLEN - skip)
		if (type_of(attr) == NLMSGERR_ATTR_MSG ||
		    type_of(attr) == NLMSGERR_ATTR_OFFS ||
		    type_of(attr) == NLMSGERR_ATTR_MISS_TYPE)
			return true;
	return false;
}

/* Generic netlink's own refusals, which have no sentence in any family. */
static bool needs_none(int error)
{
	return error == -EPERM || error == -EOPNOTSUPP || error == -ENOMEM ||
	       error == -EINTR;
}

/* The verdict: 0 or a negative errno. */
static int verdict(const struct op *op)
{
	const struct nlmsghdr *head;
	size_t left, skip;
	int error;

	for (;;) {
		left = receive();
		if (!left)
			errx(1, "operation %u was not answered", op->id);
		for (head = &answer.head; NLMSG_OK(head, left);
		     head = NLMSG_NEXT(head, left)) {
			if (head->nlmsg_seq != sequence)
				continue;
			if (head->nlmsg_type == NLMSG_DONE)
				skip = sizeof(int);
			else if (head->nlmsg_type == NLMSG_ERROR)
				/* capped: the head alone of what we have sent */
				skip = sizeof(struct nlmsgerr);
			else
				continue;
			memcpy(&error, NLMSG_DATA(head), sizeof(error));
			if (error < 0 && !needs_none(error) && !has_reason(head, skip))
				errx(1, "operation %u is refused without a word: %s",
				     op->id, strerror(-error));
			return error;
		}
	}
}

static void try(struct op *op)
{
	bool dump = op->has[1] && (!op->has[0] || one_in(4));

	begin(family, NLM_F_ACK | (dump ? NLM_F_DUMP : 0) |
	      (one_in(8) ? NLM_F_EXCL << below(4) : 0), op->id, version);
	lack = 2 << below(6);
	put_all(op->policy[dump], 0, one_in(3));
	if (one_in(16))
		spoil();
	post();
	if (verdict(op) < 0)
		op->refused++;
	else
		op->taken++;
}

static void open_all(void)
{
	struct sockaddr_nl own = { .nl_family = AF_NETLINK };
	const int on = 1;

	fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
	if (fd < 0 || bind(fd, (void *)&own, sizeof(own)) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on)) ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, spare))
		err(1, "sockets");
}

/* What lies behind an operation is reached only if one is taken: not by @count, chance is. */
static void until_taken(uint32_t id, uint32_t count)
{
	uint32_t which, i;

	for (which = 0; which < n_ops && ops[which].id != id; which++)
		;
	if (which == n_ops)
		errx(1, "there is no operation %u", id);
	for (i = 0; !ops[which].taken; i++) {
		if (i == count)
			errx(1, "of operation %u none of %u was taken", id, i);
		try(&ops[which]);
	}
}

int main(int argc, char **argv)
{
	uint32_t i, count;
	int arg;

	if (argc < 4)
		errx(1, "usage: policies FAMILY SEED COUNT [OPERATION...]");
	seed = strtoull(argv[2], NULL, 0);
	count = strtoul(argv[3], NULL, 0);
	open_all();
	ask(CTRL_CMD_GETFAMILY, 0, argv[1]);
	ask(CTRL_CMD_GETPOLICY, NLM_F_DUMP, argv[1]);
	if (!n_ops)
		errx(1, "%s: the kernel shows no policy", argv[1]);
	for (i = 0; i < count; i++)
		try(&ops[below(n_ops)]);
	for (arg = 4; arg < argc; arg++)
		until_taken(strtoul(argv[arg], NULL, 0), 100 * count);
	for (i = 0; i < n_ops; i++)
		printf("operation %u: %u taken, %u refused\n", ops[i].id,
		       ops[i].taken, ops[i].refused);
	return 0;
}
