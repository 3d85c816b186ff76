// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device.h"
#include "disk.h"
#include "fault.h"
#include "log.h"
#include "scsi.h"
#include "sys.h"
#include "urb.h"

#define EP_IN		1
#define EP_OUT		2

#define CBW_SIZE	31
#define CBW_SIGNATURE	0x43425355	/* little endian: "USBC" */
#define CSW_SIZE	13
#define CSW_SIGNATURE	0x53425355	/* "USBS" */
#define CSW_FAILED	1
#define CSW_PHASE_ERROR	2

#define KEY_MEDIUM_ERROR 3
#define ASC_READ_ERROR	0x11
#define ASC_WRITE_ERROR	0x0c

#define BOT_RESET	0x21ff
#define BOT_MAX_LUN	0xa1fe

static struct disk_setup setup;

struct disk {
	struct scsi_unit unit;
	enum {
		PHASE_COMMAND,
		PHASE_DATA_IN,
		PHASE_DATA_OUT,
		PHASE_STATUS,
		PHASE_BROKEN,		/* till a reset: the wrapper was no good */
	} phase;
	struct scsi_command cmd;
	uint32_t tag;
	uint8_t status;			/* of the status wrapper */
	uint32_t off;			/* bytes moved so far */
	uint32_t end;			/* bytes that will be moved */
	bool stall;			/* then, instead of a short packet */
	enum fault fault;
};

void disk_setup(const struct disk_setup *new_setup)
{
	setup = *new_setup;
}

static const struct endpoint disk_endpoints[] = { { 0x81, 2 }, { 0x02, 2 } };

