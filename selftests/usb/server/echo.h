/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A vendor's interface with every type of endpoint: bulk 1 and interrupt 3
 * give back what was written, a transfer each, and a read waits for it; bulk 2
 * swallows and makes data at once; isochronous 4 too.
 */
#ifndef ECHO_H
#define ECHO_H

struct kind;

extern const struct kind echo_kind;

#endif
