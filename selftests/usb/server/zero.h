/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel's usbtest wants of a device, as its gadget "zero" gives it:
 * zeros from every IN endpoint, any bytes to every OUT endpoint, and control
 * requests that write a buffer and read it again.
 */
#ifndef ZERO_H
#define ZERO_H

struct kind;

extern const struct kind zero_kind;

#endif
