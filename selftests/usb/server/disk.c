// SPDX-License-Identifier: GPL-2.0
/*
 * Bulk-only mass storage. Source: USB Mass Storage Class, Bulk-Only Transport
 * 1.0. An endpoint that is asked for what is not its turn waits, as hardware
 * does that answers NAK: so requests may be queued ahead.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conn.h"
#include "device.h"
#include "disk.h"
#include "liar.h"

#define EP_IN		1
#define EP_OUT		2

#define CBW_SIZE	31
#define CBW_SIGNATURE	0x43425355	/* little endian: "USBC" */
#define CSW_SIZE	13
#define CSW_SIGNATURE	0x53425355	/* "USBS" */
#define CSW_PHASE_ERROR	2

#define BOT_RESET	0x21ff
#define BOT_MAX_LUN	0xa1fe

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

	if (opt.file) {
		fd = open(opt.file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0 || fstat(fd, &st) ||
		    ((uint64_t)st.st_size < opt.size && ftruncate(fd, opt.size)))
			fail("%s", opt.file);
		flags = MAP_SHARED;
	}
	disk->bytes = mmap(NULL, opt.size, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (disk->bytes == MAP_FAILED)
		fail("mmap");
	if (fd >= 0)
		close(fd);
}

static void disk_init(struct device *dev)
{
	struct disk *disk = xalloc(sizeof(*disk));

	disk->blocks = opt.size / BLOCK;
	disk_map(disk);
	dev->priv = disk;
}

static void disk_log(const struct disk *disk, const char *result)
{
	const struct command *cmd = &disk->cmd;

	note("tag %u op %02x lba %llu blocks %u: %s, %u of %u bytes", cmd->tag,
	     cmd->cdb[0], (unsigned long long)cmd->lba, cmd->blocks, result,
	     disk->off, cmd->length);
}

static const char *disk_result(const struct disk *disk)
{
	if (disk->fault)
		return fault_name(disk->fault);
	return disk->cmd.status ? "refused" : "good";
}

static void disk_reset(struct device *dev)
{
	struct disk *disk = dev->priv;

	if (disk->phase != PHASE_COMMAND && disk->phase != PHASE_BROKEN)
		disk_log(disk, disk->fault ? fault_name(disk->fault) :
					     "aborted");
	disk->phase = PHASE_COMMAND;
	disk->fault = FAULT_NONE;
	disk->sense = (struct sense) { 0 };
	dev->busy_until = 0;
}

/* The connection ends where the command is now. */
static void disk_drop(struct device *dev)
{
	conn_send(dev->conn, msg_action(SEND_RST));
	dev->conn->deaf = true;
}

/* --- command ------------------------------------------------------------- */

static bool cbw_good(const struct urb *urb)
{
	const uint8_t *p = urb->data;

	return urb->length == CBW_SIZE && get_le32(p) == CBW_SIGNATURE &&
	       !p[13] && p[14] && p[14] <= CDB_MAX;
}

