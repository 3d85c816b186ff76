// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "../../format/number.h"
#include "../../format/size.h"
#include "../../format/token.h"
#include "../../volume/mapper.h"
#include "options.h"

/* Options that are texts: where they go. */
static const char **text_option(struct volume_options *o, int opt)
{
	switch (opt) {
	case OPT_KEY_FILE:
		return &o->key.file;
	case OPT_NEW_KEY_FILE:
		return &o->new_key.file;
	case OPT_OWNER_KEY_FILE:
		return &o->owner_key.file;
	case OPT_META:
		return &o->meta;
	case OPT_HEADER:
		return &o->header;
	case OPT_BACKUP:
		return &o->header_backup;
	case OPT_TAB:
		return &o->tab;
	case OPT_UNITS:
		return &o->units;
	case OPT_LUKS_HEADER:
		return &o->luks_header;
	case OPT_USER:
		return &o->user;
	case OPT_CIPHER:
		return &o->cipher;
	case OPT_HASH:
		return &o->hash;
	case OPT_ADD:
		return &o->add;
	default:
		return NULL;
	}
}

static bool *flag_option(struct volume_options *o, int opt)
{
	switch (opt) {
	case OPT_LARGE_IV:
		return &o->large_iv;
	case OPT_DISCARDS:
		return &o->discards;
	case OPT_FORCE:
		return &o->force;
	case OPT_YES:
		return &o->yes;
	case OPT_WAIT:
		return &o->wait;
	case OPT_READONLY:
		return &o->readonly;
	case OPT_PLAIN:
		return &o->plain;
	case OPT_NO_KEY:
		return &o->no_key;
	case OPT_OWNER:
		return &o->owner;
	default:
		return NULL;
	}
}

/* --- sizes -------------------------------------------------------------------- */

static int size_option(const char *text, uint64_t *sectors)
{
	uint64_t bytes;

	if (!size_parse(text, 1, &bytes) || !bytes || bytes % 512)
		return usage("a size is a number of bytes, or with K, M, G or T, in whole sectors and more than 0, not \"%s\"",
			     text);
	*sectors = bytes / 512;
	return EXIT_DONE;
}

/* dm-crypt and cryptsetup count sectors, we count bytes: so it has to be said. */
static int offset_option(const char *text, uint64_t *sectors)
{
	uint64_t bytes;

	if (!size_parse(text, 0, &bytes))
		return usage("an offset is a number with its unit: \"%ss\" for sectors of 512 bytes, as cryptsetup counts, \"%sB\" for bytes, or K, M, G",
			     text, text);
	if (bytes % 512)
		return usage("an offset is in whole sectors of 512 bytes, not \"%s\"",
			     text);
	*sectors = bytes / 512;
	return EXIT_DONE;
}

static int region_option(const char *text, uint32_t *sectors)
{
	uint64_t bytes;

	if (!size_parse(text, 1024, &bytes) || bytes < 256 << 10 ||
	    bytes > 16 << 20 || bytes & (bytes - 1))
		return usage("a region has 256K to 16M, a power of two (a number alone counts KiB), not \"%s\"",
			     text);
	*sectors = (uint32_t)(bytes / 512);
	return EXIT_DONE;
}

static int sector_option(const char *text, uint32_t *bytes)
{
	uint64_t n;

	if (!size_parse(text, 1, &n) || (n != 512 && n != 4096))
		return usage("a sector has 512 or 4096 bytes, not \"%s\"",
			     text);
	*bytes = (uint32_t)n;
	return EXIT_DONE;
}

static int memory_option(const char *text, uint32_t *kib)
{
	uint64_t bytes;

	if (!size_parse(text, 1024, &bytes) || bytes < 32 << 10 ||
	    bytes > 4ull << 30 || bytes % 1024)
		return usage("memory is 32K to 4G (a number alone counts KiB), not \"%s\"",
			     text);
	*kib = (uint32_t)(bytes / 1024);
	return EXIT_DONE;
}

bool volume_rate(const char *text, uint32_t *rate)
{
	uint64_t bytes;

	if (!size_parse(text, 1024, &bytes) || bytes % 1024 ||
	    bytes / 1024 > UINT32_MAX)
		return false;
	*rate = (uint32_t)(bytes / 1024);
	return true;
}

static int rate_option(struct volume_options *o, const char *text)
{
	if (!volume_rate(text, &o->rate))
		return usage("a rate is a number a second with K, M or G (a number alone counts KiB), or 0 for none, not \"%s\"",
			     text);
	o->has_rate = true;
	return EXIT_DONE;
}

/* --- numbers ------------------------------------------------------------------ */

