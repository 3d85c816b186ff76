/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lines of /etc/hearth/volumes, which says what is opened at boot, as crypttab(5)
 * does for cryptsetup:
 *
 *	NAME DEVICE[,DEVICE...] KEY-FILE|- [OPTION[,OPTION...]]
 *
 * A device is a path, or UUID= or PARTUUID= and a value. "-" asks for the
 * passphrase. Options: user=USER, meta=DEVICE, header=FILE, rate=RATE, readonly,
 * discard, noauto (not opened at boot), nofail (the boot goes on without it).
 */
#ifndef HEARTH_VOLUMETAB_H
#define HEARTH_VOLUMETAB_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

#define VOLUMETAB_NAME		128	/* bytes, with the end */
#define VOLUMETAB_PATH		256
#define VOLUMETAB_USER		65
#define VOLUMETAB_DEVICES	64

struct volumetab {
	char name[VOLUMETAB_NAME];
	unsigned int n_devices;
	char devices[VOLUMETAB_DEVICES][VOLUMETAB_PATH];	/* paths */
	char key[VOLUMETAB_PATH];	/* path; "": it is asked for */
	char user[VOLUMETAB_USER];	/* "": any */
	char meta[VOLUMETAB_PATH];	/* "": the first device */
	char header[VOLUMETAB_PATH];	/* "": on the metadata device */
	uint32_t rate;			/* KiB/s; 0: no limit */
	bool readonly, discards, noauto, nofail;
};

/* Returns 1 and @entry, 0 for an empty line or a comment, or -EINVAL. */
int volumetab_parse(const char *line, struct volumetab *entry,
		    struct error *err);

#endif
