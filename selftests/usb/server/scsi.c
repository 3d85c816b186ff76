// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "scsi.h"
#include "wire.h"

enum {
	TEST_UNIT_READY = 0x00,
	REQUEST_SENSE = 0x03,
	READ_6 = 0x08,
	WRITE_6 = 0x0a,
	INQUIRY = 0x12,
	MODE_SENSE_6 = 0x1a,
	START_STOP = 0x1b,
	PREVENT_ALLOW = 0x1e,
	READ_FORMAT_CAPACITIES = 0x23,
	READ_CAPACITY_10 = 0x25,
	READ_10 = 0x28,
	WRITE_10 = 0x2a,
	VERIFY_10 = 0x2f,
	SYNCHRONIZE_CACHE_10 = 0x35,
	MODE_SENSE_10 = 0x5a,
	READ_16 = 0x88,
	WRITE_16 = 0x8a,
	SERVICE_ACTION_IN_16 = 0x9e,
	READ_12 = 0xa8,
	WRITE_12 = 0xaa,
};

#define KEY_ILLEGAL_REQUEST	5
#define ASC_INVALID_OPCODE	0x20
#define ASC_OUT_OF_RANGE	0x21
#define ASC_INVALID_FIELD	0x24
#define SAI_READ_CAPACITY_16	0x10
#define PAGE_CACHING		8
#define PAGE_ALL		0x3f

int scsi_direction(const uint8_t *cdb)
{
	switch (cdb[0]) {
	case READ_6:
	case READ_10:
	case READ_12:
	case READ_16:
		return SCSI_READ;
	case WRITE_6:
	case WRITE_10:
	case WRITE_12:
	case WRITE_16:
		return SCSI_WRITE;
	default:
		return SCSI_OTHER;
	}
}

void scsi_fail(struct scsi_unit *unit, struct scsi_command *cmd,
	       uint8_t key, uint8_t asc)
{
	unit->sense = (struct scsi_sense) { key, asc, 0 };
	cmd->failed = true;
	cmd->have = 0;
}

static void put64(uint8_t *p, uint64_t v)
{
	wire_put32(p, v >> 32);
	wire_put32(p + 4, v);
}

static void scsi_range(struct scsi_command *cmd)
{
	const uint8_t *cdb = cmd->cdb;

	switch (cdb[0]) {
	case READ_6:
	case WRITE_6:
		cmd->lba = (cdb[1] & 31) << 16 | cdb[2] << 8 | cdb[3];
		cmd->blocks = cdb[4] ? cdb[4] : 256;
		break;
	case READ_12:
	case WRITE_12:
		cmd->lba = wire_get32(cdb + 2);
		cmd->blocks = wire_get32(cdb + 6);
		break;
	case READ_16:
	case WRITE_16:
		cmd->lba = (uint64_t)wire_get32(cdb + 2) << 32 |
			   wire_get32(cdb + 6);
		cmd->blocks = wire_get32(cdb + 10);
		break;
	default:
		cmd->lba = wire_get32(cdb + 2);
		cmd->blocks = wire_get16(cdb + 7);
		break;
	}
}

static void scsi_read_write(struct scsi_unit *unit, struct scsi_command *cmd)
{
	scsi_range(cmd);
	if (cmd->lba > unit->blocks || cmd->blocks > unit->blocks - cmd->lba) {
		scsi_fail(unit, cmd, KEY_ILLEGAL_REQUEST, ASC_OUT_OF_RANGE);
		return;
	}
	cmd->data = unit->bytes + cmd->lba * SCSI_BLOCK;
	cmd->have = cmd->blocks * SCSI_BLOCK;
}

/* @len bytes of the scratch buffer, of which the host allows @max. */
static void scsi_return(struct scsi_unit *unit, struct scsi_command *cmd,
			uint32_t len, uint32_t max)
{
	cmd->data = unit->scratch;
	cmd->have = len < max ? len : max;
}

