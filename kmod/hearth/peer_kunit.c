// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of peers: names, addresses, the table, and their ends. Time is what the
 * tests set a peer's own to, but in the one of the timer.
 */
#include <kunit/test.h>
#include <linux/module.h>

/* They have no state outside of what they are given, so test a copy. */
#include "address.c"
#include "name.c"
#include "peer.c"

/* --- name.c, address.c ----------------------------------------------------- */

static bool valid(const char *name)
{
	return name_valid(name, strlen(name));
}

static void names(struct kunit *test)
{
	static const char * const bad[] = {
		"", " desk", "desk ", "-desk", "deadbeef", "DEADBEEF01",
		"a\x1b[31m", "a\nb", "\x7f", "\xc2\x9b;31m",
		"\xe2\x80\xaexyz", "a\xe2\x80\x8b", "\xef\xbb\xbf",
		"\xf3\xa0\x80\xa1", "\xef\xbf\xbf",
		"\x80", "\xc3", "\xc3(", "\xc0\xaf", "\xe0\x80\xaf",
		"\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80",
		"a-name-of-sixty-five-bytes-is-one-longer-than-the-longest-can-be-",
	};
	static const char * const good[] = {
		"desk", "my laptop", "beef", "deadbeeg", "m\xc3\xb6we",
		"m\xc3\xb6we \xf0\x9f\x94\xa5",
		"a-name-of-sixty-four-bytes-is-the-longest-that-there-can-be-----",
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_FALSE_MSG(test, valid(bad[i]), "bad %d", i);
	for (i = 0; i < ARRAY_SIZE(good); i++)
		KUNIT_EXPECT_TRUE_MSG(test, valid(good[i]), "good %d", i);
	KUNIT_EXPECT_FALSE(test, name_valid("a\0b", 3));
}

static struct address ipv4(u32 host, u16 port, u32 scope)
{
	return (struct address) {
		.family = AF_INET, .port = port, .scope = scope,
		.ipv4.s_addr = htonl(host),
	};
}

static struct address ipv6(u32 first, u32 third, u32 last, u16 port, u32 scope)
{
	return (struct address) {
		.family = AF_INET6, .port = port, .scope = scope,
		.ipv6.s6_addr32 = {
			htonl(first), 0, htonl(third), htonl(last),
		},
	};
}

static void addresses(struct kunit *test)
{
	const struct address good[] = {
		ipv4(0x0a000001, 1, 0), ipv4(0x7f000001, 65535, 0),
		ipv6(0x20010db8, 0, 1, 1, 0), ipv6(0xfd000000, 0, 1, 1, 0),
		ipv6(0xfe800000, 0, 1, 1, 3), ipv6(0xfebf0000, 0, 1, 1, 3),
		ipv6(0, 0, 1, 1, 0),
	};
	const struct address bad[] = {
		ipv4(0x0a000001, 0, 0), ipv4(0x0a000001, 1, 3), ipv4(0, 1, 0),
		ipv4(0xe0000001, 1, 0), ipv4(0xffffffff, 1, 0),
		ipv6(0, 0, 0, 1, 0), ipv6(0xff020000, 0, 1, 1, 3),
		ipv6(0, 0xffff, 0x0a000001, 1, 0),
		ipv6(0xfe800000, 0, 1, 1, 0), ipv6(0xfec00000, 0, 1, 1, 3),
		ipv6(0x20010db8, 0, 1, 1, 3), ipv6(0x20010db8, 0, 1, 0, 0),
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(good); i++)
		KUNIT_EXPECT_NULL_MSG(test, address_refusal(&good[i]), "good %d", i);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_NOT_NULL_MSG(test, address_refusal(&bad[i]), "bad %d", i);
}

/* --- peer.c ---------------------------------------------------------------- */

struct fixture {
	struct peer_table table;
	unsigned int told;
	u8 last[8];		/* the first byte of the id of the last ones */
	u32 state;		/* of the last */
	u32 reason;
	struct completion eight;
};

static void tell(struct peer_table *table, const struct peer *peer, u32 state,
		 u32 reason)
{
	struct fixture *f = container_of(table, struct fixture, table);

	f->last[f->told % 8] = peer->id[0];
	f->state = state;
	f->reason = reason;
	if (++f->told == 8)
		complete_all(&f->eight);
}

/* What those who have a connection to it heard; 0: none has. */
static unsigned long elsewhere;

static unsigned long heard(struct peer_table *table, const struct peer *peer)
{
	return elsewhere ?: peer->heard;
}

/* Something is bound to the peer 200, whether it is known or not. */
static bool gone(struct peer_table *table, const u8 *id, u32 reason)
{
	return id[0] == 200;
}

static const struct peer_ops ops = {
	.tell = tell,
	.heard = heard,
	.gone = gone,
};

static struct fixture *begin(struct kunit *test)
{
	struct fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	struct workqueue_struct *wq = alloc_workqueue("peer_kunit",
						      WQ_UNBOUND, 0);

	KUNIT_ASSERT_NOT_NULL(test, f);
	KUNIT_ASSERT_NOT_NULL(test, wq);
	init_completion(&f->eight);
	KUNIT_ASSERT_EQ(test, peers_init(&f->table, wq, &ops), 0);
	return f;
}

static void end(struct fixture *f)
{
	struct workqueue_struct *wq = f->table.wq;

	peers_exit(&f->table);
	destroy_workqueue(wq);
}

/* The id of peer @n. */
static const u8 *id(u32 n)
{
	static u8 bytes[HEARTH_ID_LEN];

	bytes[0] = n;
	bytes[30] = n >> 16;
	bytes[31] = n >> 8;
	return bytes;
}

static struct peer_facts *facts(struct kunit *test, const char *name,
				u32 ttl_ms, u32 n)
{
	struct peer_facts *facts = peer_facts_alloc(n);

	KUNIT_ASSERT_NOT_NULL(test, facts);
	strscpy(facts->name, name, sizeof(facts->name));
	facts->source = ttl_ms ? HEARTH_PEER_SOURCE_MULTICAST :
				 HEARTH_PEER_SOURCE_HAND;
	facts->ttl_ms = ttl_ms;
	while (n--)
		facts->address[n] = ipv4(0x0a000001 + n, 7000, 0);
	return facts;
}

static int new(struct kunit *test, struct fixture *f, u32 n, u32 ttl_ms)
{
	return peers_new(&f->table, id(n), facts(test, "desk", ttl_ms, 1), NULL);
}

static struct peer *find(struct fixture *f, u32 n)
{
	struct peer *peer;

	mutex_lock(&f->table.lock);
	peer = peers_find(&f->table, id(n));
	mutex_unlock(&f->table.lock);
	return peer;
}

static void found_by_id(struct kunit *test)
{
	struct fixture *f = begin(test);
	unsigned long number = 0;
	struct peer *peer;
	u32 i;

	for (i = 0; i < 1000; i++)
		KUNIT_ASSERT_EQ(test, new(test, f, i, 0), 0);
	KUNIT_EXPECT_EQ(test, f->told, 1000U);
	for (i = 0; i < 1000; i += 7)
		KUNIT_EXPECT_EQ(test, peers_del(&f->table, id(i),
						HEARTH_PEER_REASON_REMOVED), 0);
	KUNIT_EXPECT_EQ(test, f->state, (u32)HEARTH_PEER_STATE_GONE);
	KUNIT_EXPECT_EQ(test, f->reason, (u32)HEARTH_PEER_REASON_REMOVED);
	for (i = 0; i < 1000; i++) {
		peer = find(f, i);
		if (i % 7)
			KUNIT_EXPECT_EQ(test, memcmp(peer->id, id(i), HEARTH_ID_LEN), 0);
		else
			KUNIT_EXPECT_NULL(test, peer);
	}
	KUNIT_EXPECT_EQ(test, peers_del(&f->table, id(7), 1), -ENOENT);
	KUNIT_EXPECT_EQ_MSG(test, peers_del(&f->table, id(0x10000 + 200), 1), 0,
			    "unknown, but something was bound to it");

	/* In the order in which they came, each once. */
	mutex_lock(&f->table.lock);
	for (i = 0; i < 1000; i++) {
		if (i % 7 == 0)
			continue;
		peer = peers_next(&f->table, &number);
		KUNIT_ASSERT_NOT_NULL(test, peer);
		KUNIT_EXPECT_EQ(test, memcmp(peer->id, id(i), HEARTH_ID_LEN), 0);
		number++;
	}
	KUNIT_EXPECT_NULL(test, peers_next(&f->table, &number));
	mutex_unlock(&f->table.lock);
	KUNIT_EXPECT_EQ(test, f->table.count, 1000U - 143);
	end(f);
}

static void numbers_wrap(struct kunit *test)
{
	struct fixture *f = begin(test);
	unsigned long number = 0;

	f->table.next_number = U32_MAX;
	KUNIT_ASSERT_EQ(test, new(test, f, 1, 0), 0);
	KUNIT_ASSERT_EQ(test, new(test, f, 2, 0), 0);
	KUNIT_EXPECT_EQ(test, find(f, 1)->number, U32_MAX);
	KUNIT_EXPECT_EQ(test, find(f, 2)->number, 1U);
	mutex_lock(&f->table.lock);
	KUNIT_EXPECT_PTR_EQ(test, peers_next(&f->table, &number), peers_find(&f->table, id(2)));
	number++;
	KUNIT_EXPECT_PTR_EQ(test, peers_next(&f->table, &number), peers_find(&f->table, id(1)));
	mutex_unlock(&f->table.lock);
	end(f);
}

static void refreshed_and_changed(struct kunit *test)
{
	struct fixture *f = begin(test);
	unsigned int generation;

	KUNIT_ASSERT_EQ(test, new(test, f, 1, 60000), 0);
	generation = f->table.generation;
	find(f, 1)->heard = jiffies - HZ;
	KUNIT_ASSERT_EQ(test, new(test, f, 1, 60000), 0);
	KUNIT_EXPECT_EQ_MSG(test, f->told, 1U, "a refresh is not told");
	KUNIT_EXPECT_EQ(test, f->table.generation, generation);
	KUNIT_EXPECT_TRUE(test, time_after(find(f, 1)->heard, jiffies - HZ));

	KUNIT_ASSERT_EQ(test, peers_new(&f->table, id(1), facts(test, "lamp", 60000, 1), NULL), 0);
	KUNIT_EXPECT_EQ(test, f->told, 2U);
	KUNIT_ASSERT_EQ(test, peers_new(&f->table, id(1), facts(test, "lamp", 60000, 2), NULL), 0);
	KUNIT_EXPECT_EQ(test, f->told, 3U);
	KUNIT_EXPECT_NE(test, f->table.generation, generation);
	KUNIT_EXPECT_STREQ(test, find(f, 1)->facts->name, "lamp");
	KUNIT_EXPECT_EQ(test, find(f, 1)->facts->addresses, 2U);
	KUNIT_EXPECT_EQ(test, f->table.count, 1U);
	end(f);
}

static void generation_is_never_zero(struct kunit *test)
{
	struct fixture *f = begin(test);

	f->table.generation = U32_MAX;
	KUNIT_ASSERT_EQ(test, new(test, f, 1, 0), 0);
	KUNIT_EXPECT_EQ(test, f->table.generation, 1U);
	end(f);
}

static void table_is_full(struct kunit *test)
{
	struct fixture *f = begin(test);
	u32 i;

	for (i = 0; i < HEARTH_PEERS_MAX; i++)
		KUNIT_ASSERT_EQ(test, new(test, f, i, 0), 0);
	KUNIT_EXPECT_EQ(test, new(test, f, i, 0), -ENOSPC);
	KUNIT_EXPECT_EQ_MSG(test, new(test, f, 5, 1000), 0, "one that is there is refreshed");
	KUNIT_EXPECT_EQ(test, peers_del(&f->table, id(7), HEARTH_PEER_REASON_GOODBYE), 0);
	KUNIT_EXPECT_EQ(test, new(test, f, i, 0), 0);
	end(f);
}

/* A time to live comes, goes and changes: it is where it should be. */
static void due_follows_the_time_to_live(struct kunit *test)
{
	struct fixture *f = begin(test);

	KUNIT_ASSERT_EQ(test, new(test, f, 1, 40000), 0);
	KUNIT_ASSERT_EQ(test, new(test, f, 2, 50000), 0);
	KUNIT_ASSERT_EQ(test, new(test, f, 3, 0), 0);
	KUNIT_EXPECT_PTR_EQ(test, peers_first(&f->table), find(f, 1));
	KUNIT_ASSERT_EQ(test, new(test, f, 2, 30000), 0);
	KUNIT_EXPECT_PTR_EQ(test, peers_first(&f->table), find(f, 2));
	KUNIT_ASSERT_EQ(test, new(test, f, 2, 0), 0);
	KUNIT_EXPECT_PTR_EQ(test, peers_first(&f->table), find(f, 1));
	KUNIT_ASSERT_EQ(test, new(test, f, 3, 20000), 0);
	KUNIT_EXPECT_PTR_EQ(test, peers_first(&f->table), find(f, 3));
	KUNIT_EXPECT_EQ(test, peers_del(&f->table, id(3), HEARTH_PEER_REASON_GOODBYE), 0);
	KUNIT_EXPECT_EQ(test, peers_del(&f->table, id(1), HEARTH_PEER_REASON_GOODBYE), 0);
	KUNIT_EXPECT_NULL(test, peers_first(&f->table));
	end(f);
}

/* Heard of for the last time long ago. The work waits for the lock. */
static void age(struct fixture *f, u32 n)
{
	struct peer *peer = peers_find(&f->table, id(n));

	peer->heard = jiffies - 100 * HZ;
	peer_queue(&f->table, peer);
}

/* Who was heard of since is not forgotten: a store is enough. */
static void heard_ones_stay(struct kunit *test)
{
	struct fixture *f = begin(test);
	bool more;

	KUNIT_ASSERT_EQ(test, new(test, f, 1, 60000), 0);
	KUNIT_ASSERT_EQ(test, new(test, f, 2, 60000), 0);
	mutex_lock(&f->table.lock);
	age(f, 1);
	age(f, 2);
	peers_find(&f->table, id(2))->heard = jiffies;
	more = peers_expire(&f->table);
	mutex_unlock(&f->table.lock);
	KUNIT_EXPECT_FALSE(test, more);
	KUNIT_EXPECT_NULL(test, find(f, 1));
	KUNIT_ASSERT_NOT_NULL(test, find(f, 2));
	KUNIT_EXPECT_GT(test, peer_expires_ms(find(f, 2)), 50000U);
	KUNIT_EXPECT_EQ(test, f->told, 3U);
	KUNIT_EXPECT_EQ(test, f->reason, (u32)HEARTH_PEER_REASON_EXPIRED);
	end(f);
}

/* Nor is one whose connection says that something came. */
static void heard_elsewhere(struct kunit *test)
{
	struct fixture *f = begin(test);

	KUNIT_ASSERT_EQ(test, new(test, f, 1, 60000), 0);
	mutex_lock(&f->table.lock);
	age(f, 1);
	elsewhere = jiffies - HZ;
	peers_expire(&f->table);
	elsewhere = 0;
	mutex_unlock(&f->table.lock);
	KUNIT_ASSERT_NOT_NULL(test, find(f, 1));
	KUNIT_EXPECT_LE(test, peer_expires_ms(find(f, 1)), 59000U);
	KUNIT_EXPECT_GT(test, peer_expires_ms(find(f, 1)), 50000U);
	KUNIT_EXPECT_EQ_MSG(test, f->told, 1U, "it is a refresh, and not told");
	end(f);
}

/* One batch does not hold the lock for all. */
static void ends_come_in_batches(struct kunit *test)
{
	struct fixture *f = begin(test);
	u32 n, batches = 1;

	for (n = 0; n < 3 * PEERS_BATCH; n++)
		KUNIT_ASSERT_EQ(test, new(test, f, n, 60000), 0);
	mutex_lock(&f->table.lock);
	for (n = 0; n < 3 * PEERS_BATCH; n++)
		age(f, n);
	while (peers_expire(&f->table))
		batches++;
	mutex_unlock(&f->table.lock);
	KUNIT_EXPECT_GE(test, batches, 3U);
	KUNIT_EXPECT_EQ(test, f->table.count, 0U);
	end(f);
}

/* The timer itself: the first to end is the first to be told of. */
static void timer_ends_them_in_order(struct kunit *test)
{
	static const u32 ttl[] = { 400, 200, 300, 100 };
	static const u8 order[] = { 3, 1, 2, 0 };
	struct fixture *f = begin(test);
	u32 n;

	for (n = 0; n < 4; n++)
		KUNIT_ASSERT_EQ(test, new(test, f, n, ttl[n]), 0);
	KUNIT_ASSERT_NE(test, wait_for_completion_timeout(&f->eight, 60 * HZ), 0UL);
	for (n = 0; n < 4; n++)
		KUNIT_EXPECT_EQ(test, f->last[4 + n], order[n]);
	KUNIT_EXPECT_EQ(test, f->table.count, 0U);
	end(f);
}

static struct kunit_case peer_cases[] = {
	KUNIT_CASE(names),
	KUNIT_CASE(addresses),
	KUNIT_CASE(found_by_id),
	KUNIT_CASE(numbers_wrap),
	KUNIT_CASE(refreshed_and_changed),
	KUNIT_CASE(generation_is_never_zero),
	KUNIT_CASE(table_is_full),
	KUNIT_CASE(due_follows_the_time_to_live),
	KUNIT_CASE(heard_ones_stay),
	KUNIT_CASE(heard_elsewhere),
	KUNIT_CASE(ends_come_in_batches),
	KUNIT_CASE(timer_ends_them_in_order),
	{}
};

static struct kunit_suite peer_suite = {
	.name = "hearth-peer",
	.test_cases = peer_cases,
};

kunit_test_suite(peer_suite);

MODULE_DESCRIPTION("KUnit tests of hearth");
MODULE_LICENSE("GPL");
