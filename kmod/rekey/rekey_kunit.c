// SPDX-License-Identifier: GPL-2.0
/* KUnit tests of what needs no device: the format on disk, the map, the places. */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/prandom.h>

/* They have no state outside of what they are given, so test a copy. */
#include "format.c"
#include "map.c"
#include "place.c"

/* --- format.c: superblock --------------------------------------------------------- */

static const u8 test_uuid[REKEY_UUID] = "a test's volume";

static struct rekey_super *super_new(struct kunit *test)
{
	struct rekey_super *sb = kunit_kzalloc(test, sizeof(*sb), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, sb);
	sb->version = 1;
	memcpy(sb->uuid, test_uuid, sizeof(sb->uuid));
	sb->clean = true;
	sb->sector_size = 4096;
	sb->region = 2048;
	sb->sectors = 2048 * 10 + 8;	/* the last region is a short one */
	strscpy(sb->cipher, "aes-xts-plain64", sizeof(sb->cipher));
	memset(sb->digest, 0x5a, sizeof(sb->digest));
	sb->job = (struct rekey_job){
		.kind = REKEY_JOB_REKEY, .from = 1, .to = 2, .first = 3,
		.count = 8,
	};
	sb->devices = 2;
	sb->device[0].regions = 12;
	sb->device[0].label = true;
	sb->device[1].regions = REKEY_PLACES_MAX;
	return sb;
}

static union rekey_page *page_new(struct kunit *test)
{
	union rekey_page *page = kunit_kzalloc(test, sizeof(*page), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	return page;
}

static void super_sizes(struct kunit *test)
{
	BUILD_BUG_ON(sizeof(struct rekey_head) != 96);
	BUILD_BUG_ON(sizeof(struct rekey_disk_device) != 16);
	BUILD_BUG_ON(sizeof(struct rekey_disk_slot) != 64);
	BUILD_BUG_ON(sizeof(struct rekey_disk_super) != REKEY_PAGE);
	BUILD_BUG_ON(sizeof(struct rekey_disk_slots) != REKEY_PAGE);
	BUILD_BUG_ON(sizeof(struct rekey_disk_map) != REKEY_PAGE);
	BUILD_BUG_ON(offsetof(struct rekey_disk_super, device) != 256);
	KUNIT_EXPECT_EQ(test, rekey_page_number(REKEY_PAGE_SUPER, 0), 0ULL);
	KUNIT_EXPECT_EQ(test, rekey_page_number(REKEY_PAGE_SLOT, 0), 1ULL);
	KUNIT_EXPECT_EQ(test, rekey_page_number(REKEY_PAGE_MAP, 0), 5ULL);
	KUNIT_EXPECT_EQ(test, rekey_map_pages(1), 1ULL);
	KUNIT_EXPECT_EQ(test, rekey_map_pages(500), 1ULL);
	KUNIT_EXPECT_EQ(test, rekey_map_pages(501), 2ULL);
	KUNIT_EXPECT_EQ(test, rekey_pages(501), 7ULL);
}

static struct rekey_super *super_new_2(struct kunit *test)
{
	struct rekey_super *sb = super_new(test);

	sb->version = 2;
	sb->stride = 16;
	sb->epoch = 9;
	sb->opened = 8;
	sb->generation = 4;
	sb->labels = true;
	sb->job.state = REKEY_JOB_INCOMPLETE;
	sb->device[1].drained = true;
	return sb;
}

/* Version 1: copies of a page side by side, in the order of the pages. */
static void layout_places(struct kunit *test)
{
	struct rekey_layout layout = layout_of(1, 0);
	u64 number;

	for (number = 0; number < 7; number++) {
		KUNIT_EXPECT_EQ(test, layout_block(&layout, number, 0),
				2 * number);
		KUNIT_EXPECT_EQ(test, layout_block(&layout, number, 1),
				2 * number + 1);
	}
	KUNIT_EXPECT_EQ(test, layout_sectors(&layout, 6), 6 * 16ULL);
	/* version 2: all first ones, then, far away, all second ones */
	layout = layout_of(2, 256);
	KUNIT_EXPECT_EQ(test, layout_block(&layout, 0, 0), 0ULL);
	KUNIT_EXPECT_EQ(test, layout_block(&layout, 6, 0), 6ULL);
	KUNIT_EXPECT_EQ(test, layout_block(&layout, 6, 1), 262ULL);
	KUNIT_EXPECT_EQ(test, layout_sectors(&layout, 6), 262 * 8ULL);
}

/* Half the area away, as far as a power of two can be. */
static void layout_strides(struct kunit *test)
{
	u64 blocks, pages;
	u32 stride;

	KUNIT_EXPECT_EQ(test, layout_stride(0, 6), 0U);
	KUNIT_EXPECT_EQ(test, layout_stride(13, 6), 0U);
	KUNIT_EXPECT_EQ(test, layout_stride(14, 6), 8U);
	KUNIT_EXPECT_EQ(test, layout_stride(31, 6), 8U);
	KUNIT_EXPECT_EQ(test, layout_stride(32, 6), 16U);
	KUNIT_EXPECT_EQ(test, layout_stride(3072, 6), 1024U);
	KUNIT_EXPECT_EQ(test, layout_stride(390, 130), 256U);
	KUNIT_EXPECT_EQ(test, layout_stride(385, 130), 0U);
	KUNIT_EXPECT_EQ(test, layout_stride(U64_MAX, 6), REKEY_STRIDE_MAX);
	KUNIT_EXPECT_EQ(test, layout_stride(U64_MAX, 2ULL * REKEY_STRIDE_MAX),
			0U);
	for (blocks = 0; blocks < 600; blocks++) {
		for (pages = 6; pages < 300; pages += 7) {
			stride = layout_stride(blocks, pages);
			if (!stride)
				continue;
			KUNIT_ASSERT_TRUE(test, is_power_of_2(stride));
			KUNIT_ASSERT_GE(test, (u64)stride, pages);
			KUNIT_ASSERT_LE(test, stride + pages, blocks);
		}
	}
}

static void super_there_and_back(struct kunit *test)
{
	struct rekey_super *sb = super_new(test), *back = super_new(test);
	union rekey_page *page = page_new(test);

	memset(page, 0xff, sizeof(*page));
	head_pack(&page->head, REKEY_PAGE_SUPER, 0, 7, sb->uuid);
	super_pack(&page->super, sb);
	KUNIT_EXPECT_NULL(test, head_check(&page->head, REKEY_PAGE_SUPER, 0,
					   NULL));
	memset(back, 0xff, sizeof(*back));
	KUNIT_EXPECT_NULL(test, super_unpack(&page->super, back));
	KUNIT_EXPECT_EQ(test, memcmp(sb, back, sizeof(*sb)), 0);
	sb = super_new_2(test);
	super_pack(&page->super, sb);
	KUNIT_EXPECT_NULL(test, super_unpack(&page->super, back));
	KUNIT_EXPECT_EQ(test, memcmp(sb, back, sizeof(*sb)), 0);
}

/*
 * What a module of version 1 asks a head before it looks at the version, by which it
 * is to refuse: 24 bytes at 40 are zero.
 */
static void super_old_module(struct kunit *test)
{
	struct rekey_super *sb = super_new_2(test);
	union rekey_page *page = page_new(test);

	memset(page, 0xff, sizeof(*page));
	head_pack(&page->head, REKEY_PAGE_SUPER, 0, 8, sb->uuid);
	super_pack(&page->super, sb);
	KUNIT_EXPECT_NULL(test, memchr_inv(page->byte + 40, 0, 24));
	KUNIT_EXPECT_EQ(test, le32_to_cpu(*(__le32 *)(page->byte + 96)), 2U);
}

static struct rekey_disk_super *super_disk(struct kunit *test)
{
	struct rekey_super *sb = super_new(test);
	union rekey_page *page = page_new(test);

