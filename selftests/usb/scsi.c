// SPDX-License-Identifier: GPL-2.0
/*
 * scsi DEVICE TIMEOUT-MS LEN BYTE... - one SCSI command, its bytes in hex; LEN
 * bytes come in (to standard output), none with 0. Exit code: 0 good, 1 it
 * failed (and how, on standard error), 2 it could not be tried.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <scsi/sg.h>

#define CDB_MAX	16

int main(int argc, char **argv)
{
	unsigned char cdb[CDB_MAX], sense[32] = { 0 };
	struct sg_io_hdr io = {
		.interface_id = 'S',
		.dxfer_direction = SG_DXFER_NONE,
		.cmdp = cdb,
		.sbp = sense,
		.mx_sb_len = sizeof(sense),
	};
	int fd, i;

	if (argc < 5 || argc - 4 > CDB_MAX)
		errx(2, "usage: scsi DEVICE TIMEOUT-MS LEN BYTE...");
	io.timeout = atoi(argv[2]);
	io.dxfer_len = atoi(argv[3]);
	io.cmd_len = argc - 4;
	for (i = 4; i < argc; i++)
		cdb[i - 4] = strtoul(argv[i], NULL, 16);
	if (io.dxfer_len) {
		io.dxfer_direction = SG_DXFER_FROM_DEV;
		io.dxferp = calloc(1, io.dxfer_len);
		if (!io.dxferp)
			err(2, "%u bytes", io.dxfer_len);
	}
	/* Without O_NONBLOCK a removable disk is asked for its medium first. */
	fd = open(argv[1], O_RDWR | O_NONBLOCK);
	if (fd < 0)
		err(2, "%s", argv[1]);
	if (ioctl(fd, SG_IO, &io))
		err(2, "SG_IO");
	if (io.info & SG_INFO_OK_MASK)
		errx(1, "status %#x, host %#x, driver %#x, sense %x/%02x/%02x",
		     io.status, io.host_status, io.driver_status,
		     sense[2] & 15, sense[12], sense[13]);
	if (io.dxfer_len &&
	    write(1, io.dxferp, io.dxfer_len - io.resid) < 0)
		err(2, "standard output");
	return 0;
}