static int number_option(struct volume_options *o, int opt, const char *text)
{
	const struct {
		int opt;
		const char *what;
		uint64_t least, most;
		uint32_t *to;
	} numbers[] = {
		{ OPT_KEY_SIZE, "a key size is 128 to 1024 bits, a multiple of 8",
		  128, 1024, &o->key_bits },
		{ OPT_ITERATIONS, "iterations are a number, 4 or more",
		  4, UINT32_MAX, &o->cost.iterations },
		{ OPT_KEY_FD, "a descriptor is a number", 0, 65535,
		  (uint32_t *)&o->key.fd },
		{ OPT_NEW_KEY_FD, "a descriptor is a number", 0, 65535,
		  (uint32_t *)&o->new_key.fd },
		{ OPT_OWNER_KEY_FD, "a descriptor is a number", 0, 65535,
		  (uint32_t *)&o->owner_key.fd },
		{ OPT_FROM, "a slot is 0 to 247", 0, TOKEN_SLOT_MAX,
		  (uint32_t *)&o->from },
		{ OPT_TO, "a slot is 0 to 247", 0, TOKEN_SLOT_MAX,
		  (uint32_t *)&o->to },
	};
	uint64_t v;
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		if (numbers[i].opt != opt)
			continue;
		if (!number_parse(text, numbers[i].most, &v) ||
		    v < numbers[i].least)
			return usage("%s, not \"%s\"", numbers[i].what, text);
		*numbers[i].to = (uint32_t)v;
	}
	return EXIT_DONE;
}

/* --range FIRST COUNT: the one option with two values. */
static int range_option(struct volume_options *o, const struct run *run)
{
	if (optind >= run->argc ||
	    !number_parse(optarg, UINT32_MAX, &o->first) ||
	    !number_parse(run->argv[optind], UINT32_MAX, &o->count) || !o->count)
		return usage("a range is a first region and a count of regions");
	o->has_range = true;
	optind++;
	return EXIT_DONE;
}

static int take_option(struct volume_options *o, int opt, const struct run *run)
{
	const char **text = text_option(o, opt);
	bool *flag = flag_option(o, opt);
	uint64_t n;

	if (text) {
		*text = optarg;
		return EXIT_DONE;
	}
	if (flag) {
		*flag = true;
		return EXIT_DONE;
	}
	switch (opt) {
	case OPT_RANGE:
		return range_option(o, run);
	case OPT_SIZE:
		return size_option(optarg, &o->size);
	case OPT_OFFSET:
		return offset_option(optarg, &o->offset);
	case OPT_REGION_SIZE:
		return region_option(optarg, &o->region);
	case OPT_SECTOR_SIZE:
		return sector_option(optarg, &o->sector_size);
	case OPT_MEMORY:
		return memory_option(optarg, &o->cost.memory);
	case OPT_RATE:
		return rate_option(o, optarg);
	case OPT_WITHOUT:
		if (!number_parse(optarg, TOKEN_DEVICES - 1, &n))
			return usage("a device is 0 to %d, not \"%s\"",
				     TOKEN_DEVICES - 1, optarg);
		o->without |= 1ull << n;
		return EXIT_DONE;
	default:
		return number_option(o, opt, optarg);
	}
}

static int check(const struct volume_options *o)
{
	if (o->key_bits % 8)
		return usage("a key size is 128 to 1024 bits, a multiple of 8");
	if (o->cipher && !token_cipher_valid(o->cipher))
		return usage("\"%s\" is no cipher", o->cipher);
	if (o->user && !token_user_valid(o->user))
		return usage("a user's name has 1 to 64 bytes without spaces");
	return EXIT_DONE;
}

static int check_name(const char *name)
{
	if (mapper_name_valid(name))
		return -1;
	return usage("\"%s\" is no name of a volume: that is made of letters, digits and _ . + -, and begins with neither . nor -%s",
		     name, strchr(name, '/') ? "; the name comes before the devices" : "");
}

int volume_options_devices(struct run *run, struct volume_options *o)
{
	int opt, ret;

	*o = (struct volume_options){
		.key.fd = -1, .new_key.fd = -1, .owner_key.fd = -1, .from = -1, .to = -1,
	};
	while ((opt = verb_option(run)) != -1) {
		if (opt == '?')
			return run->code;
		ret = take_option(o, opt, run);
		if (ret)
			return ret;
	}
	ret = check(o);
	if (ret)
		return ret;
	secret_begin();
	return -1;
}

int volume_options_read(struct run *run, struct volume_options *o)
{
	int ret = volume_options_devices(run, o);

	return ret >= 0 || !run->argc ? ret : check_name(run->argv[0]);
}

const struct option volume_no_options[] = { { 0 } };
const struct option volume_header_option[] = { OPTION_HEADER, { 0 } };
const struct option volume_wait_options[] = {
	OPTION_HEADER, OPTION_WAIT, { 0 },
};
