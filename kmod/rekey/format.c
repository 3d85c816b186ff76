// SPDX-License-Identifier: GPL-2.0
/*
 * Validation of what lies on the metadata device.
 *
 * The disk is a stranger, even where the MAC is good: the key's owner may have
 * another version of this code. The checks return NULL when all is well, else
 * a sentence for the kernel log.
 */
#ifdef __KERNEL__
#include <linux/kernel.h>
#include <linux/string.h>
#else
#include <endian.h>
#include <string.h>
#define le32_to_cpu(x)	le32toh(x)
#define le64_to_cpu(x)	le64toh(x)
#define cpu_to_le32(x)	htole32(x)
#define cpu_to_le64(x)	htole64(x)
#endif

#include "format.h"

static const u8 rekey_magic[8] = "HrthRKey";

static bool is_zero(const void *p, size_t n)
{
	const u8 *byte = p;

	while (n--)
		if (*byte++)
			return false;
	return true;
}

/**
 * layout_stride() - how far apart the two places of a page are to lie
 * @blocks: of REKEY_PAGE bytes, that the area has
 * @pages: that the volume has
 *
 * Half the area away, so that the map can grow.
 *
 * Return: pages, a power of two, or 0 where the area is too small.
 */
u32 layout_stride(u64 blocks, u64 pages)
{
	u32 stride = REKEY_STRIDE_MIN;

	while (stride < pages ||
	       (stride < REKEY_STRIDE_MAX && stride * 4ULL <= blocks)) {
		if (stride == REKEY_STRIDE_MAX)
			return 0;
		stride *= 2;
	}
	return stride + pages <= blocks ? stride : 0;
}

/**
 * head_pack() - write the head of a page
 * @head: where; the MAC and its age are left zero
 * @kind: enum rekey_page_kind
 * @index: among those of its kind
 * @seq: its sequence number
 * @uuid: the volume's, 16 bytes
 */
void head_pack(struct rekey_head *head, u32 kind, u32 index, u64 seq,
	       const u8 *uuid)
{
	memset(head, 0, sizeof(*head));
	memcpy(head->magic, rekey_magic, sizeof(head->magic));
	head->kind = cpu_to_le32(kind);
	head->index = cpu_to_le32(index);
	head->seq = cpu_to_le64(seq);
	memcpy(head->uuid, uuid, sizeof(head->uuid));
}

/**
 * head_check() - is this the page that was looked for?
 * @head: of a page from the disk
 * @kind: enum rekey_page_kind
 * @index: among those of its kind
 * @uuid: the volume's, or NULL where it is not known yet
 *
 * The sequence number is the caller's business.
 *
 * Return: NULL, or what is wrong.
 */
const char *head_check(const struct rekey_head *head, u32 kind, u32 index,
		       const u8 *uuid)
{
	if (memcmp(head->magic, rekey_magic, sizeof(head->magic)))
		return "no metadata page";
	if (le32_to_cpu(head->kind) != kind)
		return "a page of another kind";
	if (le32_to_cpu(head->index) != index)
		return "a page of another place";
	if (uuid && memcmp(head->uuid, uuid, sizeof(head->uuid)))
		return "a page of another volume";
	if (head->reserved)
		return "reserved bytes of the head are not zero";
	if ((kind == REKEY_PAGE_SUPER || kind == REKEY_PAGE_LABEL) &&
	    (head->epoch || head->base || head->age))
		return "a head with an age that cannot be";
	return NULL;
}

/**
 * head_pack_age() - write how old a page of slots or of the map is
 * @head: of head_pack()
 * @version: of the volume; in 1 nothing is told
 * @age: what is told, its sequence number as in the head
 */
void head_pack_age(struct rekey_head *head, u32 version,
		   const struct rekey_age *age)
{
	if (version == 1)
		return;
	head->epoch = cpu_to_le64(age->epoch);
	head->base = cpu_to_le64(age->base);
	head->age = cpu_to_le32(age->seq - age->stamp);
}