static void scsi_inquiry(struct scsi_unit *unit, struct scsi_command *cmd)
{
	static const char ids[] = "Hearth  Liar            1.0 ";
	uint8_t *p = unit->scratch;

	if (cmd->cdb[1] & 1) {	/* vital product data */
		scsi_fail(unit, cmd, KEY_ILLEGAL_REQUEST, ASC_INVALID_FIELD);
		return;
	}
	p[2] = 4;			/* SPC-2 */
	p[3] = 2;
	p[4] = 31;
	memcpy(p + 8, ids, 28);
	scsi_return(unit, cmd, 36, wire_get16(cmd->cdb + 3));
}

static void scsi_request_sense(struct scsi_unit *unit, struct scsi_command *cmd)
{
	uint8_t *p = unit->scratch;

	p[0] = 0x70;
	p[2] = unit->sense.key;
	p[7] = 10;
	p[12] = unit->sense.asc;
	p[13] = unit->sense.ascq;
	unit->sense = (struct scsi_sense) { 0 };
	scsi_return(unit, cmd, 18, cmd->cdb[4]);
}

/* A write cache, so that it is flushed. */
static void scsi_mode_sense(struct scsi_unit *unit, struct scsi_command *cmd,
			    uint32_t head, uint32_t max)
{
	uint8_t page = cmd->cdb[2] & 0x3f;
	uint8_t *p = unit->scratch + head;
	uint32_t len = head;

	if (page == PAGE_CACHING || page == PAGE_ALL) {
		p[0] = PAGE_CACHING;
		p[1] = 18;
		p[2] = 4;		/* WCE */
		len += 20;
	}
	if (head == 4)
		unit->scratch[0] = len - 1;
	else
		wire_put16(unit->scratch, len - 2);
	scsi_return(unit, cmd, len, max);
}

static void scsi_capacity(struct scsi_unit *unit, struct scsi_command *cmd)
{
	uint8_t *p = unit->scratch;

	switch (cmd->cdb[0]) {
	case READ_CAPACITY_10:
		wire_put32(p, unit->blocks - 1);
		wire_put32(p + 4, SCSI_BLOCK);
		scsi_return(unit, cmd, 8, 8);
		break;
	case READ_FORMAT_CAPACITIES:
		p[3] = 8;
		wire_put32(p + 4, unit->blocks);
		wire_put32(p + 8, 2 << 24 | SCSI_BLOCK);
		scsi_return(unit, cmd, 12, wire_get16(cmd->cdb + 7));
		break;
	default:
		put64(p, unit->blocks - 1);
		wire_put32(p + 8, SCSI_BLOCK);
		scsi_return(unit, cmd, 32, wire_get32(cmd->cdb + 10));
		break;
	}
}

static bool scsi_other(struct scsi_unit *unit, struct scsi_command *cmd)
{
	const uint8_t *cdb = cmd->cdb;

	switch (cdb[0]) {
	case TEST_UNIT_READY:
	case START_STOP:
	case PREVENT_ALLOW:
	case SYNCHRONIZE_CACHE_10:
	case VERIFY_10:
		return true;
	case REQUEST_SENSE:
		scsi_request_sense(unit, cmd);
		return true;
	case INQUIRY:
		scsi_inquiry(unit, cmd);
		return true;
	case MODE_SENSE_6:
		scsi_mode_sense(unit, cmd, 4, cdb[4]);
		return true;
	case MODE_SENSE_10:
		scsi_mode_sense(unit, cmd, 8, wire_get16(cdb + 7));
		return true;
	case SERVICE_ACTION_IN_16:
		if ((cdb[1] & 31) != SAI_READ_CAPACITY_16)
			return false;
		scsi_capacity(unit, cmd);
		return true;
	case READ_CAPACITY_10:
	case READ_FORMAT_CAPACITIES:
		scsi_capacity(unit, cmd);
		return true;
	default:
		return false;
	}
}

void scsi_command(struct scsi_unit *unit, struct scsi_command *cmd)
{
	memset(unit->scratch, 0, sizeof(unit->scratch));
	if (cmd->cdb[0] != REQUEST_SENSE)
		unit->sense = (struct scsi_sense) { 0 };
	if (scsi_direction(cmd->cdb) != SCSI_OTHER)
		scsi_read_write(unit, cmd);
	else if (!scsi_other(unit, cmd))
		scsi_fail(unit, cmd, KEY_ILLEGAL_REQUEST, ASC_INVALID_OPCODE);
}
