// SPDX-License-Identifier: GPL-2.0
/* The table line: see table.h. What stands in it is in one list, for both ways. */
#include <linux/device-mapper.h>
#include <linux/slab.h>

#include "../compat/compat.h"
#include "table.h"

/*
 * The map is in memory in one piece, and so is a device's bitmap of places. Larger
 * regions hold more.
 */
#define TABLE_REGIONS_MAX	BIT_ULL(27)
#define TABLE_PLACES_MAX	BIT_ULL(32)

/* --- options without keys ------------------------------------------------------------- */

struct table_flag {
	const char *name;
	size_t at;		/* of a bool in the volume */
	bool once;		/* of its making: not shown again */
};

#define TABLE_FLAG(name, field, once) \
	{ name, offsetof(struct rekey_volume, field), once }

static const struct table_flag table_flags[] = {
	TABLE_FLAG("iv_large_sectors", cipher.large_iv, false),
	TABLE_FLAG("no_read_workqueue", no_read_workqueue, false),
	TABLE_FLAG("no_write_workqueue", no_write_workqueue, false),
	TABLE_FLAG("allow_discards", allow_discards, false),
	TABLE_FLAG("high_priority", high_priority, false),
	TABLE_FLAG("salvage", salvage, false),
	TABLE_FLAG("create", create, true),
	TABLE_FLAG("upgrade", upgrade, true),
};

struct table_number {
	const char *name;
	size_t at;		/* of an unsigned integer in the volume */
	bool wide;		/* of 64 bits, else of 32 */
	u64 max;
	bool always;		/* shown, even if it is 0 */
	bool once;		/* of its making: not shown again */
};

#define TABLE_NUMBER(name, field, wide, max, always)			\
	{ name, offsetof(struct rekey_volume, field), wide, max, always, false }
#define TABLE_NUMBER_ONCE(name, field, max)				\
	{ name, offsetof(struct rekey_volume, field), false, max, false, true }

static const struct table_number table_numbers[] = {
	TABLE_NUMBER("region_size:", region_sectors, false, REKEY_REGION_MAX, true),
	TABLE_NUMBER("sector_size:", cipher.sector_size, false, 4096, true),
	TABLE_NUMBER("meta_offset:", meta_start, true, S64_MAX, false),
	TABLE_NUMBER("rate:", rate, false, U32_MAX, false),
	TABLE_NUMBER_ONCE("version:", version, REKEY_VERSION_MAX),
};

static bool *flag_of(struct rekey_volume *v, const struct table_flag *flag)
{
	return (bool *)((u8 *)v + flag->at);
}

static void number_set(struct rekey_volume *v, const struct table_number *n,
		       u64 value)
{
	void *at = (u8 *)v + n->at;

	if (n->wide)
		*(u64 *)at = value;
	else
		*(u32 *)at = value;
}

static u64 number_get(struct rekey_volume *v, const struct table_number *n)
{
	const void *at = (u8 *)v + n->at;

	return n->wide ? *(const u64 *)at : *(const u32 *)at;
}

/* --- reading -------------------------------------------------------------------------- */

static bool option_number(const char *opt, const char *name, u64 max, u64 *n)
{
	size_t len = strlen(name);

	return !strncasecmp(opt, name, len) && !kstrtou64(opt + len, 10, n) &&
	       *n <= max;
}

static bool read_flag(struct rekey_volume *v, const char *opt)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table_flags); i++) {
		if (strcasecmp(opt, table_flags[i].name))
			continue;
		*flag_of(v, &table_flags[i]) = true;
		return true;
	}
	return false;
}

static bool read_number(struct rekey_volume *v, const char *opt)
{
	unsigned int i;
	u64 n;

	for (i = 0; i < ARRAY_SIZE(table_numbers); i++) {
		if (!option_number(opt, table_numbers[i].name,
				   table_numbers[i].max, &n))
			continue;
		number_set(v, &table_numbers[i], n);
		return true;
	}
	if (!option_number(opt, "adopt:", REKEY_PLACES_MAX, &v->adopt_place))
		return false;
	v->adopt = true;
	return true;
}

/* Is it @name, which is not there yet? */
static bool is_source(const char *opt, const char *name, const char *have)
{
	return !strncasecmp(opt, name, strlen(name)) && !have;
}

static int read_source(char **source, const char *from)
{
	*source = kstrdup(from, GFP_KERNEL);
	return *source ? 0 : -ENOMEM;
}

