/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The metadata of a volume as it lies on disk; byte by byte in
 * Documentation/internals/rekey.rst.
 *
 * All of it is pages of 4 KiB with one head. Page p has two places in the
 * metadata's area, which struct rekey_layout says; sequence number n goes to
 * place n % 2, so a write never touches the newest copy. Page 0 is the
 * superblock, then come the slot table and the map.
 *
 * This file and format.c are pure: they neither sleep nor lock nor allocate,
 * and are built for userspace too, where a fuzzer feeds them. They hold a page
 * against itself; whether its MAC is good is asked before (meta.c).
 */
#ifndef _HEARTH_REKEY_FORMAT_H
#define _HEARTH_REKEY_FORMAT_H

#ifdef __KERNEL__
#include <linux/bits.h>
#include <linux/types.h>
#else	/* the fuzzer; it defines __packed, BIT_ULL and GENMASK_ULL */
#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>
typedef __u8 u8;
typedef __u32 u32;
typedef __u64 u64;
#ifndef U32_MAX
#define U32_MAX			((u32)~0U)
#endif
#endif

#define REKEY_PAGE		4096
#define REKEY_VERSION_MAX	2
#define REKEY_VERSION_NEW	2	/* of a volume that is made */
#define REKEY_MAC		32
#define REKEY_UUID		16
#define REKEY_CIPHER		64
#define REKEY_KCV		32

#define REKEY_SLOT_PAGES	4
#define REKEY_PAGE_SLOTS	62
#define REKEY_SLOTS		(REKEY_SLOT_PAGES * REKEY_PAGE_SLOTS)
#define REKEY_PAGE_ENTRIES	500
#define REKEY_DEVICES		64
#define REKEY_STALE_MAX		16	/* that a superblock can name */
#define REKEY_STALE_ANY		U32_MAX	/* any free place may be one */

/* in sectors of 512 bytes: 256 KiB to 16 MiB */
#define REKEY_REGION_MIN	512
#define REKEY_REGION_MAX	32768
#define REKEY_REGIONS_MAX	BIT_ULL(32)

enum rekey_page_kind {
	REKEY_PAGE_SUPER = 1,
	REKEY_PAGE_SLOT = 2,
	REKEY_PAGE_MAP = 3,
	REKEY_PAGE_LABEL = 4,	/* in the first region of a data device */
};

struct rekey_head {
	__u8 magic[8];		/* "HrthRKey" */
	__le32 kind;		/* enum rekey_page_kind */
	__le32 index;		/* among those of its kind */
	__le64 seq;		/* grows by one a write */
	__u8 uuid[REKEY_UUID];	/* of the volume */
	/* all zero in version 1, in superblocks and in labels: */
	__le64 epoch;		/* that the superblock had then */
	__le64 base;		/* the page's stamp when the volume was opened */
	__le32 age;		/* writes since its contents were others */
	__le32 reserved;	/* zero */
	__u8 mac[REKEY_MAC];	/* of the whole page, with these bytes zero */
} __packed;

/* sb->flags */
#define REKEY_SB_CLEAN		BIT(0)	/* digest holds */
#define REKEY_SB_LARGE_IV	BIT(1)	/* the IV counts sectors of sector_size */

#define REKEY_SB_LABELS		BIT(2)	/* some labels may be a generation behind */
#define REKEY_SB_ROTATING	BIT(4)	/* pages may be under the metadata key before */

struct rekey_disk_device {
	__le64 regions;		/* whole ones that the device has */
	__le32 flags;		/* REKEY_DEV_* */
	__le32 reserved;
} __packed;

#define REKEY_DEV_LABEL		BIT(0)	/* its region 0 is a label */
#define REKEY_DEV_DRAINED	BIT(2)	/* nothing is to lie there; version 2 */

