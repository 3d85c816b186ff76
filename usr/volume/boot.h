/* SPDX-License-Identifier: GPL-2.0 */
/* What is opened at boot: /etc/hearth/volumes (format/volumetab.h), and its units. */
#ifndef HEARTH_BOOT_H
#define HEARTH_BOOT_H

#include "../format/volumetab.h"

#define BOOT_TAB	"/etc/hearth/volumes"

/* The line of @name. -ENOENT: there is none, or no file. */
int boot_find(const char *tab, const char *name, struct volumetab *entry,
	      struct error *err);

/*
 * Writes into @folder what makes systemd open each volume of @tab but those of
 * "noauto" with hearth-volume@.service, behind its devices. A line that is wrong is
 * passed over, and the first such is told by -EINVAL. No file is nothing to do.
 */
int boot_units(const char *tab, const char *folder, struct error *err);

#endif