	head_pack(&page->head, REKEY_PAGE_SUPER, 0, 1, sb->uuid);
	super_pack(&page->super, sb);
	return &page->super;
}

static bool super_refused(struct kunit *test,
			  const struct rekey_disk_super *disk)
{
	return super_unpack(disk, super_new(test));
}

/* With this value in a field of a good @disk it must be refused. */
#define SUPER_REFUSES(field, value)					\
	do {								\
		__le64 le = cpu_to_le64(value);				\
		__auto_type at = &(field);				\
									\
		memcpy(at, &le, sizeof(*at));				\
		KUNIT_EXPECT_TRUE(test, super_refused(test, disk));	\
		disk = super_disk(test);				\
	} while (0)

static void super_wrong_fields(struct kunit *test)
{
	struct rekey_disk_super *disk = super_disk(test);

	SUPER_REFUSES(disk->version, 0);
	SUPER_REFUSES(disk->version, 2);
	SUPER_REFUSES(disk->version, REKEY_VERSION_MAX + 1);
	SUPER_REFUSES(disk->flags, 4);
	SUPER_REFUSES(disk->sector_size, 0);
	SUPER_REFUSES(disk->sector_size, 1024);
	SUPER_REFUSES(disk->region, 0);
	SUPER_REFUSES(disk->region, 256);
	SUPER_REFUSES(disk->region, 1000);
	SUPER_REFUSES(disk->region, 65536);
	SUPER_REFUSES(disk->sectors, 0);
	SUPER_REFUSES(disk->sectors, 2048 * 10 + 1);
	SUPER_REFUSES(disk->sectors, U64_MAX & ~7ULL);
	SUPER_REFUSES(disk->devices, 0);
	SUPER_REFUSES(disk->devices, 1);
	SUPER_REFUSES(disk->devices, REKEY_DEVICES + 1);
	SUPER_REFUSES(disk->devices, U32_MAX);
	SUPER_REFUSES(disk->device[0].regions, REKEY_PLACES_MAX + 1);
	SUPER_REFUSES(disk->device[0].flags, 2);
	SUPER_REFUSES(disk->device[2].regions, 1);
	SUPER_REFUSES(disk->stride, 16);
	SUPER_REFUSES(disk->epoch, 1);
	SUPER_REFUSES(disk->opened, 1);
	SUPER_REFUSES(disk->generation, 1);
	SUPER_REFUSES(disk->stale, REKEY_STALE_ANY);
	SUPER_REFUSES(disk->stale_place[0], 1);
	SUPER_REFUSES(disk->padding[0], 1);
	SUPER_REFUSES(disk->cipher[0], 0);
	SUPER_REFUSES(disk->cipher[3], ' ');
	SUPER_REFUSES(disk->cipher[REKEY_CIPHER - 1], 'x');
}

static void super_wrong_fields_2(struct kunit *test)
{
	struct rekey_super *sb = super_new_2(test);
	union rekey_page *page = page_new(test);

#define SUPER_REFUSES_2(field, value)					\
	do {								\
		super_pack(&page->super, sb);				\
		KUNIT_EXPECT_FALSE(test, super_refused(test, &page->super)); \
		page->super.field = value;				\
		KUNIT_EXPECT_TRUE(test, super_refused(test, &page->super)); \
	} while (0)

	SUPER_REFUSES_2(stride, 0);
	SUPER_REFUSES_2(stride, cpu_to_le32(4));
	SUPER_REFUSES_2(stride, cpu_to_le32(24));
	SUPER_REFUSES_2(stride, cpu_to_le32(REKEY_STRIDE_MAX * 2));
	SUPER_REFUSES_2(epoch, 0);
	SUPER_REFUSES_2(epoch, cpu_to_le64(7));
	SUPER_REFUSES_2(opened, cpu_to_le64(10));
	SUPER_REFUSES_2(generation, 0);
	SUPER_REFUSES_2(stale, cpu_to_le32(REKEY_STALE_MAX + 1));
	SUPER_REFUSES_2(stale_place[0], cpu_to_le64(5));
	SUPER_REFUSES_2(reserved, 1);
	SUPER_REFUSES_2(flags, cpu_to_le32(8));
	/* a change of the metadata key is one of a closed volume */
	SUPER_REFUSES_2(flags, cpu_to_le32(16));
	SUPER_REFUSES_2(job_state, cpu_to_le32(3));
	SUPER_REFUSES_2(device[0].flags, cpu_to_le32(8));
	SUPER_REFUSES_2(padding[0], 1);
	sb->stale = 2;
	sb->stale_place[0] = entry_at(0, 1, 5) & ~REKEY_ENTRY_WRITTEN;
	SUPER_REFUSES_2(stale, cpu_to_le32(REKEY_STALE_ANY));
	SUPER_REFUSES_2(stale, 0);
	SUPER_REFUSES_2(stale_place[0], cpu_to_le64(entry_at(0, 1, 5)));
	SUPER_REFUSES_2(stale_place[1], cpu_to_le64(2ULL << 40));
	SUPER_REFUSES_2(stale_place[2], cpu_to_le64(5));
	sb->stale = 0;
	/* no room for its map: 10 regions and a bit more take 6 pages */
	sb->sectors = 2048 * 500 * 4;
	SUPER_REFUSES_2(stride, cpu_to_le32(8));
}

static void super_wrong_job(struct kunit *test)
{
	struct rekey_disk_super *disk = super_disk(test);

	SUPER_REFUSES(disk->job, 3);
	SUPER_REFUSES(disk->from, REKEY_SLOTS);
	SUPER_REFUSES(disk->to, REKEY_SLOTS);
	SUPER_REFUSES(disk->to, 1);
	SUPER_REFUSES(disk->first, 11);
	SUPER_REFUSES(disk->first, 4);
	SUPER_REFUSES(disk->first, U64_MAX);
	SUPER_REFUSES(disk->count, 0);
	SUPER_REFUSES(disk->count, 9);
	SUPER_REFUSES(disk->count, U64_MAX - 2);
	/* as a drain of a device, of which there are two */
	SUPER_REFUSES(disk->job, REKEY_JOB_DRAIN);
}

/* Whatever is read from garbage stays within what the code relies on. */
static void super_garbage(struct kunit *test)
{
	struct rekey_super *sb = super_new(test), *got = super_new(test);
	union rekey_page *page = page_new(test);
	struct rnd_state rnd;
	u64 regions;
	int i, n;

	prandom_seed_state(&rnd, 42);
	for (i = 0; i < 20000; i++) {
		super_pack(&page->super, sb);
		for (n = 1 + prandom_u32_state(&rnd) % 4; n; n--)
			page->byte[96 + prandom_u32_state(&rnd) % 200] ^=
				1 << prandom_u32_state(&rnd) % 8;
		if (super_unpack(&page->super, got))
			continue;
		regions = DIV_ROUND_UP_ULL(got->sectors, got->region);
		KUNIT_ASSERT_TRUE(test, is_power_of_2(got->region));
		KUNIT_ASSERT_LE(test, regions, REKEY_REGIONS_MAX);
		KUNIT_ASSERT_LE(test, got->devices, REKEY_DEVICES);
		KUNIT_ASSERT_LT(test, strnlen(got->cipher, REKEY_CIPHER),
				REKEY_CIPHER);
		if (got->job.kind == REKEY_JOB_NONE)
			continue;
		KUNIT_ASSERT_LE(test, got->job.first + got->job.count,
				regions);
	}
}

static void head_wrong(struct kunit *test)
{
	struct rekey_head head;
	u8 other[REKEY_UUID] = "another";

	head_pack(&head, REKEY_PAGE_MAP, 3, 9, test_uuid);
	KUNIT_EXPECT_NULL(test, head_check(&head, REKEY_PAGE_MAP, 3,
					   test_uuid));
	KUNIT_EXPECT_NOT_NULL(test, head_check(&head, REKEY_PAGE_SLOT, 3,
					       test_uuid));
	KUNIT_EXPECT_NOT_NULL(test, head_check(&head, REKEY_PAGE_MAP, 4,
					       test_uuid));
	KUNIT_EXPECT_NOT_NULL(test, head_check(&head, REKEY_PAGE_MAP, 3,
					       other));
	head.reserved = cpu_to_le32(1);
	KUNIT_EXPECT_NOT_NULL(test, head_check(&head, REKEY_PAGE_MAP, 3,
					       test_uuid));
	head.reserved = 0;
	head.magic[0] ^= 1;
	KUNIT_EXPECT_NOT_NULL(test, head_check(&head, REKEY_PAGE_MAP, 3,
					       test_uuid));
}

/* A page of a later superblock, or with an age that contradicts itself. */
static void head_ages(struct kunit *test)
{
	struct rekey_age age = { .seq = 9, .stamp = 7, .base = 5, .epoch = 3 };
	struct rekey_head head;
	struct rekey_age got;

	head_pack(&head, REKEY_PAGE_MAP, 3, 9, test_uuid);
	/* of version 1: it has none, and must have none */
	head_pack_age(&head, 1, &age);
	KUNIT_EXPECT_NULL(test, head_unpack_age(&head, 1, 0, &got));
	KUNIT_EXPECT_EQ(test, got.stamp, 9ULL);
	KUNIT_EXPECT_NOT_NULL(test, head_unpack_age(&head, 2, 3, &got));
	head_pack_age(&head, 2, &age);
	KUNIT_EXPECT_NOT_NULL(test, head_unpack_age(&head, 1, 0, &got));
	KUNIT_EXPECT_NULL(test, head_unpack_age(&head, 2, 3, &got));
	KUNIT_EXPECT_EQ(test, memcmp(&age, &got, sizeof(age)), 0);
	KUNIT_EXPECT_NULL(test, head_unpack_age(&head, 2, 4, &got));
	KUNIT_EXPECT_NOT_NULL(test, head_unpack_age(&head, 2, 2, &got));
	/* it is no superblock's and no label's */
	KUNIT_EXPECT_NULL(test, head_check(&head, REKEY_PAGE_MAP, 3,
					   test_uuid));
	head.kind = cpu_to_le32(REKEY_PAGE_LABEL);
	KUNIT_EXPECT_NOT_NULL(test, head_check(&head, REKEY_PAGE_LABEL, 3,
					       test_uuid));
	head.base = cpu_to_le64(8);
	KUNIT_EXPECT_NOT_NULL(test, head_unpack_age(&head, 2, 3, &got));
	head.base = 0;
	head.age = cpu_to_le32(10);
	KUNIT_EXPECT_NOT_NULL(test, head_unpack_age(&head, 2, 3, &got));
}

static void label_generations(struct kunit *test)
{
	struct rekey_super *sb = super_new_2(test);

	/* the last opening for writing was cut short */
	KUNIT_EXPECT_FALSE(test, label_is_current(sb, 2));
	KUNIT_EXPECT_TRUE(test, label_is_current(sb, 3));
	KUNIT_EXPECT_TRUE(test, label_is_current(sb, 4));
	KUNIT_EXPECT_FALSE(test, label_is_current(sb, 5));
	KUNIT_EXPECT_FALSE(test, label_is_current(sb, U64_MAX));
	sb->labels = false;
	KUNIT_EXPECT_FALSE(test, label_is_current(sb, 3));
	KUNIT_EXPECT_TRUE(test, label_is_current(sb, 4));
	KUNIT_EXPECT_TRUE(test, label_is_current(super_new(test), 1));
}

static struct kunit_case super_cases[] = {
	KUNIT_CASE(super_sizes),
	KUNIT_CASE(layout_places),
	KUNIT_CASE(layout_strides),
	KUNIT_CASE(super_old_module),
	KUNIT_CASE(super_wrong_fields_2),
	KUNIT_CASE(head_ages),
	KUNIT_CASE(label_generations),
	KUNIT_CASE(super_there_and_back),
	KUNIT_CASE(super_wrong_fields),
	KUNIT_CASE(super_wrong_job),
	KUNIT_CASE(super_garbage),
	KUNIT_CASE(head_wrong),
	{}
};

static struct kunit_suite super_suite = {
	.name = "hearth_rekey_super",
	.test_cases = super_cases,
};

/* --- format.c: slots and map ----------------------------------------------------------- */

static void map_entries(struct kunit *test)
{
	u64 entry = entry_at(REKEY_SLOTS - 1, REKEY_DEVICES - 1,
			     REKEY_PLACES_MAX - 1);

	KUNIT_EXPECT_TRUE(test, entry_written(entry));
	KUNIT_EXPECT_EQ(test, entry_slot(entry), REKEY_SLOTS - 1);
	KUNIT_EXPECT_EQ(test, entry_device(entry), REKEY_DEVICES - 1);
	KUNIT_EXPECT_EQ(test, entry_place(entry), REKEY_PLACES_MAX - 1);
	KUNIT_EXPECT_NULL(test, entry_check(entry));
	KUNIT_EXPECT_FALSE(test, entry_written(entry_unwritten(5)));
	KUNIT_EXPECT_EQ(test, entry_slot(entry_unwritten(5)), 5U);
	KUNIT_EXPECT_NULL(test, entry_check(entry_unwritten(5)));
	KUNIT_EXPECT_NULL(test, entry_check(0));
}

static void map_wrong_entries(struct kunit *test)
{
	KUNIT_EXPECT_NOT_NULL(test, entry_check(BIT_ULL(60)));
	KUNIT_EXPECT_NOT_NULL(test, entry_check(BIT_ULL(62)));
	KUNIT_EXPECT_NOT_NULL(test, entry_check(U64_MAX));
	KUNIT_EXPECT_NOT_NULL(test, entry_check(entry_at(REKEY_SLOTS, 0, 0)));
	KUNIT_EXPECT_NOT_NULL(test, entry_check(entry_unwritten(0xfff)));
	KUNIT_EXPECT_NOT_NULL(test, entry_check(entry_at(0, REKEY_DEVICES,
							 0)));
	KUNIT_EXPECT_NOT_NULL(test, entry_check(entry_unwritten(1) | 7));
}

static void map_pages(struct kunit *test)
{
	u64 in[REKEY_PAGE_ENTRIES / 50], out[ARRAY_SIZE(in)];
	union rekey_page *page = page_new(test);
	u32 i;

	for (i = 0; i < ARRAY_SIZE(in); i++)
		in[i] = i % 3 ? entry_at(i, i % 2, i * 7) : entry_unwritten(i);
	memset(page, 0xff, sizeof(*page));
	map_pack(&page->map, in, ARRAY_SIZE(in));
	KUNIT_EXPECT_NULL(test, map_unpack(&page->map, out, ARRAY_SIZE(out)));
	KUNIT_EXPECT_EQ(test, memcmp(in, out, sizeof(in)), 0);
	/* one that the map has not: never written, as a growth leaves it */
	KUNIT_EXPECT_NULL(test, map_unpack(&page->map, out,
					   ARRAY_SIZE(out) - 1));
	/* and one that is written */
	KUNIT_EXPECT_NOT_NULL(test, map_unpack(&page->map, out,
					       ARRAY_SIZE(out) - 2));
	page->map.entry[4] = cpu_to_le64(U64_MAX);
	KUNIT_EXPECT_NOT_NULL(test, map_unpack(&page->map, out,
					       ARRAY_SIZE(out)));
}

static void slot_pages(struct kunit *test)
{
	const size_t size = REKEY_PAGE_SLOTS * sizeof(struct rekey_slot_info);
	struct rekey_slot_info *in = kunit_kzalloc(test, size, GFP_KERNEL);
	struct rekey_slot_info *out = kunit_kzalloc(test, size, GFP_KERNEL);
	union rekey_page *page = page_new(test);

	KUNIT_ASSERT_NOT_NULL(test, in);
	KUNIT_ASSERT_NOT_NULL(test, out);
	in[1].state = REKEY_SLOT_USED;
	in[1].key_size = 64;
	memset(in[1].kcv, 0xa5, sizeof(in[1].kcv));
	in[61].state = REKEY_SLOT_ERASED;
	memset(page, 0xff, sizeof(*page));
	slots_pack(&page->slots, in);
	KUNIT_EXPECT_NULL(test, slots_unpack(&page->slots, out));
	KUNIT_EXPECT_EQ(test, memcmp(in, out, size), 0);
	page->slots.slot[1].key_size = 0;
	KUNIT_EXPECT_NOT_NULL(test, slots_unpack(&page->slots, out));
	page->slots.slot[1].key_size = cpu_to_le32(1025);
	KUNIT_EXPECT_NOT_NULL(test, slots_unpack(&page->slots, out));
	page->slots.slot[1].key_size = cpu_to_le32(64);
	page->slots.slot[1].state = cpu_to_le32(REKEY_SLOT_FREE);
	KUNIT_EXPECT_NOT_NULL(test, slots_unpack(&page->slots, out));
	page->slots.slot[1].state = cpu_to_le32(3);
	KUNIT_EXPECT_NOT_NULL(test, slots_unpack(&page->slots, out));
	page->slots.slot[1].state = cpu_to_le32(REKEY_SLOT_USED);
	page->slots.slot[0].reserved[0] = 1;
	KUNIT_EXPECT_NOT_NULL(test, slots_unpack(&page->slots, out));
}

static struct kunit_case map_cases[] = {
	KUNIT_CASE(map_entries),
	KUNIT_CASE(map_wrong_entries),
	KUNIT_CASE(map_pages),
	KUNIT_CASE(slot_pages),
	{}
};

static struct kunit_suite map_suite = {
	.name = "hearth_rekey_map",
	.test_cases = map_cases,
};

/* --- map.c -------------------------------------------------------------------------- */

static struct rekey_key test_key;

/* Stands for that of slot.c: slot 0 has a key. */
struct rekey_key *slot_get_key(struct rekey_slots *slots, u32 slot)
{
	if (slot)
		return NULL;
	percpu_ref_get(&test_key.ref);
	return &test_key;
}

static void key_gone(struct percpu_ref *ref)
{
	complete(&test_key.gone);
}

struct map_world {
	struct rekey_map map;
	struct map_claim claim;
	int drained;
};

static void map_free(void *data)
{
	struct map_world *w = data;

	map_exit(&w->map);
	percpu_ref_kill(&test_key.ref);
	wait_for_completion(&test_key.gone);
	percpu_ref_exit(&test_key.ref);
}

static void map_drained(struct map_claim *claim)
{
	container_of(claim, struct map_world, claim)->drained++;
}

/* Regions 0 to 3 lie somewhere under slot 0, the others nowhere. */
static struct map_world *map_new(struct kunit *test)
{
	struct map_world *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);
	u64 i;