/**
 * head_unpack_age() - how old is a page of slots or of the map?
 * @head: of a page from the disk, checked
 * @version: of the volume
 * @epoch: of the superblock that it stands beside
 * @age: filled in
 *
 * Return: NULL, or what is wrong.
 */
const char *head_unpack_age(const struct rekey_head *head, u32 version,
			    u64 epoch, struct rekey_age *age)
{
	u64 writes = le32_to_cpu(head->age);

	age->seq = le64_to_cpu(head->seq);
	age->epoch = le64_to_cpu(head->epoch);
	age->base = le64_to_cpu(head->base);
	age->stamp = age->seq - writes;
	if (version == 1) {
		age->base = age->seq;
		return age->epoch || head->base || writes ?
		       "reserved bytes of the head are not zero" : NULL;
	}
	if (!age->epoch || age->epoch > epoch)
		return "a page of a later superblock";
	if (writes > age->seq || age->base > age->stamp)
		return "a head with an age that cannot be";
	return NULL;
}

/**
 * head_is_of() - is this a page of the volume at all?
 * @head: of a page from the disk, whose MAC may be wrong
 * @uuid: the volume's, or NULL where it is not known yet
 *
 * Return: false for what lay there before, which no write of ours was cut in.
 */
bool head_is_of(const struct rekey_head *head, const u8 *uuid)
{
	return !memcmp(head->magic, rekey_magic, sizeof(head->magic)) &&
	       (!uuid || !memcmp(head->uuid, uuid, sizeof(head->uuid)));
}

static const char *super_unpack_cipher(const struct rekey_disk_super *disk,
				       struct rekey_super *sb)
{
	size_t len = strnlen((const char *)disk->cipher, REKEY_CIPHER), i;

	if (!len || len == REKEY_CIPHER)
		return "the cipher's name has no end";
	if (!is_zero(disk->cipher + len, REKEY_CIPHER - len))
		return "the cipher's name is not padded with zeros";
	for (i = 0; i < len; i++)
		if (disk->cipher[i] <= ' ' || disk->cipher[i] > '~')
			return "the cipher's name has strange characters";
	memcpy(sb->cipher, disk->cipher, REKEY_CIPHER);
	return NULL;
}

static const char *super_unpack_job(const struct rekey_disk_super *disk,
				    struct rekey_super *sb, u64 regions)
{
	struct rekey_job *job = &sb->job;
	u32 limit;

	job->kind = le32_to_cpu(disk->job);
	job->state = le32_to_cpu(disk->job_state);
	if (sb->version == 1)
		job->state = job->state ? REKEY_JOB_PAUSED : REKEY_JOB_GOES_ON;
	if (job->state > REKEY_JOB_INCOMPLETE)
		return "a job in an unknown state";
	job->from = le32_to_cpu(disk->from);
	job->to = le32_to_cpu(disk->to);
	job->first = le64_to_cpu(disk->first);
	job->count = le64_to_cpu(disk->count);
	switch (job->kind) {
	case REKEY_JOB_NONE:
		return NULL;
	case REKEY_JOB_REKEY:
		limit = REKEY_SLOTS;
		break;
	case REKEY_JOB_DRAIN:
		limit = sb->devices;
		break;
	default:
		return "a job of an unknown kind";
	}
	if (job->from >= limit || job->to >= limit || job->from == job->to)
		return "a job with a wrong slot or device";
	if (job->first >= regions || !job->count ||
	    job->count > regions - job->first)
		return "a job with a wrong range";
	return NULL;
}

static const char *super_unpack_devices(const struct rekey_disk_super *disk,
					struct rekey_super *sb)
{
	u32 known = REKEY_DEV_LABEL, i;

