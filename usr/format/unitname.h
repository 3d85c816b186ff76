/* SPDX-License-Identifier: GPL-2.0 */
/* Names of systemd's units, escaped as systemd.unit(5) has it. */
#ifndef HEARTH_UNITNAME_H
#define HEARTH_UNITNAME_H

#include <stdbool.h>
#include <stddef.h>

/*
 * @text as the instance of a unit, or, with @path, an absolute path as the name
 * of one ("/dev/sda" is "dev-sda"). False: it does not fit into @size bytes.
 */
bool unitname_escape(const char *text, bool path, char *name, size_t size);

#endif
