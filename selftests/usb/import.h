/* SPDX-License-Identifier: GPL-2.0 */
/* OP_REQ_IMPORT of USB/IP. What fails ends the program. */
#ifndef IMPORT_H
#define IMPORT_H

#include <stdint.h>

/* Asks the server at @fd for @busid; the device's id and speed. */
void import(int fd, const char *busid, uint32_t *devid, uint32_t *speed);

#endif