	if (sb->version != 1)
		known |= REKEY_DEV_DRAINED;
	sb->devices = le32_to_cpu(disk->devices);
	if (!sb->devices || sb->devices > REKEY_DEVICES)
		return "a wrong number of devices";
	for (i = 0; i < sb->devices; i++) {
		u32 flags = le32_to_cpu(disk->device[i].flags);

		sb->device[i].regions = le64_to_cpu(disk->device[i].regions);
		if (sb->device[i].regions > REKEY_PLACES_MAX)
			return "a device of impossible size";
		if (flags & ~known || disk->device[i].reserved)
			return "a device with unknown flags";
		sb->device[i].label = flags & REKEY_DEV_LABEL;
		sb->device[i].drained = flags & REKEY_DEV_DRAINED;
	}
	if (!is_zero(disk->device + i,
		     sizeof(disk->device[0]) * (REKEY_DEVICES - i)))
		return "devices behind the last one";
	return NULL;
}

static const char *super_unpack_stale(const struct rekey_disk_super *disk,
				      struct rekey_super *sb)
{
	u32 i, n;

	sb->stale = le32_to_cpu(disk->stale);
	n = sb->stale == REKEY_STALE_ANY ? 0 : sb->stale;
	if (n > REKEY_STALE_MAX || disk->reserved)
		return "a wrong number of stale places";
	for (i = 0; i < n; i++) {
		u64 entry = le64_to_cpu(disk->stale_place[i]);

		if (entry & ~REKEY_ENTRY_PLACE ||
		    entry_device(entry) >= sb->devices)
			return "a stale place that is not there";
		sb->stale_place[i] = entry;
	}
	if (!is_zero(disk->stale_place + n, sizeof(disk->stale_place[0]) *
		     (REKEY_STALE_MAX - n)))
		return "stale places behind the last one";
	return NULL;
}

/* What version 2 has, and version 1 has not. */
static const char *super_unpack_2(const struct rekey_disk_super *disk,
				  struct rekey_super *sb, u64 regions)
{
	sb->stride = le32_to_cpu(disk->stride);
	sb->epoch = le64_to_cpu(disk->epoch);
	sb->opened = le64_to_cpu(disk->opened);
	sb->generation = le64_to_cpu(disk->generation);
	if (sb->version == 1)
		return sb->stride || sb->epoch || sb->opened || sb->generation ||
		       !is_zero(&disk->stale, sizeof(disk->stale) +
				sizeof(disk->reserved) +
				sizeof(disk->stale_place)) ?
		       "reserved bytes are not zero" : NULL;
	if (sb->stride < REKEY_STRIDE_MIN || sb->stride > REKEY_STRIDE_MAX ||
	    sb->stride & (sb->stride - 1) || sb->stride < rekey_pages(regions))
		return "a wrong stride";
	if (!sb->epoch || sb->opened > sb->epoch)
		return "a wrong epoch";
	if (!sb->generation)
		return "a wrong generation";
	return super_unpack_stale(disk, sb);
}

/**
 * super_unpack() - read a superblock
 * @disk: a page whose head and MAC are good
 * @sb: filled in
 *
 * Return: NULL, or what is wrong.
 */
const char *super_unpack(const struct rekey_disk_super *disk,
			 struct rekey_super *sb)
{
	u32 flags = le32_to_cpu(disk->flags);
	u32 known = REKEY_SB_CLEAN | REKEY_SB_LARGE_IV;
	const char *why;
	u64 regions;

	memset(sb, 0, sizeof(*sb));
	sb->version = le32_to_cpu(disk->version);
	if (!sb->version || sb->version > REKEY_VERSION_MAX)
		return "an unknown version";
	if (sb->version != 1)
		known |= REKEY_SB_LABELS | REKEY_SB_ROTATING;
	if (flags & ~known)
		return "unknown flags";
	memcpy(sb->uuid, disk->head.uuid, sizeof(sb->uuid));
	memcpy(sb->digest, disk->digest, sizeof(sb->digest));
	sb->clean = flags & REKEY_SB_CLEAN;
	sb->large_iv = flags & REKEY_SB_LARGE_IV;
	sb->labels = flags & REKEY_SB_LABELS;
	sb->rotating = flags & REKEY_SB_ROTATING;
	if (sb->rotating && !sb->clean)
		return "a change of the metadata key in a volume that is not closed";
	sb->sector_size = le32_to_cpu(disk->sector_size);
	if (sb->sector_size != 512 && sb->sector_size != 4096)
		return "a wrong sector size";
	sb->region = le32_to_cpu(disk->region);
	if (sb->region < REKEY_REGION_MIN || sb->region > REKEY_REGION_MAX ||
	    sb->region & (sb->region - 1))
		return "a wrong region size";
	sb->sectors = le64_to_cpu(disk->sectors);
	if (!sb->sectors || sb->sectors % (sb->sector_size / 512) ||
	    sb->sectors > REKEY_REGIONS_MAX * sb->region)
		return "a wrong length";
	why = super_unpack_cipher(disk, sb);
	if (!why)
		why = super_unpack_devices(disk, sb);
	regions = (sb->sectors + sb->region - 1) / sb->region;
	if (!why)
		why = super_unpack_job(disk, sb, regions);
	if (!why)
		why = super_unpack_2(disk, sb, regions);
	if (!why && !is_zero(disk->padding, sizeof(disk->padding)))
		why = "reserved bytes are not zero";
	return why;
}