	KUNIT_ASSERT_NOT_NULL(test, w);
	init_completion(&test_key.gone);
	KUNIT_ASSERT_EQ(test, percpu_ref_init(&test_key.ref, key_gone, 0,
					      GFP_KERNEL), 0);
	KUNIT_ASSERT_EQ(test, map_init(&w->map, 8, NULL), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, map_free, w), 0);
	for (i = 0; i < 4; i++)
		w->map.entry[i] = entry_at(0, 0, i);
	claim_init(&w->claim, 2, map_drained);
	return w;
}

/* A claim waits for the writers that are there, then for the readers. */
static void map_claims(struct kunit *test)
{
	struct map_user reader = { .region = 2 };
	struct map_user writer = { .region = 2, .write = true };
	struct map_user other = { .region = 3, .write = true };
	struct bio_list waiting = BIO_EMPTY_LIST;
	struct map_world *w = map_new(test);
	struct bio bio = {};
	u64 entry;

	KUNIT_EXPECT_EQ(test, map_enter(&w->map, &reader, NULL), MAP_ENTERED);
	KUNIT_EXPECT_EQ(test, map_enter(&w->map, &writer, NULL), MAP_ENTERED);
	KUNIT_EXPECT_EQ(test, map_enter(&w->map, &other, NULL), MAP_ENTERED);
	KUNIT_EXPECT_TRUE(test, claim_start(&w->map, &w->claim, &entry));
	KUNIT_EXPECT_EQ(test, entry, entry_at(0, 0, 2));
	KUNIT_EXPECT_EQ(test, w->drained, 0);
	map_leave(&w->map, &writer);
	KUNIT_EXPECT_EQ(test, w->drained, 1);
	KUNIT_EXPECT_EQ(test, map_enter(&w->map, &writer, &bio), MAP_WAIT);
	claim_publish(&w->map, &w->claim, entry_at(0, 0, 7), &waiting);
	KUNIT_EXPECT_PTR_EQ(test, bio_list_pop(&waiting), &bio);
	KUNIT_EXPECT_EQ(test, w->drained, 1);
	map_leave(&w->map, &reader);
	KUNIT_EXPECT_EQ(test, w->drained, 2);
	claim_end(&w->map, &w->claim, &waiting);
	KUNIT_EXPECT_EQ(test, map_entry(&w->map, 2), entry_at(0, 0, 7));
	map_leave(&w->map, &other);
}

