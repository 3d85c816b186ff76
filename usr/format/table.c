// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"
#include "table.h"
#include "words.h"

/* Behind @prefix, where @text begins with it; else NULL. */
static const char *behind(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(text, prefix, len) ? NULL : text + len;
}

/* --- reading --------------------------------------------------------------- */

static bool parse_flag(struct table *table, const char *word)
{
	const struct {
		const char *name;
		bool *flag;
	} flags[] = {
		{ "create", &table->create },
		{ "upgrade", &table->upgrade },
		{ "iv_large_sectors", &table->large_iv },
		{ "allow_discards", &table->discards },
	};
	size_t i;

	for (i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		if (strcmp(word, flags[i].name))
			continue;
		*flags[i].flag = true;
		return true;
	}
	return false;
}

/* Is it a number's option? Then whether the number is one. */
static bool parse_number(struct table *table, const char *word, bool *good)
{
	const struct {
		const char *name;
		uint64_t max;
		uint32_t *small;
		uint64_t *large;
	} numbers[] = {
		{ "region_size:", UINT32_MAX, &table->region, NULL },
		{ "sector_size:", UINT32_MAX, &table->sector_size, NULL },
		{ "rate:", UINT32_MAX, &table->rate, NULL },
		{ "meta_offset:", UINT64_MAX, NULL, &table->meta_offset },
		{ "adopt:", UINT64_MAX, NULL, &table->adopt_place },
	};
	const char *text;
	uint64_t n;
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		text = behind(word, numbers[i].name);
		if (!text)
			continue;
		*good = number_parse(text, numbers[i].max, &n);
		if (!*good)
			return true;
		if (numbers[i].small)
			*numbers[i].small = (uint32_t)n;
		else
			*numbers[i].large = n;
		table->adopt |= numbers[i].large == &table->adopt_place;
		return true;
	}
	return false;
}

/* "<slot>:<source>" */
static bool parse_key(struct table *table, const char *text)
{
	struct table_key *key = &table->keys[table->n_keys];
	char digits[8];
	size_t len = strcspn(text, ":");
	uint64_t slot;

	if (table->n_keys == TABLE_KEYS || !text[len] || len >= sizeof(digits))
		return false;
	memcpy(digits, text, len);
	digits[len] = '\0';
	text += len + 1;
	if (!number_parse(digits, TABLE_KEYS - 1, &slot) ||
	    strlen(text) >= sizeof(key->source))
		return false;
	key->slot = (uint32_t)slot;
	strcpy(key->source, text);
	table->n_keys++;
	return true;
}

static bool parse_source(char source[static TABLE_SOURCE], const char *text)
{
	if (strlen(text) >= TABLE_SOURCE)
		return false;
	memset(source, 0, TABLE_SOURCE);
	strcpy(source, text);
	return true;
}

static bool parse_option(struct table *table, const char *word)
{
	bool good = true;
	const char *text;

	if (parse_flag(table, word) || parse_number(table, word, &good))
		return good;
	text = behind(word, "meta_key:");
	if (text)
		return parse_source(table->meta_key, text);
	text = behind(word, "old_meta_key:");
	if (text)
		return parse_source(table->old_meta_key, text);
	text = behind(word, "key:");
	return !text || parse_key(table, text);
}

static bool parse_devices(struct table *table, struct words *words)
{
	uint32_t i;

	if (!words_u32(words, TABLE_DEVICES, &table->n_devices))
		return false;
	for (i = 0; i < table->n_devices; i++)
		if (!words_text(words, table->devices[i].name,
				sizeof(table->devices[i].name)) ||
		    !words_u64(words, &table->devices[i].offset))
			return false;
	return true;
}

int table_parse(const char *line, struct table *table, struct error *err)
{
	struct words words = { .at = line };
	uint32_t n;
	bool good;

	memset(table, 0, sizeof(*table));
	good = words_text(&words, table->meta, sizeof(table->meta)) &&
	       words_text(&words, table->cipher, sizeof(table->cipher)) &&
	       parse_devices(table, &words) &&
	       words_u32(&words, UINT32_MAX, &n);
	while (good && n--)
		good = words_next(&words) && parse_option(table, words.word);
	if (good && !words_next(&words))
		return 0;
	return error_set(err, EINVAL,
			 "the kernel's table line is not understood: its module is of another version");
}

/* --- writing --------------------------------------------------------------- */

/* A table's options, counted. */
struct options {
	FILE *file;
	unsigned int n;
};

__attribute__((format(printf, 2, 3)))
static void option(struct options *o, const char *fmt, ...)
{
	va_list args;

	fputc(' ', o->file);
	va_start(args, fmt);
	vfprintf(o->file, fmt, args);
	va_end(args);
	o->n++;
}

static void format_options(const struct table *table, struct options *o)
{
	const struct table_key *key;

	if (table->meta_key[0])
		option(o, "meta_key:%s", table->meta_key);
	if (table->old_meta_key[0])
		option(o, "old_meta_key:%s", table->old_meta_key);
	if (table->region)
		option(o, "region_size:%u", table->region);
	if (table->sector_size)
		option(o, "sector_size:%u", table->sector_size);
	if (table->meta_offset)
		option(o, "meta_offset:%" PRIu64, table->meta_offset);
	if (table->large_iv)
		option(o, "iv_large_sectors");
	if (table->create)
		option(o, "create");
	if (table->adopt)
		option(o, "adopt:%" PRIu64, table->adopt_place);
	if (table->upgrade)
		option(o, "upgrade");
	if (table->discards)
		option(o, "allow_discards");
	if (table->rate)
		option(o, "rate:%u", table->rate);
	for (key = table->keys; key < table->keys + table->n_keys; key++)
		option(o, "key:%u:%s", key->slot, key->source);
}

static char *format_line(const struct table *table, const char *options,
			 unsigned int n)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	uint32_t i;

	if (!f)
		return NULL;
	fprintf(f, "%s %s %u", table->meta, table->cipher, table->n_devices);
	for (i = 0; i < table->n_devices; i++)
		fprintf(f, " %s %" PRIu64, table->devices[i].name,
			table->devices[i].offset);
	fprintf(f, " %u%s", n, options);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

char *table_format(const struct table *table)
{
	char *text = NULL, *line = NULL;
	struct options o = { 0 };
	size_t len;

	o.file = open_memstream(&text, &len);
	if (!o.file)
		return NULL;
	format_options(table, &o);
	if (!fclose(o.file))
		line = format_line(table, text, o.n);
	free(text);
	return line;
}
