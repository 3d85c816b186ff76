/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How a key reaches the kernel: as a logon key in this thread's keyring, which
 * the kernel's request_key() finds during an ioctl of the same thread, and
 * which nobody can read back. It is revoked as soon as the kernel has read it.
 */
#ifndef HEARTH_KEYRING_H
#define HEARTH_KEYRING_H

#include <stdint.h>

#include "secret.h"

#define KEYRING_SOURCE	128	/* bytes, ":64:logon:hearth:UUID:SLOT" */

struct keyring_key {
	int32_t id;
	char source[KEYRING_SOURCE];	/* for the target */
};

/*
 * Adds @size bytes as hearth:@uuid:@what. Returns 0 or a negative errno;
 * keyring_drop() is due only after 0.
 */
int keyring_add(struct keyring_key *key, const char *uuid, const char *what,
		const char *bytes, size_t size, struct error *err);

void keyring_drop(const struct keyring_key *key);

#endif