/*
 * A commit has failed: nobody knows which entry is on disk. A writer that had looked
 * before, and comes when the claim is over, must not write to the old place.
 */
static void map_sealed(struct kunit *test)
{
	struct map_user writer = { .region = 2, .write = true };
	struct map_user reader = { .region = 2 };
	struct bio_list waiting = BIO_EMPTY_LIST;
	struct map_world *w = map_new(test);
	u64 entry;

	KUNIT_EXPECT_TRUE(test, claim_start(&w->map, &w->claim, &entry));
	map_seal(&w->map, true);
	claim_end(&w->map, &w->claim, &waiting);
	KUNIT_EXPECT_EQ(test, map_enter(&w->map, &writer, NULL), MAP_SEALED);
	writer.region = 6;
	KUNIT_EXPECT_EQ(test, map_enter(&w->map, &writer, NULL), MAP_SEALED);
	KUNIT_EXPECT_EQ(test, map_enter(&w->map, &reader, NULL), MAP_ENTERED);
	map_leave(&w->map, &reader);
}

static void map_verdicts(struct kunit *test)
{
	struct map_user user = { .region = 5, .write = true };
	struct map_world *w = map_new(test);

	KUNIT_EXPECT_EQ(test, map_enter(&w->map, &user, NULL), MAP_UNWRITTEN);
	w->map.entry[5] = entry_at(1, 0, 5);
	KUNIT_EXPECT_EQ(test, map_enter(&w->map, &user, NULL), MAP_NO_KEY);
	w->map.entry[5] = REKEY_ENTRY_LOST;
	KUNIT_EXPECT_EQ(test, map_enter(&w->map, &user, NULL), MAP_LOST);
	user.write = false;
	KUNIT_EXPECT_EQ(test, map_enter(&w->map, &user, NULL), MAP_LOST);
}

