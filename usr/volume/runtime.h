/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is remembered until the machine is switched off, in /run/hearth/volume:
 * where the header of an open volume is, and who is changing it.
 */
#ifndef HEARTH_RUNTIME_H
#define HEARTH_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>

#include "../format/error.h"

/*
 * Waits until nobody else changes the header with this uuid. Close @fd to let
 * others. Returns 0 or a negative errno.
 */
int runtime_lock(const char *uuid, int *fd, struct error *err);

/* The header's path, absolute. */
int runtime_remember(const char *uuid, const char *path, struct error *err);
bool runtime_recall(const char *uuid, char *path, size_t size);
void runtime_forget(const char *uuid);

#endif
