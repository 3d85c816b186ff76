// SPDX-License-Identifier: GPL-2.0
/* SCSI commands of a disk. Source: SPC-4 and SBC-3. */
#include <string.h>

#include "disk.h"
#include "liar.h"
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
		return 0;
	}
}

void scsi_fail(struct disk *disk, uint8_t key, uint8_t asc, uint8_t ascq)
{
	disk->sense = (struct sense) { key, asc, ascq };
	disk->cmd.status = 1;
	disk->cmd.have = 0;
}

static void put64(uint8_t *p, uint64_t v)
{
	put32(p, v >> 32);
	put32(p + 4, v);
}

static void scsi_range(struct command *cmd)
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
		cmd->lba = get32(cdb + 2);
		cmd->blocks = get32(cdb + 6);
		break;
	case READ_16:
	case WRITE_16:
		cmd->lba = (uint64_t)get32(cdb + 2) << 32 | get32(cdb + 6);
		cmd->blocks = get32(cdb + 10);
		break;
	default:
		cmd->lba = get32(cdb + 2);
		cmd->blocks = get16(cdb + 7);
		break;
	}
}

static void scsi_read_write(struct disk *disk)
{
	struct command *cmd = &disk->cmd;

	scsi_range(cmd);
	if (cmd->lba > disk->blocks || cmd->blocks > disk->blocks - cmd->lba) {
		scsi_fail(disk, KEY_ILLEGAL_REQUEST, ASC_OUT_OF_RANGE, 0);
		return;
	}
	cmd->data = disk->bytes + cmd->lba * BLOCK;
	cmd->have = cmd->blocks * BLOCK;
}

/* @len bytes of the scratch buffer, of which the host allows @max. */
static void scsi_return(struct disk *disk, uint32_t len, uint32_t max)
{
	disk->cmd.data = disk->scratch;
	disk->cmd.have = len < max ? len : max;
}

static void scsi_inquiry(struct disk *disk)
{
	static const char ids[] = "Hearth  Liar            1.0 ";
	uint8_t *p = disk->scratch;

	if (disk->cmd.cdb[1] & 1) {	/* vital product data */
		scsi_fail(disk, KEY_ILLEGAL_REQUEST, ASC_INVALID_FIELD, 0);
		return;
	}
	p[2] = 4;			/* SPC-2 */
	p[3] = 2;
	p[4] = 31;
	memcpy(p + 8, ids, 28);
	scsi_return(disk, 36, get16(disk->cmd.cdb + 3));
}

static void scsi_request_sense(struct disk *disk)
{
	uint8_t *p = disk->scratch;

	p[0] = 0x70;
	p[2] = disk->sense.key;
	p[7] = 10;
	p[12] = disk->sense.asc;
	p[13] = disk->sense.ascq;
	disk->sense = (struct sense) { 0 };
	scsi_return(disk, 18, disk->cmd.cdb[4]);
}

/* A write cache, so that it is flushed. */
static void scsi_mode_sense(struct disk *disk, uint32_t head, uint32_t max)
{
	uint8_t page = disk->cmd.cdb[2] & 0x3f;
	uint8_t *p = disk->scratch + head;
	uint32_t len = head;

	if (page == PAGE_CACHING || page == PAGE_ALL) {
		p[0] = PAGE_CACHING;
		p[1] = 18;
		p[2] = 4;		/* WCE */
		len += 20;
	}
	if (head == 4)
		disk->scratch[0] = len - 1;
	else
		put16(disk->scratch, len - 2);
	scsi_return(disk, len, max);
}

static void scsi_capacity(struct disk *disk)
{
	uint8_t *p = disk->scratch;

	switch (disk->cmd.cdb[0]) {
	case READ_CAPACITY_10:
		put32(p, disk->blocks - 1);
		put32(p + 4, BLOCK);
		scsi_return(disk, 8, 8);
		break;
	case READ_FORMAT_CAPACITIES:
		p[3] = 8;
		put32(p + 4, disk->blocks);
		put32(p + 8, 2 << 24 | BLOCK);
		scsi_return(disk, 12, get16(disk->cmd.cdb + 7));
		break;
	default:
		put64(p, disk->blocks - 1);
		put32(p + 8, BLOCK);
		scsi_return(disk, 32, get32(disk->cmd.cdb + 10));
		break;
	}
}

static bool scsi_other(struct disk *disk)
{
	const uint8_t *cdb = disk->cmd.cdb;

	switch (cdb[0]) {
	case TEST_UNIT_READY:
	case START_STOP:
	case PREVENT_ALLOW:
	case SYNCHRONIZE_CACHE_10:
	case VERIFY_10:
		return true;
	case REQUEST_SENSE:
		scsi_request_sense(disk);
		return true;
	case INQUIRY:
		scsi_inquiry(disk);
		return true;
	case MODE_SENSE_6:
		scsi_mode_sense(disk, 4, cdb[4]);
		return true;
	case MODE_SENSE_10:
		scsi_mode_sense(disk, 8, get16(cdb + 7));
		return true;
	case SERVICE_ACTION_IN_16:
		if ((cdb[1] & 31) != SAI_READ_CAPACITY_16)
			return false;
		scsi_capacity(disk);
		return true;
	case READ_CAPACITY_10:
	case READ_FORMAT_CAPACITIES:
		scsi_capacity(disk);
		return true;
	default:
		return false;
	}
}

void scsi_command(struct disk *disk)
{
	struct command *cmd = &disk->cmd;

	memset(disk->scratch, 0, sizeof(disk->scratch));
	if (cmd->cdb[0] != REQUEST_SENSE)
		disk->sense = (struct sense) { 0 };
	if (scsi_direction(cmd->cdb))
		scsi_read_write(disk);
	else if (!scsi_other(disk))
		scsi_fail(disk, KEY_ILLEGAL_REQUEST, ASC_INVALID_OPCODE, 0);
}