/* Bios that wait, taken in the order of their sectors. */
static void map_takes(struct kunit *test)
{
	struct bio bios[3] = {};
	struct map_world *w = map_new(test);
	struct bio_list waiting = BIO_EMPTY_LIST;
	u64 entry;
	u32 gap, i;

	for (i = 0; i < 3; i++)
		bios[i].bi_opf = REQ_OP_WRITE;
	bios[0].bi_iter.bi_sector = 40;
	bios[1].bi_iter.bi_sector = 0;
	bios[2].bi_iter.bi_sector = 8;
	for (i = 0; i < 3; i++)
		bio_list_add(&w->claim.bios, &bios[i]);
	KUNIT_EXPECT_TRUE(test, claim_start(&w->map, &w->claim, &entry));
	gap = 512;
	KUNIT_EXPECT_PTR_EQ(test, claim_take(&w->map, &w->claim, 0, &gap),
			    &bios[1]);
	gap = 504;
	KUNIT_EXPECT_PTR_EQ(test, claim_take(&w->map, &w->claim, 8, &gap),
			    &bios[2]);
	gap = 496;
	KUNIT_EXPECT_NULL(test, claim_take(&w->map, &w->claim, 16, &gap));
	KUNIT_EXPECT_EQ(test, gap, 24U);
	/* it begins before: it goes on when the region is there */
	gap = 464;
	KUNIT_EXPECT_NULL(test, claim_take(&w->map, &w->claim, 48, &gap));
	KUNIT_EXPECT_EQ(test, gap, 464U);
	claim_end(&w->map, &w->claim, &waiting);
	KUNIT_EXPECT_PTR_EQ(test, bio_list_pop(&waiting), &bios[0]);
}