static int read_option(struct rekey_volume *v, struct table_keys *keys,
		       const char *opt, char **error)
{
	const size_t key_len = strlen("key:");

	*error = "Bad option";
	if (read_flag(v, opt) || read_number(v, opt))
		return 0;
	if (is_source(opt, "meta_key:", v->meta_key))
		return read_source(&v->meta_key, opt + strlen("meta_key:"));
	if (is_source(opt, "old_meta_key:", v->old_meta_key))
		return read_source(&v->old_meta_key,
				   opt + strlen("old_meta_key:"));
	if (!strncasecmp(opt, "key:", key_len) && keys->count < REKEY_SLOTS) {
		keys->arg[keys->count++] = opt + key_len;
		return 0;
	}
	return -EINVAL;
}

static int read_options(struct rekey_volume *v, struct dm_arg_set *as,
			struct table_keys *keys, char **error)
{
	static const struct dm_arg number = {
		0, REKEY_SLOTS + 16, "Bad number of options"
	};
	unsigned int n;
	int err;

	v->region_sectors = 2048;
	v->cipher.sector_size = SECTOR_SIZE;
	err = dm_read_arg_group(&number, as, &n, error);
	while (!err && n--)
		err = read_option(v, keys, dm_shift_arg(as), error);
	if (err)
		return err;
	*error = "Options need meta_key::<bytes>:logon:<description>";
	if (!v->meta_key || as->argc)
		return -EINVAL;
	*error = "A new volume has no metadata key before";
	if (v->old_meta_key && (v->create || v->adopt))
		return -EINVAL;
	*error = "A volume's version is chosen where it is made";
	if (v->version && !v->create && !v->adopt)
		return -EINVAL;
	if (!v->version)
		v->version = REKEY_VERSION_NEW;
	return 0;
}

static int read_device(struct rekey_volume *v, struct dm_arg_set *as,
		       char **error)
{
	struct rekey_device *dev = &v->places.device[v->places.devices];
	const char *path = dm_shift_arg(as), *offset = dm_shift_arg(as);
	unsigned long long start;
	int err;

	*error = "Bad device";
	if (!path || !offset || kstrtoull(offset, 10, &start) ||
	    start != (sector_t)start)
		return -EINVAL;
	dev->start = start;
	v->places.devices++;
	if (!strcmp(path, "-"))
		return 0;
	*error = "No such data device";
	err = dm_get_device(v->ti, path, dm_table_get_mode(v->ti->table),
			    &dev->dm);
	if (err)
		return err;
	*error = "The offset is behind the device's end, or not aligned";
	if (start > bdev_nr_sectors(dev->dm->bdev) ||
	    start & (REKEY_PAGE / SECTOR_SIZE - 1))
		return -EINVAL;
	dev->sectors = bdev_nr_sectors(dev->dm->bdev) - start;
	return 0;
}

static int read_devices(struct rekey_volume *v, struct dm_arg_set *as,
			char **error)
{
	static const struct dm_arg number = {
		1, REKEY_DEVICES, "Bad number of devices"
	};
	unsigned int n;
	int err;

	err = dm_read_arg(&number, as, &n, error);
	while (!err && n--)
		err = read_device(v, as, error);
	return err;
}

/*
 * Blocks larger than the volume's sectors are the volume's blocks then: not so where
 * another device has smaller ones, which somebody may have built on.
 */
static int check_blocks(struct rekey_volume *v, char **error)
{
	unsigned int least = UINT_MAX, most = 0, size;
	u32 i;

	for (i = 0; i < v->places.devices; i++) {
		if (!v->places.device[i].dm)
			continue;
		size = bdev_logical_block_size(v->places.device[i].dm->bdev);
		least = min(least, size);
		most = max(most, size);
	}
	*error = "A data device has larger blocks than the others and the volume's sectors";
	return most > v->cipher.sector_size && least < most ? -EINVAL : 0;
}

static int check_devices(struct rekey_volume *v, char **error)
{
	u32 i;

	*error = "A data device has too many regions: use larger ones";
	for (i = 0; i < v->places.devices; i++) {
		struct rekey_device *dev = &v->places.device[i];

		dev->places = dev->sectors >> v->region_shift;
		if (dev->places > TABLE_PLACES_MAX)
			return -EFBIG;
	}
	return check_blocks(v, error);
}

static int check_sizes(struct rekey_volume *v, char **error)
{
	u32 ss = v->cipher.sector_size;

	*error = "The offset of the metadata is not aligned";
	if (v->meta_start & (REKEY_PAGE / SECTOR_SIZE - 1))
		return -EINVAL;
	*error = "Bad sector size";
	if ((ss != 512 && ss != 4096) ||
	    v->ti->len & ((ss >> SECTOR_SHIFT) - 1))
		return -EINVAL;
	*error = "Bad region size";
	if (v->region_sectors < REKEY_REGION_MIN ||
	    v->region_sectors & (v->region_sectors - 1))
		return -EINVAL;
	v->cipher.sector_shift = ilog2(ss >> SECTOR_SHIFT);
	v->region_shift = ilog2(v->region_sectors);
	v->places.region_shift = v->region_shift;
	v->regions = DIV_ROUND_UP_ULL(v->ti->len, v->region_sectors);
	*error = "Too many regions: at most 134217728: use larger ones";
	if (v->regions > TABLE_REGIONS_MAX)
		return -EFBIG;
	return check_devices(v, error);
}

