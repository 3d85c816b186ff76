// SPDX-License-Identifier: GPL-2.0
/* "hearth volume": which verbs there are, and what can stand behind them. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../format/number.h"
#include "../../format/page.h"
#include "volume.h"

#define TRIES	3	/* of a passphrase on a terminal */

/* --- options --------------------------------------------------------------- */

enum {
	OPT_KEY_FILE = 'a', OPT_KEY_FD, OPT_NEW_KEY_FILE, OPT_NEW_KEY_FD,
	OPT_META, OPT_HEADER, OPT_BACKUP, OPT_USER, OPT_CIPHER, OPT_HASH,
	OPT_KEY_SIZE, OPT_SECTOR_SIZE, OPT_REGION_SIZE, OPT_SIZE, OPT_OFFSET,
	OPT_RANGE, OPT_RATE, OPT_FROM, OPT_TO, OPT_WITHOUT, OPT_ADD,
	OPT_LARGE_IV, OPT_DISCARDS, OPT_FORCE, OPT_YES, OPT_WAIT, OPT_MEMORY,
	OPT_ITERATIONS, OPT_READONLY, OPT_PLAIN,
};

#define BIT_OF(opt)	(1ull << ((opt) - OPT_KEY_FILE))
#define KEY		(BIT_OF(OPT_KEY_FILE) | BIT_OF(OPT_KEY_FD))
#define NEW_KEY		(BIT_OF(OPT_NEW_KEY_FILE) | BIT_OF(OPT_NEW_KEY_FD))
#define COST		(BIT_OF(OPT_MEMORY) | BIT_OF(OPT_ITERATIONS))
#define HEADER		BIT_OF(OPT_HEADER)
#define FORMAT		(BIT_OF(OPT_META) | BIT_OF(OPT_USER) | COST | KEY | \
			 BIT_OF(OPT_CIPHER) | BIT_OF(OPT_KEY_SIZE) | \
			 BIT_OF(OPT_SECTOR_SIZE) | BIT_OF(OPT_LARGE_IV) | \
			 BIT_OF(OPT_REGION_SIZE) | BIT_OF(OPT_DISCARDS) | \
			 BIT_OF(OPT_FORCE) | HEADER)

static const struct option options[] = {
	{ "key-file", required_argument, NULL, OPT_KEY_FILE },
	{ "key-fd", required_argument, NULL, OPT_KEY_FD },
	{ "new-key-file", required_argument, NULL, OPT_NEW_KEY_FILE },
	{ "new-key-fd", required_argument, NULL, OPT_NEW_KEY_FD },
	{ "meta", required_argument, NULL, OPT_META },
	{ "header", required_argument, NULL, OPT_HEADER },
	{ "header-backup", required_argument, NULL, OPT_BACKUP },
	{ "user", required_argument, NULL, OPT_USER },
	{ "cipher", required_argument, NULL, OPT_CIPHER },
	{ "hash", required_argument, NULL, OPT_HASH },
	{ "key-size", required_argument, NULL, OPT_KEY_SIZE },
	{ "sector-size", required_argument, NULL, OPT_SECTOR_SIZE },
	{ "region-size", required_argument, NULL, OPT_REGION_SIZE },
	{ "size", required_argument, NULL, OPT_SIZE },
	{ "offset", required_argument, NULL, OPT_OFFSET },
	{ "range", required_argument, NULL, OPT_RANGE },
	{ "rate", required_argument, NULL, OPT_RATE },
	{ "from", required_argument, NULL, OPT_FROM },
	{ "to", required_argument, NULL, OPT_TO },
	{ "without", required_argument, NULL, OPT_WITHOUT },
	{ "add", required_argument, NULL, OPT_ADD },
	{ "iv-large-sectors", no_argument, NULL, OPT_LARGE_IV },
	{ "allow-discards", no_argument, NULL, OPT_DISCARDS },
	{ "force", no_argument, NULL, OPT_FORCE },
	{ "yes", no_argument, NULL, OPT_YES },
	{ "wait", no_argument, NULL, OPT_WAIT },
	{ "pbkdf-memory", required_argument, NULL, OPT_MEMORY },
	{ "pbkdf-iterations", required_argument, NULL, OPT_ITERATIONS },
	{ "readonly", no_argument, NULL, OPT_READONLY },
	{ "plain", no_argument, NULL, OPT_PLAIN },
	{ 0 },
};

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
static int range_option(struct volume_options *o, int argc, char **argv)
{
	if (optind >= argc ||
	    !number_parse(optarg, UINT32_MAX, &o->first) ||
	    !number_parse(argv[optind], UINT32_MAX, &o->count) || !o->count)
		return usage("a range is a first region and a count of regions");
	o->has_range = true;
	optind++;
	return EXIT_DONE;
}

