// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "number.h"
#include "status.h"
#include "words.h"

/* "<part>/<whole>" */
static bool next_part(struct words *words, uint64_t *part, uint64_t *whole)
{
	char *slash;

	if (!words_next(words))
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

	if (!words_next(words))
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

	if (!words_u32(words, STATUS_SLOTS, &status->n_slots))
		return false;
	for (i = 0; i < status->n_slots; i++)
		if (!next_slot(words, &status->slots[i]))
			return false;
	return true;
}

static bool parse_job(struct words *words, struct status *status)
{
	static const char * const kinds[] = { "none", "rekey", "drain", NULL };
	static const char * const states[] = {
		"idle", "waiting", "running", "paused", "no-key", "no-space",
		"error", "incomplete",
		NULL
	};
	int kind = words_of(words, kinds), state;

	if (kind < 0)
		return false;
	status->job = (enum status_job)kind;
	if (status->job != STATUS_NONE &&
	    (!words_u32(words, STATUS_SLOTS - 1, &status->from) ||
	     !words_u32(words, STATUS_SLOTS - 1, &status->to) ||
	     !words_u64(words, &status->first) ||
	     !words_u64(words, &status->count)))
		return false;
	state = words_of(words, states);
	if (state < 0)
		return false;
	strcpy(status->state, states[state]);
	return words_u64(words, &status->moved) &&
	       words_u64(words, &status->todo) &&
	       words_u32(words, UINT32_MAX, &status->under_way) &&
	       words_u64(words, &status->errors) &&
	       words_u32(words, UINT32_MAX, &status->rate);
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
	mode = words_of(&words, modes);
	status->readonly = mode == 1;
	if (mode < 0 || !words_u32(&words, 32768, &status->region) ||
	    !next_part(&words, &status->written, &status->regions) ||
	    !next_part(&words, &status->free, &status->places) ||
	    !parse_slots(&words, status) || !parse_job(&words, status) ||
	    !words_text(&words, status->driver, sizeof(status->driver)) ||
	    !words_u64(&words, &status->stale) || words_next(&words))
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