/**
 * table_read() - what stands in a table
 * @v: filled in
 * @argc: words of the line, without start, length and the target's name
 * @argv: the words
 * @keys: set to the keys that it names, for table_read_keys()
 * @error: set to a sentence on failure
 *
 * Return: 0 or a negative errno.
 */
int table_read(struct rekey_volume *v, unsigned int argc, char **argv,
	       struct table_keys *keys, char **error)
{
	struct dm_arg_set as = { .argc = argc, .argv = argv };
	const char *meta = dm_shift_arg(&as), *cipher = dm_shift_arg(&as);
	int err;

	*error = "Not enough arguments";
	if (!meta || !cipher)
		return -EINVAL;
	*error = "No such metadata device";
	err = dm_get_device(v->ti, meta, dm_table_get_mode(v->ti->table),
			    &v->meta_dm);
	if (!err)
		err = read_devices(v, &as, error);
	if (!err)
		err = read_options(v, &as, keys, error);
	if (!err)
		err = check_sizes(v, error);
	if (!err)
		err = cipher_init(&v->cipher, cipher, error);
	return err;
}

/**
 * table_read_keys() - load the keys that a table names
 * @v: with its slot table read
 * @keys: of table_read()
 * @error: set to a sentence on failure
 *
 * Return: 0 or a negative errno.
 */
int table_read_keys(struct rekey_volume *v, const struct table_keys *keys,
		    char **error)
{
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < keys->count; i++) {
		const char *arg = keys->arg[i];	/* "<slot>:<source>" */
		int n = 0;
		u32 slot;

		*error = "Bad key option";
		if (sscanf(arg, "%u:%n", &slot, &n) != 1 || !n ||
		    slot >= REKEY_SLOTS)
			return -EINVAL;
		err = slot_read(&v->slots, slot, arg + n, error);
	}
	return err;
}

/* --- writing -------------------------------------------------------------------------- */

static unsigned int write_keys(struct rekey_volume *v, char *result,
			       unsigned int sz, unsigned int maxlen, u32 *n)
{
	struct rekey_key *key;
	u32 i;

	rcu_read_lock();
	for (i = 0; i < REKEY_SLOTS; i++) {
		key = rcu_dereference(v->slots.slot[i].key);
		if (!key)
			continue;
		if (result)
			DMEMIT(" key:%u:%s", i, key->source);
		++*n;
	}
	rcu_read_unlock();
	return sz;
}

/* Counted first, without @result: their number comes before them. */
static unsigned int write_options(struct rekey_volume *v, char *result,
				  unsigned int sz, unsigned int maxlen, u32 *n)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table_numbers); i++) {
		const struct table_number *t = &table_numbers[i];

		if (t->once || (!t->always && !number_get(v, t)))
			continue;
		if (result)
			DMEMIT(" %s%llu", t->name, number_get(v, t));
		++*n;
	}
	for (i = 0; i < ARRAY_SIZE(table_flags); i++) {
		if (table_flags[i].once || !*flag_of(v, &table_flags[i]))
			continue;
		if (result)
			DMEMIT(" %s", table_flags[i].name);
		++*n;
	}
	/* else the table would not open the volume again */
	if (v->old_meta_key && meta_needs_old_key(&v->meta)) {
		if (result)
			DMEMIT(" old_meta_key:%s", v->old_meta_key);
		++*n;
	}
	return write_keys(v, result, sz, maxlen, n);
}

/**
 * table_write() - the table line, from which the volume can be opened again
 * @v: the volume
 * @result: where it goes
 * @maxlen: bytes there
 *
 * Keys are told by their descriptions.
 */
void table_write(struct rekey_volume *v, char *result, unsigned int maxlen)
{
	unsigned int sz = 0;
	u32 i, n = 1;

	DMEMIT("%s %s %u", v->meta_dm->name, v->cipher.name,
	       v->places.devices);
	for (i = 0; i < v->places.devices; i++) {
		const struct rekey_device *dev = &v->places.device[i];

		DMEMIT(" %s %llu", dev->dm ? dev->dm->name : "-",
		       (unsigned long long)dev->start);
	}
	write_options(v, NULL, 0, 0, &n);
	DMEMIT(" %u meta_key:%s", n, v->meta_key);
	write_options(v, result, sz, maxlen, &n);
}