static struct kunit_case user_cases[] = {
	KUNIT_CASE(map_claims),
	KUNIT_CASE(map_sealed),
	KUNIT_CASE(map_verdicts),
	KUNIT_CASE(map_takes),
	{}
};

static struct kunit_suite user_suite = {
	.name = "hearth_rekey_users",
	.test_cases = user_cases,
};

/* --- place.c ------------------------------------------------------------------------ */

struct place_world {
	struct rekey_places places;
	struct dm_dev dm;
};

static void place_exit(void *data)
{
	places_free(data);
}

/* Two devices of ten and four places of 512 sectors, and a bit. */
static struct rekey_places *places_new(struct kunit *test)
{
	struct place_world *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);
	struct rekey_places *p;
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, w);
	p = &w->places;
	places_init(p);
	p->region_shift = 9;
	p->devices = 2;
	for (i = 0; i < 2; i++) {
		p->device[i].dm = &w->dm;
		p->device[i].places = i ? 4 : 10;
		p->device[i].sectors = p->device[i].places * 512 + 16;
		p->device[i].label = i;
	}
	KUNIT_ASSERT_EQ(test, places_alloc(p), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, place_exit, p),
			0);
	places_reset(p);
	return p;
}

static void place_claims(struct kunit *test)
{
	struct rekey_places *p = places_new(test);

	KUNIT_EXPECT_TRUE(test, place_claim(p, entry_at(0, 0, 0), 512));
	KUNIT_EXPECT_FALSE(test, place_claim(p, entry_at(0, 0, 0), 512));
	KUNIT_EXPECT_TRUE(test, place_claim(p, entry_at(0, 1, 3), 512));
	/* the label, behind the end, no such device */
	KUNIT_EXPECT_FALSE(test, place_claim(p, entry_at(0, 1, 0), 512));
	KUNIT_EXPECT_FALSE(test, place_claim(p, entry_at(0, 1, 4), 512));
	KUNIT_EXPECT_FALSE(test, place_claim(p, entry_at(0, 0, 11), 512));
	KUNIT_EXPECT_FALSE(test, place_claim(p, entry_at(0, 2, 1), 512));
	KUNIT_EXPECT_FALSE(test, place_claim(p, entry_at(0, 0, BIT_ULL(39)),
					     512));
	/* the short end of a device holds the short last region alone */
	KUNIT_EXPECT_FALSE(test, place_claim(p, entry_at(0, 0, 10), 512));
	KUNIT_EXPECT_TRUE(test, place_claim(p, entry_at(0, 0, 10), 8));
	KUNIT_EXPECT_EQ(test, p->device[0].free, 9ULL);
	KUNIT_EXPECT_EQ(test, p->device[1].free, 2ULL);
	/* it comes back, but not into use */
	place_put(p, entry_at(0, 0, 10));
	KUNIT_EXPECT_EQ(test, p->device[0].free, 9ULL);
}