/**
 * super_pack() - write a superblock
 * @disk: all but its head is written
 * @sb: what is to be in it
 */
void super_pack(struct rekey_disk_super *disk, const struct rekey_super *sb)
{
	u32 flags = (sb->clean ? REKEY_SB_CLEAN : 0) |
		    (sb->large_iv ? REKEY_SB_LARGE_IV : 0) |
		    (sb->labels ? REKEY_SB_LABELS : 0) |
		    (sb->rotating ? REKEY_SB_ROTATING : 0);
	u32 i;

	memset((u8 *)disk + sizeof(disk->head), 0,
	       sizeof(*disk) - sizeof(disk->head));
	disk->version = cpu_to_le32(sb->version);
	disk->flags = cpu_to_le32(flags);
	disk->sector_size = cpu_to_le32(sb->sector_size);
	disk->region = cpu_to_le32(sb->region);
	disk->sectors = cpu_to_le64(sb->sectors);
	memcpy(disk->cipher, sb->cipher, sizeof(disk->cipher));
	memcpy(disk->digest, sb->digest, sizeof(disk->digest));
	disk->job = cpu_to_le32(sb->job.kind);
	if (sb->version != 1 || sb->job.state == REKEY_JOB_PAUSED)
		disk->job_state = cpu_to_le32(sb->job.state);
	disk->from = cpu_to_le32(sb->job.from);
	disk->to = cpu_to_le32(sb->job.to);
	disk->first = cpu_to_le64(sb->job.first);
	disk->count = cpu_to_le64(sb->job.count);
	disk->devices = cpu_to_le32(sb->devices);
	disk->stride = cpu_to_le32(sb->stride);
	disk->epoch = cpu_to_le64(sb->epoch);
	disk->opened = cpu_to_le64(sb->opened);
	disk->generation = cpu_to_le64(sb->generation);
	disk->stale = cpu_to_le32(sb->stale);
	for (i = 0; i < REKEY_STALE_MAX && sb->stale != REKEY_STALE_ANY &&
	     i < sb->stale; i++)
		disk->stale_place[i] = cpu_to_le64(sb->stale_place[i]);
	for (i = 0; i < sb->devices; i++) {
		disk->device[i].regions = cpu_to_le64(sb->device[i].regions);
		flags = sb->device[i].label ? REKEY_DEV_LABEL : 0;
		if (sb->version != 1 && sb->device[i].drained)
			flags |= REKEY_DEV_DRAINED;
		disk->device[i].flags = cpu_to_le32(flags);
	}
}

/**
 * label_is_current() - was a label written when the volume was opened last?
 * @sb: the volume's superblock
 * @generation: the sequence number of the label
 *
 * Opened for writing, that is: or the time before, where the last time was cut short.
 * In version 1 a label does not tell.
 *
 * Return: whether it was.
 */
bool label_is_current(const struct rekey_super *sb, u64 generation)
{
	return sb->version == 1 || generation == sb->generation ||
	       (sb->labels && generation + 1 == sb->generation);
}