struct rekey_disk_super {
	struct rekey_head head;
	__le32 version;
	__le32 flags;		/* REKEY_SB_* */
	__le32 sector_size;	/* bytes: 512 or 4096 */
	__le32 region;		/* sectors of 512 bytes */
	__le64 sectors;		/* of the volume, of 512 bytes */
	__u8 cipher[REKEY_CIPHER];	/* padded with zeros */
	__u8 digest[REKEY_MAC];	/* of the sequence numbers, if clean */
	__le32 job;		/* enum rekey_job_kind */
	__le32 job_state;	/* enum rekey_job_state */
	__le32 from;		/* slot or device */
	__le32 to;
	__le64 first;		/* region */
	__le64 count;
	__le32 devices;
	__le32 stride;		/* pages; zero in version 1, as all behind devices */
	struct rekey_disk_device device[REKEY_DEVICES];
	__le64 epoch;		/* grows by one each time that it is another one */
	__le64 opened;		/* epoch when the volume was opened last */
	__le64 generation;	/* of the labels: openings for writing */
	/* free places that hold what was written under some key: */
	__le32 stale;		/* how many are named, or REKEY_STALE_ANY */
	__le32 reserved;	/* zero */
	__le64 stale_place[REKEY_STALE_MAX];	/* as in a map entry; zero behind @stale */
	__u8 padding[REKEY_PAGE - 96 - 160 - 16 * REKEY_DEVICES - 24 - 8 -
		     8 * REKEY_STALE_MAX];
} __packed;

struct rekey_disk_slot {
	__le32 state;		/* enum rekey_slot_state */
	__le32 key_size;	/* bytes */
	__u8 kcv[REKEY_KCV];
	__u8 reserved[24];
} __packed;

struct rekey_disk_slots {
	struct rekey_head head;
	struct rekey_disk_slot slot[REKEY_PAGE_SLOTS];
	__u8 padding[32];
} __packed;

struct rekey_disk_map {
	struct rekey_head head;
	__le64 entry[REKEY_PAGE_ENTRIES];
} __packed;

/* Any of them. */
union rekey_page {
	struct rekey_head head;
	struct rekey_disk_super super;
	struct rekey_disk_slots slots;
	struct rekey_disk_map map;
	__u8 byte[REKEY_PAGE];
};

/* --- in the machine's byte order; what is in here has been validated ------- */

enum rekey_job_kind {
	REKEY_JOB_NONE = 0,
	REKEY_JOB_REKEY = 1,	/* from slot to slot */
	REKEY_JOB_DRAIN = 2,	/* from device to device */
};

enum rekey_job_state {
	REKEY_JOB_GOES_ON = 0,
	REKEY_JOB_PAUSED = 1,
	REKEY_JOB_INCOMPLETE = 2,	/* all is done that can be; version 2 */
};

struct rekey_job {
	u32 kind;
	u32 state;
	u32 from;
	u32 to;
	u64 first;
	u64 count;
};

struct rekey_super {
	u32 version;
	u32 stride;		/* pages from place 0 to place 1; version 2 */
	u64 epoch;		/* the same, and the next one */
	u64 opened;
	u64 generation;
	u32 stale;		/* places below, or REKEY_STALE_ANY; version 2 */
	u64 stale_place[REKEY_STALE_MAX];	/* entries without a slot */
	bool labels;		/* some may be a generation behind */
	bool rotating;		/* the metadata key is being changed: see meta_rotate() */
	u8 uuid[REKEY_UUID];
	bool clean;
	bool large_iv;
	u32 sector_size;
	u32 region;
	u64 sectors;
	char cipher[REKEY_CIPHER];
	u8 digest[REKEY_MAC];
	struct rekey_job job;
	u32 devices;
	struct {
		u64 regions;
		bool label;
		bool drained;
	} device[REKEY_DEVICES];
};

enum rekey_slot_state {
	REKEY_SLOT_FREE = 0,
	REKEY_SLOT_USED = 1,
	REKEY_SLOT_ERASED = 2,	/* its regions count as never written */
};

struct rekey_slot_info {
	u32 state;
	u32 key_size;
	u8 kcv[REKEY_KCV];
};

/*
 * A map entry, also on disk:
 *
 *	 63        62..60  59..48  47..40   39..0
 *	+---------+-------+-------+--------+--------+
 *	| written |   0   | slot  | device | region |
 *	+---------+-------+-------+--------+--------+
 *
 * The region is counted in region sizes from the device's offset. A region
 * that is not written has a slot, but no device and no place.
 *
 * REKEY_ENTRY_LOST is never on disk: nobody knows what the entry was.
 */
#define REKEY_ENTRY_WRITTEN	BIT_ULL(63)
#define REKEY_ENTRY_LOST	BIT_ULL(62)
#define REKEY_ENTRY_RESERVED	GENMASK_ULL(62, 60)
#define REKEY_ENTRY_PLACE	GENMASK_ULL(47, 0)
#define REKEY_PLACES_MAX	BIT_ULL(40)

static inline u64 entry_unwritten(u32 slot)
{
	return (u64)slot << 48;
}