static void place_near(struct kunit *test)
{
	struct rekey_places *p = places_new(test);
	u64 entry;

	KUNIT_EXPECT_TRUE(test, place_get(p, 3, 0, 5, false, &entry));
	KUNIT_EXPECT_EQ(test, entry, entry_at(3, 0, 5));
	KUNIT_EXPECT_TRUE(test, place_get(p, 3, 0, 5, false, &entry));
	KUNIT_EXPECT_EQ(test, entry, entry_at(3, 0, 6));
	KUNIT_EXPECT_TRUE(test, place_get(p, 3, 0, 6, true, &entry));
	KUNIT_EXPECT_EQ(test, entry, entry_at(3, 0, 4));
	/* round the end, and from behind it */
	KUNIT_EXPECT_TRUE(test, place_get(p, 3, 0, 9, false, &entry));
	KUNIT_EXPECT_TRUE(test, place_get(p, 3, 0, 9, false, &entry));
	KUNIT_EXPECT_EQ(test, entry, entry_at(3, 0, 0));
	KUNIT_EXPECT_TRUE(test, place_get(p, 3, 0, 77, false, &entry));
	KUNIT_EXPECT_EQ(test, entry, entry_at(3, 0, 1));
}

static void place_until_none(struct kunit *test)
{
	struct rekey_places *p = places_new(test);
	u64 entry;
	int n = 0;

	while (place_get_any(p, 0, &entry)) {
		KUNIT_ASSERT_NE(test, entry, entry_at(0, 1, 0));
		if (n++ > 20)
			break;
	}
	KUNIT_EXPECT_EQ(test, n, 13);
	KUNIT_EXPECT_FALSE(test, place_get(p, 0, 0, 0, true, &entry));
	place_put(p, entry_at(0, 0, 7));
	KUNIT_EXPECT_FALSE(test, place_get(p, 0, 1, 7, false, &entry));
	KUNIT_EXPECT_TRUE(test, place_get(p, 0, 0, 2, true, &entry));
	KUNIT_EXPECT_EQ(test, entry_place(entry), 7ULL);
}

/* A device that is drained takes what has no other place, then nothing. */
static void place_drain(struct kunit *test)
{
	struct rekey_places *p = places_new(test);
	u64 entry;
	int i;

	KUNIT_EXPECT_TRUE(test, place_claim(p, entry_at(0, 0, 3), 512));
	places_use(p, 0, PLACE_DRAINING);
	for (i = 1; i < 4; i++) {
		KUNIT_EXPECT_TRUE(test, place_get_any(p, 0, &entry));
		KUNIT_EXPECT_EQ(test, entry_device(entry), 1U);
	}
	KUNIT_EXPECT_FALSE(test, place_get(p, 0, 0, 0, false, &entry));
	KUNIT_EXPECT_TRUE(test, place_get_any(p, 0, &entry));
	KUNIT_EXPECT_EQ(test, entry_device(entry), 0U);
	KUNIT_EXPECT_FALSE(test, places_drained(p, 0));
	place_put(p, entry);
	KUNIT_EXPECT_FALSE(test, places_drained(p, 0));
	place_put(p, entry_at(0, 0, 3));
	KUNIT_EXPECT_TRUE(test, places_drained(p, 0));
	KUNIT_EXPECT_FALSE(test, place_get_any(p, 0, &entry));
}

