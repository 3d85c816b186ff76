// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "gate.h"
#include "scsi.h"
#include "sys.h"

static const struct {
	const char *name;
	int directions;
} faults[] = {
	[FAULT_NONE] = { "none", 0 },
	[FAULT_STALL_COMMAND] = { "stall-command", SCSI_READ | SCSI_WRITE },
	[FAULT_STALL_DATA_IN] = { "stall-data-in", SCSI_READ },
	[FAULT_STALL_DATA_OUT] = { "stall-data-out", SCSI_WRITE },
	[FAULT_STALL_STATUS] = { "stall-status", SCSI_READ | SCSI_WRITE },
	[FAULT_SHORT_DATA] = { "short-data", SCSI_READ | SCSI_WRITE },
	[FAULT_MEDIUM_ERROR] = { "medium-error", SCSI_READ | SCSI_WRITE },
	[FAULT_PHASE_ERROR] = { "phase-error", SCSI_READ | SCSI_WRITE },
	[FAULT_BAD_CSW] = { "bad-csw", SCSI_READ | SCSI_WRITE },
	[FAULT_HANG_AT_DATA] = { "hang-at-data", SCSI_READ | SCSI_WRITE },
	[FAULT_HANG_AT_STATUS] = { "hang-at-status",
				   SCSI_READ | SCSI_WRITE | SCSI_OTHER },
	[FAULT_DROP_AT_COMMAND] = { "drop-at-command", SCSI_READ | SCSI_WRITE },
	[FAULT_DROP_AT_DATA] = { "drop-at-data", SCSI_READ | SCSI_WRITE },
	[FAULT_DROP_AT_STATUS] = { "drop-at-status", SCSI_READ | SCSI_WRITE },
};

#define N_FAULTS	(sizeof(faults) / sizeof(*faults))

/*
 * One that was asked for: the @count-th command of these directions from now on,
 * and every @period-th after that.
 */
static struct wish {
	struct wish *next;
	enum fault fault;
	int directions;
	unsigned long count, period;
} *wishes;

bool fault_add(const char *text)
{
	size_t len = strcspn(text, "@");
	struct wish *wish;
	char *end;
	size_t i;

	for (i = 1; i < N_FAULTS; i++)
		if (!strncmp(text, faults[i].name, len) && !faults[i].name[len])
			break;
	if (i == N_FAULTS || text[len] != '@')
		return false;
	wish = sys_alloc(sizeof(*wish));
	wish->fault = i;
	wish->directions = faults[i].directions;
	wish->count = strtoul(text + len + 1, &end, 10);
	if (*end == '+') {
		wish->period = wish->count;
		end++;
	}
	if (!strcmp(end, "/read"))
		wish->directions = SCSI_READ;
	else if (!strcmp(end, "/write"))
		wish->directions = SCSI_WRITE;
	else if (!strcmp(end, "/other"))
		wish->directions = SCSI_OTHER;
	else if (*end)
		return false;
	wish->next = wishes;
	wishes = wish;
	return wish->count > 0;
}

enum fault fault_next(const uint8_t *cdb)
{
	int direction = scsi_direction(cdb);
	enum fault fault = FAULT_NONE;
	struct wish *wish;

	if (!gate_is_open())
		return FAULT_NONE;
	for (wish = wishes; wish; wish = wish->next)
		if (wish->directions & direction && wish->count &&
		    !--wish->count) {
			fault = wish->fault;
			wish->count = wish->period;
		}
	return fault;
}

const char *fault_name(enum fault fault)
{
	return faults[fault].name;
}

void fault_print(void)
{
	size_t i;

	for (i = 1; i < N_FAULTS; i++)
		puts(faults[i].name);
}
