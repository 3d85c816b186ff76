/* SPDX-License-Identifier: GPL-2.0 */
/* Which commands of a disk go wrong, and how. */
#ifndef FAULT_H
#define FAULT_H

#include <stdbool.h>
#include <stdint.h>

enum fault {
	FAULT_NONE,
	FAULT_STALL_COMMAND,
	FAULT_STALL_DATA_IN,
	FAULT_STALL_DATA_OUT,
	FAULT_STALL_STATUS,
	FAULT_SHORT_DATA,
	FAULT_MEDIUM_ERROR,
	FAULT_PHASE_ERROR,
	FAULT_BAD_CSW,
	FAULT_HANG_AT_DATA,
	FAULT_HANG_AT_STATUS,
	FAULT_DROP_AT_COMMAND,
	FAULT_DROP_AT_DATA,
	FAULT_DROP_AT_STATUS,
};

/* "NAME@K", or "NAME@K/read", "/write", "/other". False: there is none such. */
bool fault_add(const char *text);

/* The fault that this command is to have. */
enum fault fault_next(const uint8_t *cdb);
const char *fault_name(enum fault fault);
void fault_print(void);

#endif