/* How much of the data is moved, and how that ends. Section 6.7: 13 cases. */
static void disk_plan(struct disk *disk)
{
	struct command *cmd = &disk->cmd;

	disk->off = 0;
	disk->stall = false;
	if (cmd->have > cmd->length ||
	    (cmd->have && cmd->in != (scsi_direction(cmd->cdb) != SCSI_WRITE))) {
		cmd->have = 0;
		cmd->status = CSW_PHASE_ERROR;
	}
	disk->end = cmd->have;
	switch (disk->fault) {
	case FAULT_MEDIUM_ERROR:
		scsi_fail(disk, 3, cmd->in ? 0x11 : 0x0c, 0);
		disk->end = 0;
		break;
	case FAULT_STALL_DATA_IN:
	case FAULT_STALL_DATA_OUT:
	case FAULT_DROP_AT_DATA:
		disk->stall = true;
		/* fallthrough */
	case FAULT_SHORT_DATA:
		disk->end = cmd->have / 2 / BLOCK * BLOCK;
		break;
	case FAULT_PHASE_ERROR:
		cmd->status = CSW_PHASE_ERROR;
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
	struct command *cmd = &disk->cmd;
	const uint8_t *p = urb->data;

	if (!cbw_good(urb)) {
		note("not a command, %u bytes", urb->length);
		disk->phase = PHASE_BROKEN;
		conn_answer(urb, -EPIPE, 0);
		device_halt(dev, false, EP_OUT);
		device_halt(dev, true, EP_IN);
		return;
	}
	memset(cmd, 0, sizeof(*cmd));
	cmd->tag = get_le32(p + 4);
	cmd->length = get_le32(p + 8);
	cmd->in = p[12] & 0x80;
	memcpy(cmd->cdb, p + 15, p[14]);
	disk->fault = fault_next(cmd->cdb);
	scsi_command(disk);
	disk_plan(disk);
	switch (disk->fault) {
	case FAULT_STALL_COMMAND:
		conn_answer(urb, -EPIPE, 0);
		disk_log(disk, fault_name(disk->fault));
		disk->phase = PHASE_COMMAND;
		device_halt(dev, false, EP_OUT);
		break;
	case FAULT_DROP_AT_COMMAND:
		urb_free(urb);
		disk_drop(dev);
		break;
	default:
		conn_answer(urb, 0, urb->length);
		if (opt.busy_ms)
			dev->busy_until = now_ms() + opt.busy_ms;
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
		disk_drop(dev);
	} else if (disk->stall) {
		conn_answer(urb, -EPIPE, n);
		device_halt(dev, in, in ? EP_IN : EP_OUT);
	} else {
		conn_answer(urb, 0, n);
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
		conn_answer(urb, 0, n);
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
		conn_answer(urb, 0, take);
	}
}

/* --- status -------------------------------------------------------------- */

static void disk_status(struct device *dev, struct urb *urb)
{
	struct disk *disk = dev->priv;
	struct command *cmd = &disk->cmd;
	uint8_t csw[CSW_SIZE];
	uint32_t n = sizeof(csw);

	if (disk->fault == FAULT_STALL_STATUS) {
		/* once: the host clears the halt and asks again */
		disk_log(disk, fault_name(disk->fault));
		disk->fault = FAULT_NONE;
		conn_answer(urb, -EPIPE, 0);
		device_halt(dev, true, EP_IN);
		return;
	}
	if (disk->fault == FAULT_DROP_AT_STATUS) {
		urb_free(urb);
		disk_drop(dev);
		return;
	}
	put_le32(csw, CSW_SIGNATURE);
	put_le32(csw + 4, cmd->tag + (disk->fault == FAULT_BAD_CSW));
	put_le32(csw + 8, cmd->length - disk->off);
	csw[12] = cmd->status;
	if (n > urb->length)
		n = urb->length;
	memcpy(urb->data, csw, n);
	disk_log(disk, disk_result(disk));
	disk->phase = PHASE_COMMAND;
	disk->fault = FAULT_NONE;
	conn_answer(urb, 0, n);
}

/* The request whose turn it is, or NULL. */
static struct urb *disk_next(struct device *dev)
{
	const struct disk *disk = dev->priv;

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
	struct urb *urb = device_peek(dev, true, EP_IN);

	bool reads = disk->phase == PHASE_DATA_IN || disk->phase == PHASE_STATUS;

	if (reads && urb)
		urb = urb->next;
	if (!urb || (reads && opt.early_writes_only))
		return;
	note("early");
	if (opt.early == EARLY_STALLS)
		device_halt(dev, true, EP_IN);
	else
		device_lose(dev, urb);
}

static void disk_work(struct device *dev)
{
	struct disk *disk = dev->priv;
	struct urb *urb;

	while (dev->conn && !dev->conn->deaf && !dev->busy_until &&
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
	if (opt.early != EARLY_WAITS)
		disk_early(dev);
}

static bool disk_control(struct device *dev, struct urb *urb)
{
	switch (urb->setup[0] << 8 | urb->setup[1]) {
	case BOT_RESET:
		note("reset bulk-only");
		disk_reset(dev);
		conn_answer(urb, 0, 0);
		/* What waits may be its turn now. */
		disk_work(dev);
		return true;
	case BOT_MAX_LUN:
		if (!urb->length)
			return false;
		urb->data[0] = 0;
		conn_answer(urb, 0, 1);
		return true;
	default:
		return false;
	}
}

const struct kind kind_disk = {
	.name = "disk",
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