/**
 * slots_unpack() - read a page of the slot table
 * @disk: a page whose head and MAC are good
 * @slot: REKEY_PAGE_SLOTS of them, filled in
 *
 * Return: NULL, or what is wrong.
 */
const char *slots_unpack(const struct rekey_disk_slots *disk,
			 struct rekey_slot_info *slot)
{
	u32 i;

	for (i = 0; i < REKEY_PAGE_SLOTS; i++, slot++) {
		const struct rekey_disk_slot *d = &disk->slot[i];

		slot->state = le32_to_cpu(d->state);
		slot->key_size = le32_to_cpu(d->key_size);
		memcpy(slot->kcv, d->kcv, sizeof(slot->kcv));
		if (slot->state > REKEY_SLOT_ERASED)
			return "a slot in an unknown state";
		if (slot->state == REKEY_SLOT_USED ?
		    !slot->key_size || slot->key_size > 1024 :
		    slot->key_size || !is_zero(d->kcv, sizeof(d->kcv)))
			return "a slot with a wrong key size";
		if (!is_zero(d->reserved, sizeof(d->reserved)))
			return "a slot whose reserved bytes are not zero";
	}
	if (!is_zero(disk->padding, sizeof(disk->padding)))
		return "reserved bytes are not zero";
	return NULL;
}

/**
 * slots_pack() - write a page of the slot table
 * @disk: all but its head is written
 * @slot: REKEY_PAGE_SLOTS of them
 */
void slots_pack(struct rekey_disk_slots *disk,
		const struct rekey_slot_info *slot)
{
	u32 i;

	memset((u8 *)disk + sizeof(disk->head), 0,
	       sizeof(*disk) - sizeof(disk->head));
	for (i = 0; i < REKEY_PAGE_SLOTS; i++, slot++) {
		disk->slot[i].state = cpu_to_le32(slot->state);
		if (slot->state != REKEY_SLOT_USED)
			continue;
		disk->slot[i].key_size = cpu_to_le32(slot->key_size);
		memcpy(disk->slot[i].kcv, slot->kcv, sizeof(slot->kcv));
	}
}

/**
 * entry_check() - hold a map entry against its format
 * @entry: from the disk, in the machine's byte order
 *
 * Whether there is such a device and place the caller knows.
 *
 * Return: NULL, or what is wrong.
 */
const char *entry_check(u64 entry)
{
	if (entry & REKEY_ENTRY_RESERVED)
		return "an entry with unknown bits";
	if (entry_slot(entry) >= REKEY_SLOTS)
		return "an entry with a slot that cannot be";
	if (!entry_written(entry) && entry & REKEY_ENTRY_PLACE)
		return "a place without data";
	if (entry_device(entry) >= REKEY_DEVICES)
		return "an entry with a device that cannot be";
	return NULL;
}

/**
 * map_unpack() - read a page of the map
 * @disk: a page whose head and MAC are good
 * @entry: filled in
 * @count: entries that the page must have
 *
 * Behind them may be entries of regions that were never written: a growth writes
 * them before the superblock that tells of them.
 *
 * Return: NULL, or what is wrong.
 */
const char *map_unpack(const struct rekey_disk_map *disk, u64 *entry,
		       u32 count)
{
	const char *why;
	u32 i;

	for (i = 0; i < count; i++) {
		entry[i] = le64_to_cpu(disk->entry[i]);
		why = entry_check(entry[i]);
		if (why)
			return why;
	}
	for (; i < REKEY_PAGE_ENTRIES; i++) {
		u64 behind = le64_to_cpu(disk->entry[i]);

		if (entry_written(behind) || entry_check(behind))
			return "entries behind the last region";
	}
	return NULL;
}

/**
 * map_pack() - write a page of the map
 * @disk: all but its head is written
 * @entry: what is to be in it
 * @count: of them, REKEY_PAGE_ENTRIES or less
 */
void map_pack(struct rekey_disk_map *disk, const u64 *entry, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++)
		disk->entry[i] = cpu_to_le64(entry[i]);
	memset(disk->entry + i, 0,
	       sizeof(disk->entry[0]) * (REKEY_PAGE_ENTRIES - i));
}