/* A device that had no label gets one, unless a region lies there. */
static void place_label(struct kunit *test)
{
	struct rekey_places *p = places_new(test);
	u64 entry = entry_at(0, 0, 0), at = 0;

	KUNIT_EXPECT_TRUE(test, place_claim(p, entry, 512));
	KUNIT_EXPECT_FALSE(test, places_take_label(p, 0));
	place_put(p, entry);
	/* the rest of the place would stay as it is */
	KUNIT_EXPECT_FALSE(test, places_take_label(p, 0));
	KUNIT_EXPECT_TRUE(test, place_take_stale(p, &at, &entry));
	KUNIT_EXPECT_EQ(test, entry, 0ULL);
	place_put_scrubbed(p, entry, true);
	KUNIT_EXPECT_TRUE(test, places_take_label(p, 0));
	KUNIT_EXPECT_TRUE(test, p->device[0].label);
	KUNIT_EXPECT_EQ(test, p->device[0].free, 9ULL);
	KUNIT_EXPECT_TRUE(test, place_get(p, 0, 0, 0, false, &entry));
	KUNIT_EXPECT_EQ(test, entry_place(entry), 1ULL);
}

/* A place is stale from its being given up till it is written: by a region, or a scrub. */
static void place_stale(struct kunit *test)
{
	struct rekey_places *p = places_new(test);
	struct rekey_super *sb = super_new_2(test);
	u64 a, b, at = 0;

	KUNIT_EXPECT_TRUE(test, place_get(p, 0, 0, 5, false, &a));
	KUNIT_EXPECT_TRUE(test, place_get(p, 0, 0, 7, false, &b));
	KUNIT_EXPECT_EQ(test, places_stale(p), 0ULL);
	place_put(p, a);
	place_put(p, b);
	KUNIT_EXPECT_EQ(test, places_stale(p), 2ULL);
	places_list_stale(p, sb);
	KUNIT_EXPECT_EQ(test, sb->stale, 2U);
	KUNIT_EXPECT_EQ(test, sb->stale_place[1], 7ULL);
	/* one is taken by a region */
	KUNIT_EXPECT_TRUE(test, place_get(p, 0, 0, 5, false, &a));
	KUNIT_EXPECT_EQ(test, places_stale(p), 1ULL);
	/* while the other one is overwritten no region gets it, and it fails */
	KUNIT_EXPECT_TRUE(test, place_take_stale(p, &at, &b));
	KUNIT_EXPECT_EQ(test, b, 7ULL);
	KUNIT_EXPECT_FALSE(test, place_take_stale(p, &at, &a));
	KUNIT_EXPECT_TRUE(test, place_get(p, 0, 0, 7, false, &a));
	KUNIT_EXPECT_EQ(test, entry_place(a), 8ULL);
	place_put_scrubbed(p, b, false);
	KUNIT_EXPECT_EQ(test, places_stale(p), 1ULL);
	/* what the superblock says of places that are in use does not count */
	places_reset(p);
	KUNIT_EXPECT_TRUE(test, place_claim(p, entry_at(0, 0, 5), 512));
	places_know_stale(p, 0, sb);
	KUNIT_EXPECT_EQ(test, places_stale(p), 1ULL);
	places_reset(p);
	KUNIT_EXPECT_TRUE(test, place_claim(p, entry_at(0, 0, 5), 512));
	sb->stale = REKEY_STALE_ANY;
	places_know_stale(p, 0, sb);
	KUNIT_EXPECT_EQ(test, places_stale(p), p->device[0].free);
	places_list_stale(p, sb);
	KUNIT_EXPECT_EQ(test, sb->stale, 9U);
}

/* A place that could not be written is not given away again, for a while. */
static void place_bad(struct kunit *test)
{
	struct rekey_places *p = places_new(test);
	u64 entry;

	KUNIT_EXPECT_TRUE(test, place_get(p, 0, 0, 5, false, &entry));
	place_put_bad(p, entry);
	KUNIT_EXPECT_TRUE(test, place_get(p, 0, 0, 5, false, &entry));
	KUNIT_EXPECT_EQ(test, entry_place(entry), 6ULL);
	place_put(p, entry);
	KUNIT_EXPECT_EQ(test, p->device[0].free, 9ULL);
	KUNIT_EXPECT_TRUE(test, places_drained(p, 0));
	places_use(p, 0, PLACE_OPEN);
	places_forgive(p);
	KUNIT_EXPECT_EQ(test, p->device[0].free, 10ULL);
	KUNIT_EXPECT_TRUE(test, place_get(p, 0, 0, 5, false, &entry));
	KUNIT_EXPECT_EQ(test, entry_place(entry), 5ULL);
}

static struct kunit_case place_cases[] = {
	KUNIT_CASE(place_claims),
	KUNIT_CASE(place_near),
	KUNIT_CASE(place_until_none),
	KUNIT_CASE(place_drain),
	KUNIT_CASE(place_bad),
	KUNIT_CASE(place_label),
	KUNIT_CASE(place_stale),
	{}
};

static struct kunit_suite place_suite = {
	.name = "hearth_rekey_place",
	.test_cases = place_cases,
};

kunit_test_suites(&super_suite, &map_suite, &user_suite, &place_suite);

MODULE_DESCRIPTION("KUnit tests of dm-rekey");
MODULE_LICENSE("GPL");