static int take_option(struct volume_options *o, int opt, int argc, char **argv)
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
		return range_option(o, argc, argv);
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

static int check_options(struct volume_options *o)
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

/* --- verbs ------------------------------------------------------------------ */

struct verb {
	const char *name;
	int (*main)(struct out *out, struct volume_options *o, int argc,
		    char **argv);
	int least, most;	/* operands */
	uint64_t options;
	const char *needs;
};

static const struct verb verbs[] = {
	{ "create", volume_create, 2, 65, FORMAT | BIT_OF(OPT_SIZE),
	  "a name and devices" },
	{ "open", volume_open, 2, 66,
	  KEY | HEADER | BIT_OF(OPT_META) | BIT_OF(OPT_USER) |
	  BIT_OF(OPT_READONLY) | BIT_OF(OPT_DISCARDS) | BIT_OF(OPT_RATE) |
	  BIT_OF(OPT_WITHOUT) | BIT_OF(OPT_ADD) | BIT_OF(OPT_FORCE),
	  "a name and devices" },
	{ "close", volume_close, 1, 1, 0, "a name" },
	{ "status", volume_show, 0, 1, HEADER, "a name or nothing" },
	{ "regions", volume_regions, 1, 1, 0, "a name" },
	{ "rekey", volume_rekey, 1, 1,
	  KEY | COST | HEADER | BIT_OF(OPT_USER) | BIT_OF(OPT_RANGE) |
	  BIT_OF(OPT_RATE) | BIT_OF(OPT_WAIT) | BIT_OF(OPT_FROM) |
	  BIT_OF(OPT_TO), "a name" },
	{ "pause", volume_pause, 1, 1, 0, "a name" },
	{ "resume", volume_resume, 1, 1, HEADER | BIT_OF(OPT_WAIT), "a name" },
	{ "abort", volume_abort, 1, 1, HEADER, "a name" },
	{ "rate", volume_rate, 2, 2, 0, "a name and KiB/s" },
	{ "evacuate", volume_evacuate, 3, 3, HEADER | BIT_OF(OPT_WAIT),
	  "a name and two devices" },
	{ "adopt", volume_adopt, 2, 65,
	  FORMAT | BIT_OF(OPT_SIZE) | BIT_OF(OPT_OFFSET) | BIT_OF(OPT_BACKUP) |
	  BIT_OF(OPT_PLAIN) | BIT_OF(OPT_HASH) | BIT_OF(OPT_YES) | NEW_KEY,
	  "a name and devices" },
};

static const struct verb slot_verbs[] = {
	{ "list", volume_slot_list, 1, 1, HEADER, "a name" },
	{ "add", volume_slot_add, 1, 1,
	  KEY | NEW_KEY | COST | HEADER | BIT_OF(OPT_USER), "a name" },
	{ "assign", volume_slot_assign, 4, 4, HEADER,
	  "a name, a first region, a count, and a user or slot" },
	{ "erase", volume_slot_erase, 2, 2, HEADER | BIT_OF(OPT_YES),
	  "a name, and a user or slot" },
	{ "unlock", volume_slot_unlock, 2, 2, KEY | HEADER, "a name and a user" },
	{ "lock", volume_slot_lock, 2, 2, HEADER, "a name and a user" },
	{ "passwd", volume_slot_passwd, 2, 2, KEY | NEW_KEY | COST | HEADER,
	  "a name and a user" },
};

static const char *option_name(int opt)
{
	const struct option *o;

	for (o = options; o->name; o++)
		if (o->val == opt)
			return o->name;
	return "";
}

static int run(const struct verb *verb, struct out *out, int argc, char **argv)
{
	struct volume_options o = {
		.key.fd = -1, .new_key.fd = -1, .from = -1, .to = -1,
	};
	int opt, ret;

	optind = 0;
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == '?')
			return EXIT_USAGE;
		if (!(verb->options & BIT_OF(opt)))
			return usage("volume %s has no option --%s", verb->name,
				     option_name(opt));
		ret = take_option(&o, opt, argc, argv);
		if (ret)
			return ret;
	}
	ret = check_options(&o);
	if (ret)
		return ret;
	argc -= optind;
	argv += optind;
	if (argc < verb->least || argc > verb->most)
		return usage("volume %s needs %s", verb->name, verb->needs);
	if (argc && !mapper_name_valid(argv[0]))
		return usage("\"%s\" is no name of a volume", argv[0]);
	secret_begin();
	return verb->main(out, &o, argc, argv);
}

