/* SPDX-License-Identifier: GPL-2.0 */
/* Commands of a SCSI disk. Source: SPC-4 and SBC-3. */
#ifndef SCSI_H
#define SCSI_H

#include <stdbool.h>
#include <stdint.h>

#define SCSI_BLOCK	512
#define SCSI_CDB_MAX	16

struct scsi_command {
	uint32_t length;		/* bytes that the host wants to move */
	bool in;
	uint8_t cdb[SCSI_CDB_MAX];
	uint8_t *data;			/* what the device moves */
	uint32_t have;			/* bytes of it */
	uint64_t lba;
	uint32_t blocks;
	bool failed;			/* the unit's sense tells how */
};

struct scsi_sense {
	uint8_t key, asc, ascq;
};

struct scsi_unit {
	uint8_t *bytes;
	uint64_t blocks;
	struct scsi_sense sense;
	uint8_t scratch[256];		/* what commands other than reads return */
};

/*
 * Carries @cmd->cdb out as far as that goes before data is moved: sets the
 * rest of @cmd, and the sense where it has failed.
 */
void scsi_command(struct scsi_unit *unit, struct scsi_command *cmd);
void scsi_fail(struct scsi_unit *unit, struct scsi_command *cmd,
	       uint8_t key, uint8_t asc);

/* What the command is: one of these. */
int scsi_direction(const uint8_t *cdb);
#define SCSI_READ	1
#define SCSI_WRITE	2
#define SCSI_OTHER	4

#endif
