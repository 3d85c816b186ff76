/* SPDX-License-Identifier: GPL-2.0 */
/* Requests to the family hearth-usb, without the command in between. */
#ifndef FAMILY_H
#define FAMILY_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/hearth_usb.h>

struct nl_msg;

struct verdict {
	int error;			/* errno; 0: done; ENOBUFS: it was lost */
	char sentence[256];		/* of the extended acknowledgement */
	uint32_t id;			/* of the port that the reply names, or 0 */
};

/* Connects, or ends the program. May be called again, for a module's next life. */
void family_open(void);

/* port-attach; what is negative is left out. The caller may add to it. */
struct nl_msg *family_attach(int64_t fd, int64_t devid, int64_t speed);

struct verdict family_detach(uint32_t id);
struct verdict family_authorize(uint32_t id, uint32_t devnum);

/* Sends @msg, frees it, and reads up to the verdict. */
struct verdict family_ask(struct nl_msg *msg);

/*
 * The same in two steps. The kernel is through with @msg when it is sent; if the
 * result is not 0, it was not, and there will be no verdict.
 */
int family_send(struct nl_msg *msg);
struct verdict family_verdict(void);

/*
 * Dumps the ports, in parts of 16 KiB, and calls @meanwhile behind the first one.
 * Returns how many were told; @interrupted: the kernel says that they changed in between.
 */
unsigned int family_dump(void (*meanwhile)(void), bool *interrupted);

#endif
