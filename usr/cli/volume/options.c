// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "../../format/number.h"
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
	case OPT_META:
		return &o->meta;
	case OPT_HEADER:
		return &o->header;
	case OPT_BACKUP:
		return &o->header_backup;
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
	default:
		return NULL;
	}
}

/* "20G": bytes, KiB, MiB, GiB or TiB, in whole sectors. */
static bool parse_size(const char *text, uint64_t *sectors)
{
	static const char units[] = "KMGT";
	char digits[24];
	size_t len = strspn(text, "0123456789");
	const char *unit;
	unsigned int shift;
	uint64_t n;

	if (len >= sizeof(digits))
		return false;
	memcpy(digits, text, len);
	digits[len] = '\0';
	if (!number_parse(digits, 1ull << 60, &n))
		return false;
	unit = text[len] ? strchr(units, text[len]) : NULL;
	if (text[len] && (!unit || text[len + 1]))
		return false;
	shift = unit ? 10 * (unsigned int)(unit - units + 1) : 0;
	if (n >> (60 - shift) || (n << shift) % 512)
		return false;
	*sectors = (n << shift) / 512;
	return true;
}

static int number_option(struct volume_options *o, int opt, const char *text)
{
	const struct {
		int opt;
		const char *what;
		uint64_t max;
		uint32_t *to;
	} numbers[] = {
		{ OPT_KEY_SIZE, "a key size is 128 to 512 bits", 1024,
		  &o->key_bits },
		{ OPT_SECTOR_SIZE, "a sector has 512 or 4096 bytes", 4096,
		  &o->sector_size },
		{ OPT_REGION_SIZE, "a region has 256 to 16384 KiB", 16384,
		  &o->region },
		{ OPT_RATE, "a rate is a number of KiB/s, 0 for none", UINT32_MAX,
		  &o->rate },
		{ OPT_MEMORY, "memory is a number of KiB, 32 or more",
		  4194304, &o->cost.memory },
		{ OPT_ITERATIONS, "iterations are a number, 4 or more",
		  UINT32_MAX, &o->cost.iterations },
		{ OPT_KEY_FD, "a descriptor is a number", 65535,
		  (uint32_t *)&o->key.fd },
		{ OPT_NEW_KEY_FD, "a descriptor is a number", 65535,
		  (uint32_t *)&o->new_key.fd },
		{ OPT_FROM, "a slot is 0 to 247", TOKEN_SLOT_MAX,
		  (uint32_t *)&o->from },
		{ OPT_TO, "a slot is 0 to 247", TOKEN_SLOT_MAX,
		  (uint32_t *)&o->to },
	};
	uint64_t v;
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		if (numbers[i].opt != opt)
			continue;
		if (!number_parse(text, numbers[i].max, &v))
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
	case OPT_OFFSET:
		if (parse_size(optarg, opt == OPT_SIZE ? &o->size : &o->offset))
			return EXIT_DONE;
		return usage("a size is whole sectors in bytes, or with K, M, G or T, not \"%s\"",
			     optarg);
	case OPT_WITHOUT:
		if (!number_parse(optarg, TOKEN_DEVICES - 1, &n))
			return usage("a device is 0 to %d, not \"%s\"",
				     TOKEN_DEVICES - 1, optarg);
		o->without |= 1ull << n;
		return EXIT_DONE;
	}
	o->has_rate |= opt == OPT_RATE;
	return number_option(o, opt, optarg);
}

static int check(const struct volume_options *o)
{
	if (o->sector_size && o->sector_size != 512 && o->sector_size != 4096)
		return usage("a sector has 512 or 4096 bytes");
	if (o->region && (o->region < 256 || o->region & (o->region - 1)))
		return usage("a region has 256 to 16384 KiB, and a power of two");
	if (o->key_bits && (o->key_bits < 128 || o->key_bits % 8))
		return usage("a key size is 128 to 1024 bits, in whole bytes");
	if (o->cost.memory && o->cost.memory < 32)
		return usage("memory is a number of KiB, 32 or more");
	if (o->cost.iterations && o->cost.iterations < 4)
		return usage("iterations are a number, 4 or more");
	if (o->cipher && !token_cipher_valid(o->cipher))
		return usage("\"%s\" is no cipher", o->cipher);
	if (o->user && !token_user_valid(o->user))
		return usage("a user's name has 1 to 64 bytes without spaces");
	return EXIT_DONE;
}

int volume_options_read(struct run *run, struct volume_options *o)
{
	int opt, ret;

	*o = (struct volume_options){
		.key.fd = -1, .new_key.fd = -1, .from = -1, .to = -1,
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
	if (run->argc && !mapper_name_valid(run->argv[0]))
		return usage("\"%s\" is no name of a volume", run->argv[0]);
	secret_begin();
	return -1;
}
