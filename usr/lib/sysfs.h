/* SPDX-License-Identifier: GPL-2.0 */
/* Files and links of sysfs. */
#ifndef HEARTH_SYSFS_H
#define HEARTH_SYSFS_H

#include <stdbool.h>
#include <stddef.h>

/* A file without its last line's end. Returns false without one; then @text is "". */
bool sysfs_read(const char *dir, const char *name, char *text, size_t size);

/* The last part of where a link leads to. */
bool sysfs_link(const char *dir, const char *name, char *text, size_t size);

/* A number in a file, 0 without one. */
unsigned long sysfs_number(const char *dir, const char *name, int base);

#endif
