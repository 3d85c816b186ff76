// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "number.h"
#include "status.h"

/* The words of a line, one after the other. */
struct words {
	const char *at;
	char word[512];
};

static bool next(struct words *words)
{
	size_t len;

	words->at += strspn(words->at, " ");
	len = strcspn(words->at, " ");
	if (!len || len >= sizeof(words->word))
		return false;
	memcpy(words->word, words->at, len);
	words->word[len] = '\0';
	words->at += len;
	return true;
}

static bool next_u64(struct words *words, uint64_t *n)
{
	return next(words) && number_parse(words->word, UINT64_MAX, n);
}

static bool next_u32(struct words *words, uint32_t max, uint32_t *n)
{
	uint64_t v;

	if (!next(words) || !number_parse(words->word, max, &v))
		return false;
	*n = (uint32_t)v;
	return true;
}

static bool next_text(struct words *words, char *text, size_t size)
{
	if (!next(words) || strlen(words->word) >= size)
		return false;
	strcpy(text, words->word);
	return true;
}

/* One of @names, a list that ends with NULL: its number, or -1. */
static int next_of(struct words *words, const char * const *names)
{
	int i;

	if (next(words))
		for (i = 0; names[i]; i++)
			if (!strcmp(words->word, names[i]))
				return i;
	return -1;
}

/* "<part>/<whole>" */
static bool next_part(struct words *words, uint64_t *part, uint64_t *whole)
{
	char *slash;

	if (!next(words))
		return false;
	slash = strchr(words->word, '/');
	if (!slash)
		return false;
	*slash = '\0';
	return number_parse(words->word, UINT64_MAX, part) &&
	       number_parse(slash + 1, UINT64_MAX, whole) && *part <= *whole;
}

/* "<slot>:<state>:<regions>" */
static bool next_slot(struct words *words, struct status_slot *slot)
{
	char *state, *regions;
	uint64_t n;

	if (!next(words))
		return false;
	state = strchr(words->word, ':');
	regions = state ? strchr(state + 1, ':') : NULL;
	if (!regions)
		return false;
	*state++ = '\0';
	*regions++ = '\0';
	if (strcmp(state, "loaded") && strcmp(state, "locked") &&
	    strcmp(state, "erasing"))
		return false;
	strcpy(slot->state, state);
	if (!number_parse(words->word, STATUS_SLOTS - 1, &n))
		return false;
	slot->slot = (uint32_t)n;
	return number_parse(regions, UINT64_MAX, &slot->regions);
}

static bool parse_slots(struct words *words, struct status *status)
{
	uint32_t i;

	if (!next_u32(words, STATUS_SLOTS, &status->n_slots))
		return false;
	for (i = 0; i < status->n_slots; i++)
		if (!next_slot(words, &status->slots[i]))
			return false;
	return true;
}

static bool parse_job(struct words *words, struct status *status)
{
	static const char * const kinds[] = { "none", "rekey", "move", NULL };
	static const char * const states[] = {
		"idle", "running", "paused", "no-key", "no-space", "error",
		NULL
	};
	int kind = next_of(words, kinds), state;

	if (kind < 0)
		return false;
	status->job = (enum status_job)kind;
	if (status->job != STATUS_NONE &&
	    (!next_u32(words, STATUS_SLOTS - 1, &status->from) ||
	     !next_u32(words, STATUS_SLOTS - 1, &status->to) ||
	     !next_u64(words, &status->first) ||
	     !next_u64(words, &status->count)))
		return false;
	state = next_of(words, states);
	if (state < 0)
		return false;
	strcpy(status->state, states[state]);
	return next_u64(words, &status->moved) &&
	       next_u64(words, &status->todo) &&
	       next_u32(words, UINT32_MAX, &status->under_way) &&
	       next_u64(words, &status->errors) &&
	       next_u32(words, UINT32_MAX, &status->rate);
}

int status_parse(const char *line, struct status *status, struct error *err)
{
	static const char * const modes[] = { "rw", "ro", NULL };
	struct words words = { .at = line };
	int mode;

	memset(status, 0, sizeof(*status));
	if (!strcmp(line, "suspended")) {
		status->suspended = true;
		return 0;
	}
	mode = next_of(&words, modes);
	status->readonly = mode == 1;
	if (mode < 0 || !next_u32(&words, 32768, &status->region) ||
	    !next_part(&words, &status->written, &status->regions) ||
	    !next_part(&words, &status->free, &status->places) ||
	    !parse_slots(&words, status) || !parse_job(&words, status) ||
	    !next_text(&words, status->driver, sizeof(status->driver)) ||
	    next(&words))
		return error_set(err, EINVAL,
				 "the kernel's status line is not understood: its module is of another version");
	return 0;
}

const struct status_slot *status_slot(const struct status *status,
				      uint32_t slot)
{
	uint32_t i;

	for (i = 0; i < status->n_slots; i++)
		if (status->slots[i].slot == slot)
			return &status->slots[i];
	return NULL;
}

int table_parse(const char *line, struct table *table, struct error *err)
{
	const char *option = "meta_offset:";
	struct words words = { .at = line };
	uint32_t i;

	memset(table, 0, sizeof(*table));
	if (!next_text(&words, table->meta, sizeof(table->meta)) ||
	    !next_text(&words, table->cipher, sizeof(table->cipher)) ||
	    !next_u32(&words, STATUS_DEVICES, &table->n_devices))
		goto bad;
	for (i = 0; i < table->n_devices; i++)
		if (!next_text(&words, table->devices[i].name,
			       sizeof(table->devices[i].name)) ||
		    !next_u64(&words, &table->devices[i].offset))
			goto bad;
	while (next(&words))
		if (!strncmp(words.word, option, strlen(option)) &&
		    !number_parse(words.word + strlen(option), UINT64_MAX,
				  &table->meta_offset))
			goto bad;
	return 0;
bad:
	return error_set(err, EINVAL,
			 "the kernel's table line is not understood: its module is of another version");
}