static uint32_t get_le32(const uint8_t *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

static void put_le32(uint8_t *p, uint32_t v)
{
	int i;

	for (i = 0; i < 4; i++)
		p[i] = v >> (8 * i);
}

static void disk_map(struct disk *disk)
{
	int fd = -1, flags = MAP_ANONYMOUS | MAP_PRIVATE;
	struct stat st;

	if (setup.file) {
		fd = open(setup.file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0 || fstat(fd, &st) ||
		    ((uint64_t)st.st_size < setup.size && ftruncate(fd, setup.size)))
			sys_fail("%s", setup.file);
		flags = MAP_SHARED;
	}
	disk->unit.bytes = mmap(NULL, setup.size, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (disk->unit.bytes == MAP_FAILED)
		sys_fail("mmap");
	if (fd >= 0)
		close(fd);
}

static void disk_init(struct device *dev)
{
	struct disk *disk = sys_alloc(sizeof(*disk));

	disk->unit.blocks = setup.size / SCSI_BLOCK;
	disk_map(disk);
	dev->priv = disk;
}

static void disk_log(const struct disk *disk, const char *result)
{
	const struct scsi_command *cmd = &disk->cmd;

	log_line("tag %u op %02x lba %llu blocks %u: %s, %u of %u bytes",
		 disk->tag, cmd->cdb[0], (unsigned long long)cmd->lba,
		 cmd->blocks, result, disk->off, cmd->length);
}

static const char *disk_result(const struct disk *disk)
{
	if (disk->fault)
		return fault_name(disk->fault);
	return disk->status ? "refused" : "good";
}

static void disk_reset(struct device *dev)
{
	struct disk *disk = dev->priv;

	if (disk->phase != PHASE_COMMAND && disk->phase != PHASE_BROKEN)
		disk_log(disk, disk->fault ? fault_name(disk->fault) :
					     "aborted");
	disk->phase = PHASE_COMMAND;
	disk->fault = FAULT_NONE;
	disk->unit.sense = (struct scsi_sense) { 0 };
	dev->busy_until = 0;
}

/* --- command ------------------------------------------------------------- */

static bool cbw_good(const struct urb *urb)
{
	const uint8_t *p = urb->data;

	return urb->length == CBW_SIZE && get_le32(p) == CBW_SIGNATURE &&
	       !p[13] && p[14] && p[14] <= SCSI_CDB_MAX;
}

/* How much of the data is moved, and how that ends. Section 6.7: 13 cases. */
static void disk_plan(struct disk *disk)
{
	struct scsi_command *cmd = &disk->cmd;

	disk->off = 0;
	disk->stall = false;
	if (cmd->have > cmd->length ||
	    (cmd->have && cmd->in != (scsi_direction(cmd->cdb) != SCSI_WRITE))) {
		cmd->have = 0;
		disk->status = CSW_PHASE_ERROR;
	}
	disk->end = cmd->have;
	switch (disk->fault) {
	case FAULT_MEDIUM_ERROR:
		scsi_fail(&disk->unit, cmd, KEY_MEDIUM_ERROR,
			  cmd->in ? ASC_READ_ERROR : ASC_WRITE_ERROR);
		disk->status = CSW_FAILED;
		disk->end = 0;
		break;
	case FAULT_STALL_DATA_IN:
	case FAULT_STALL_DATA_OUT:
	case FAULT_DROP_AT_DATA:
		disk->stall = true;
		/* fallthrough */
	case FAULT_SHORT_DATA:
		disk->end = cmd->have / 2 / SCSI_BLOCK * SCSI_BLOCK;
		break;
	case FAULT_PHASE_ERROR:
		disk->status = CSW_PHASE_ERROR;
		break;
	default:
		break;
	}
	/* What cannot be moved is refused with a stall, as most devices do. */
	if (!disk->end && cmd->length &&
	    (cmd->in || disk->fault != FAULT_MEDIUM_ERROR))
		disk->stall = true;
	disk->phase = !cmd->length ? PHASE_STATUS :
		      cmd->in ? PHASE_DATA_IN : PHASE_DATA_OUT;
}

static void disk_command(struct device *dev, struct urb *urb)
{
	struct disk *disk = dev->priv;
	struct scsi_command *cmd = &disk->cmd;
	const uint8_t *p = urb->data;

	if (!cbw_good(urb)) {
		log_line("not a command, %u bytes", urb->length);
		disk->phase = PHASE_BROKEN;
		device_answer(dev, urb, -EPIPE, 0);
		device_halt(dev, false, EP_OUT);
		device_halt(dev, true, EP_IN);
		return;
	}
	memset(cmd, 0, sizeof(*cmd));
	disk->tag = get_le32(p + 4);
	cmd->length = get_le32(p + 8);
	cmd->in = p[12] & 0x80;
	memcpy(cmd->cdb, p + 15, p[14]);
	disk->fault = fault_next(cmd->cdb);
	scsi_command(&disk->unit, cmd);
	disk->status = cmd->failed ? CSW_FAILED : 0;
	disk_plan(disk);
	switch (disk->fault) {
	case FAULT_STALL_COMMAND:
		device_answer(dev, urb, -EPIPE, 0);
		disk_log(disk, fault_name(disk->fault));
		disk->phase = PHASE_COMMAND;
		device_halt(dev, false, EP_OUT);
		break;
	case FAULT_DROP_AT_COMMAND:
		urb_free(urb);
		device_drop(dev);
		break;
	default:
		device_answer(dev, urb, 0, urb->length);
		if (setup.busy_ms)
			dev->busy_until = sys_now_ms() + setup.busy_ms;
	}
}

/* --- data ---------------------------------------------------------------- */

/* The data's end: answer the request at hand, and stall if it is to be so. */
static void disk_data_end(struct device *dev, struct urb *urb, uint32_t n)
{
	struct disk *disk = dev->priv;
	bool in = disk->phase == PHASE_DATA_IN;

	disk->phase = PHASE_STATUS;
	if (disk->fault == FAULT_DROP_AT_DATA) {
		urb_free(urb);
		device_drop(dev);
	} else if (disk->stall) {
		device_answer(dev, urb, -EPIPE, n);
		device_halt(dev, in, in ? EP_IN : EP_OUT);
	} else {
		device_answer(dev, urb, 0, n);
	}
}

static void disk_data_in(struct device *dev, struct urb *urb)
{
	struct disk *disk = dev->priv;
	uint32_t n = disk->end - disk->off;

	if (n > urb->length)
		n = urb->length;
	if (n)
		memcpy(urb->data, disk->cmd.data + disk->off, n);
	disk->off += n;
	if (n < urb->length || disk->off == disk->cmd.length)
		disk_data_end(dev, urb, n);
	else
		device_answer(dev, urb, 0, n);
}

/* A device cannot end data early but by a stall: the rest goes nowhere. */
static void disk_data_out(struct device *dev, struct urb *urb)
{
	struct disk *disk = dev->priv;
	uint32_t take = urb->length, n = 0;

	if (disk->off < disk->end)
		n = disk->end - disk->off;
	if (n > take)
		n = take;
	if (n)
		memcpy(disk->cmd.data + disk->off, urb->data, n);
	if (disk->stall && n < take) {
		disk->off += n;
		disk_data_end(dev, urb, n);
		return;
	}
	disk->off += take;
	if (disk->off >= disk->cmd.length) {
		disk->off = disk->end;
		disk_data_end(dev, urb, take);
	} else {
		device_answer(dev, urb, 0, take);
	}
}

/* --- status -------------------------------------------------------------- */

static void disk_status(struct device *dev, struct urb *urb)
{
	struct disk *disk = dev->priv;
	struct scsi_command *cmd = &disk->cmd;
	uint8_t csw[CSW_SIZE];
	uint32_t n = sizeof(csw);

	if (disk->fault == FAULT_STALL_STATUS) {
		/* once: the host clears the halt and asks again */
		disk_log(disk, fault_name(disk->fault));
		disk->fault = FAULT_NONE;
		device_answer(dev, urb, -EPIPE, 0);
		device_halt(dev, true, EP_IN);
		return;
	}
	if (disk->fault == FAULT_DROP_AT_STATUS) {
		urb_free(urb);
		device_drop(dev);
		return;
	}
	put_le32(csw, CSW_SIGNATURE);
	put_le32(csw + 4, disk->tag + (disk->fault == FAULT_BAD_CSW));
	put_le32(csw + 8, cmd->length - disk->off);
	csw[12] = disk->status;
	if (n > urb->length)
		n = urb->length;
	memcpy(urb->data, csw, n);
	disk_log(disk, disk_result(disk));
	disk->phase = PHASE_COMMAND;
	disk->fault = FAULT_NONE;
	device_answer(dev, urb, 0, n);
}

/* Is it where it goes no further, till a reset? */
static bool disk_hangs(const struct disk *disk)
{
	switch (disk->fault) {
	case FAULT_HANG_AT_DATA:
		return disk->phase == PHASE_DATA_IN ||
		       disk->phase == PHASE_DATA_OUT;
	case FAULT_HANG_AT_STATUS:
		return disk->phase == PHASE_STATUS;
	default:
		return false;
	}
}

/* The request whose turn it is, or NULL. */
static struct urb *disk_next(struct device *dev)
{
	const struct disk *disk = dev->priv;

	if (disk_hangs(disk))
		return NULL;
	switch (disk->phase) {
	case PHASE_COMMAND:
	case PHASE_DATA_OUT:
		return device_take(dev, false, EP_OUT);
	case PHASE_DATA_IN:
	case PHASE_STATUS:
		return device_take(dev, true, EP_IN);
	case PHASE_BROKEN:
		break;
	}
	return NULL;
}

/* What a device does that is not made for requests ahead of their time. */
static void disk_early(struct device *dev)
{
	const struct disk *disk = dev->priv;
	bool reads = disk->phase == PHASE_DATA_IN || disk->phase == PHASE_STATUS;
	struct urb *urb = device_peek(dev, true, EP_IN);

	if (reads && urb)
		urb = urb->next;
	if (!urb || (reads && setup.early_writes_only))
		return;
	log_line("early");
	if (setup.early == DISK_EARLY_STALLS)
		device_halt(dev, true, EP_IN);
	else
		device_lose(dev, urb);
}

static void disk_work(struct device *dev)
{
	struct disk *disk = dev->priv;
	struct urb *urb;

	while (dev->client && !dev->dropped && !dev->busy_until &&
	       (urb = disk_next(dev))) {
		switch (disk->phase) {
		case PHASE_COMMAND:
			disk_command(dev, urb);
			break;
		case PHASE_DATA_IN:
			disk_data_in(dev, urb);
			break;
		case PHASE_DATA_OUT:
			disk_data_out(dev, urb);
			break;
		default:
			disk_status(dev, urb);
			break;
		}
	}
	if (setup.early != DISK_EARLY_WAITS)
		disk_early(dev);
}

static bool disk_control(struct device *dev, struct urb *urb)
{
	switch (urb->setup[0] << 8 | urb->setup[1]) {
	case BOT_RESET:
		log_line("reset bulk-only");
		disk_reset(dev);
		device_answer(dev, urb, 0, 0);
		/* What waits may be its turn now. */
		disk_work(dev);
		return true;
	case BOT_MAX_LUN:
		if (!urb->length)
			return false;
		urb->data[0] = 0;
		device_answer(dev, urb, 0, 1);
		return true;
	default:
		return false;
	}
}

const struct kind disk_kind = {
	.name = "disk",
	.vendor = DEVICE_TEST_VENDOR,
	.product = DEVICE_TEST_PRODUCT,
	.class = 0x08,
	.subclass = 0x06,
	.protocol = 0x50,
	.endpoints = disk_endpoints,
	.n_endpoints = sizeof(disk_endpoints) / sizeof(*disk_endpoints),
	.init = disk_init,
	.work = disk_work,
	.reset = disk_reset,
	.control = disk_control,
};