static inline u64 entry_at(u32 slot, u32 device, u64 place)
{
	return REKEY_ENTRY_WRITTEN | (u64)slot << 48 | (u64)device << 40 |
	       place;
}

static inline bool entry_written(u64 entry)
{
	return entry & REKEY_ENTRY_WRITTEN;
}

static inline u32 entry_slot(u64 entry)
{
	return entry >> 48 & 0xfff;
}

static inline u32 entry_device(u64 entry)
{
	return entry >> 40 & 0xff;
}

static inline u64 entry_place(u64 entry)
{
	return entry & (REKEY_PLACES_MAX - 1);
}

/* Map pages that @regions take. */
static inline u64 rekey_map_pages(u64 regions)
{
	return (regions + REKEY_PAGE_ENTRIES - 1) / REKEY_PAGE_ENTRIES;
}

/* Entries that page @index of the map of @regions has. */
static inline u32 rekey_map_count(u64 regions, u64 index)
{
	u64 left = regions - index * REKEY_PAGE_ENTRIES;

	return left < REKEY_PAGE_ENTRIES ? (u32)left : REKEY_PAGE_ENTRIES;
}

/* The number of a page in the metadata's area. */
static inline u64 rekey_page_number(u32 kind, u32 index)
{
	switch (kind) {
	case REKEY_PAGE_SLOT:
		return 1 + (u64)index;
	case REKEY_PAGE_MAP:
		return 1 + REKEY_SLOT_PAGES + (u64)index;
	default:
		return 0;
	}
}

/* Pages of all kinds that a volume of @regions has. */
static inline u64 rekey_pages(u64 regions)
{
	return rekey_page_number(REKEY_PAGE_MAP, 0) + rekey_map_pages(regions);
}

/*
 * How old a page is. Its stamp is the sequence number that its contents came with:
 * two copies with the same stamp hold the same, also when one is a later write.
 */
struct rekey_age {
	u64 seq;
	u64 stamp;
	u64 base;		/* the stamp when the volume was opened last */
	u64 epoch;		/* of the superblock then; 0 in version 1 */
};

/* Where the places of pages lie, in blocks of REKEY_PAGE from the area's beginning. */
struct rekey_layout {
	u64 step;		/* from a page to the next */
	u64 apart;		/* from place 0 of a page to its place 1 */
};

/* Pages from a place to the other: a power of two, so that the other can be found. */
#define REKEY_STRIDE_MIN	8
#define REKEY_STRIDE_MAX	BIT(24)

/* Version 1: the two places are neighbours. Version 2: they lie @stride apart. */
static inline struct rekey_layout layout_of(u32 version, u32 stride)
{
	return version == 1 ?
	       (struct rekey_layout){ .step = 2, .apart = 1 } :
	       (struct rekey_layout){ .step = 1, .apart = stride };
}

static inline u64 layout_block(const struct rekey_layout *layout, u64 number,
			       u32 place)
{
	return number * layout->step + place * layout->apart;
}

/* Sectors of 512 bytes from the area's beginning to the end of the last page. */
static inline u64 layout_sectors(const struct rekey_layout *layout, u64 pages)
{
	return (layout_block(layout, pages - 1, 1) + 1) * (REKEY_PAGE / 512);
}

u32 layout_stride(u64 blocks, u64 pages);
void head_pack(struct rekey_head *head, u32 kind, u32 index, u64 seq,
	       const u8 *uuid);
void head_pack_age(struct rekey_head *head, u32 version,
		   const struct rekey_age *age);
const char *head_check(const struct rekey_head *head, u32 kind, u32 index,
		       const u8 *uuid);
const char *head_unpack_age(const struct rekey_head *head, u32 version,
			    u64 epoch, struct rekey_age *age);
bool head_is_of(const struct rekey_head *head, const u8 *uuid);
const char *super_unpack(const struct rekey_disk_super *disk,
			 struct rekey_super *sb);
void super_pack(struct rekey_disk_super *disk, const struct rekey_super *sb);
bool label_is_current(const struct rekey_super *sb, u64 generation);
const char *slots_unpack(const struct rekey_disk_slots *disk,
			 struct rekey_slot_info *slot);
void slots_pack(struct rekey_disk_slots *disk,
		const struct rekey_slot_info *slot);
const char *entry_check(u64 entry);
const char *map_unpack(const struct rekey_disk_map *disk, u64 *entry,
		       u32 count);
void map_pack(struct rekey_disk_map *disk, const u64 *entry, u32 count);

#endif /* _HEARTH_REKEY_FORMAT_H */