static int find_verb(const struct verb *list, size_t n, const char *object,
		     struct out *out, int argc, char **argv)
{
	size_t i;

	for (i = 0; argc > 1 && i < n; i++)
		if (!strcmp(argv[1], list[i].name))
			return run(&list[i], out, argc - 1, argv + 1);
	if (argc < 2)
		return usage("%s needs a verb", object);
	return usage("%s has no verb \"%s\"", object, argv[1]);
}

int volume_main(struct out *out, int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "slot"))
		return find_verb(slot_verbs,
				 sizeof(slot_verbs) / sizeof(*slot_verbs),
				 "volume slot", out, argc - 1, argv + 1);
	return find_verb(verbs, sizeof(verbs) / sizeof(*verbs), "volume", out,
			 argc, argv);
}

/* --- what verbs share ---------------------------------------------------------- */

int volume_unlock(struct keys *keys, struct header *header,
		  const struct volume_options *o, const char *user,
		  struct secret *pass, struct error *err)
{
	const struct secret_source *source = &o->key;
	bool asks = !source->file && source->fd < 0 && isatty(STDIN_FILENO);
	unsigned int tries = asks ? TRIES : 1;
	char prompt[128];
	int ret;

	if (user)
		snprintf(prompt, sizeof(prompt), "Passphrase of %s", user);
	else
		strcpy(prompt, "Passphrase");
	for (;;) {
		ret = secret_read(pass, source, prompt, false, err);
		if (ret)
			return ret;
		ret = keys_unlock(keys, header, user, pass, err);
		if (!ret)
			return 0;
		secret_free(pass);
		if (ret != -EPERM || !--tries)
			return ret;
		fprintf(stderr, "hearth: %s\n", err->text);
	}
}

int volume_which_slot(const struct token *token, const char *text,
		      struct error *err)
{
	int found = -1;
	uint64_t slot;
	uint32_t i;

	if (number_parse(text, TOKEN_SLOT_MAX, &slot)) {
		if (token_slot((struct token *)token, (uint32_t)slot))
			return (int)slot;
		return error_set(err, EINVAL, "there is no slot %s", text);
	}
	for (i = 0; i < token->n_slots; i++) {
		if (strcmp(token->slots[i].user, text))
			continue;
		if (found >= 0)
			return error_set(err, EINVAL,
					 "%s has several slots: say which (slot list shows them)",
					 text);
		found = (int)token->slots[i].slot;
	}
	return found >= 0 ? found :
	       error_set(err, EINVAL, "there is no user %s", text);
}

bool volume_confirm(const char *question)
{
	char answer[8] = "";

	if (!isatty(STDIN_FILENO))
		return false;
	fprintf(stderr, "%s Type YES to go on: ", question);
	return fgets(answer, sizeof(answer), stdin) &&
	       !strcmp(answer, "YES\n");
}

int volume_check_empty(const struct disk *disk, const struct volume_options *o,
		       struct error *err)
{
	char type[64], question[PATH_MAX + 128];
	int ret = disk_signature(disk, type, sizeof(type), err);

	if (ret <= 0 || o->force)
		return ret < 0 ? ret : 0;
	snprintf(question, sizeof(question),
		 "%s holds something (%s), which will be lost.", disk->path,
		 type);
	if (volume_confirm(question))
		return 0;
	return error_set(err, EEXIST,
			 "%s holds something (%s): --force overwrites it",
			 disk->path, type);
}

uint64_t volume_meta_room(uint64_t regions)
{
	uint64_t sectors = rekey_meta_sectors(regions * 4);

	return (sectors + 2047) / 2048 * 2048;
}

const char *volume_size_text(uint64_t sectors, char text[static 32])
{
	static const char * const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB" };
	double n = (double)sectors / 2;
	size_t i = 0;

	while (n >= 1024 && i < 4) {
		n /= 1024;
		i++;
	}
	snprintf(text, 32, n < 10 && i ? "%.1f %s" : "%.0f %s", n, units[i]);
	return text;
}

const char *volume_time_text(uint64_t seconds, char text[static 32])
{
	unsigned long long s = seconds;

	if (s >= 3600)
		snprintf(text, 32, "%llu:%02llu:%02llu", s / 3600,
			 s / 60 % 60, s % 60);
	else
		snprintf(text, 32, "%llu:%02llu", s / 60, s % 60);
	return text;
}
