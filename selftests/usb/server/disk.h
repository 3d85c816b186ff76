/* SPDX-License-Identifier: GPL-2.0 */
/* A disk: bulk-only mass storage (disk.c), its commands (scsi.c), faults. */
#ifndef DISK_H
#define DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BLOCK		512
#define CDB_MAX		16

/* A command, from its wrapper to its status. */
struct command {
	uint32_t tag;
	uint32_t length;		/* bytes that the host wants to move */
	bool in;
	uint8_t cdb[CDB_MAX];
	uint8_t *data;			/* what the device moves */
	uint32_t have;			/* bytes of it */
	uint64_t lba;
	uint32_t blocks;
	uint8_t status;			/* of the status wrapper */
};

struct sense {
	uint8_t key, asc, ascq;
};

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
	FAULT_DROP_AT_COMMAND,
	FAULT_DROP_AT_DATA,
	FAULT_DROP_AT_STATUS,
};

struct disk {
	uint8_t *bytes;
	uint64_t blocks;
	struct sense sense;
	uint8_t scratch[256];		/* what commands other than reads return */

	enum {
		PHASE_COMMAND,
		PHASE_DATA_IN,
		PHASE_DATA_OUT,
		PHASE_STATUS,
		PHASE_BROKEN,		/* till a reset: the wrapper was no good */
	} phase;
	struct command cmd;
	uint32_t off;			/* bytes moved so far */
	uint32_t end;			/* bytes that will be moved */
	bool stall;			/* then, instead of a short packet */
	enum fault fault;
};

/*
 * Carries @disk->cmd.cdb out as far as that goes before data is moved: sets
 * the rest of @disk->cmd, and @disk->sense where the status is not 0.
 */
void scsi_command(struct disk *disk);
void scsi_fail(struct disk *disk, uint8_t key, uint8_t asc, uint8_t ascq);

/* Is the command a read, a write, or neither (0)? */
int scsi_direction(const uint8_t *cdb);
#define SCSI_READ	1
#define SCSI_WRITE	2

/* "NAME@K", or "NAME@K/read" or "/write". False: there is none such. */
bool fault_add(const char *text);

/* The fault that this command is to have. */
enum fault fault_next(const uint8_t *cdb);
const char *fault_name(enum fault fault);
void faults_print(void);

#endif
