/* SPDX-License-Identifier: GPL-2.0 */
/* What the command says to people, on standard error, and how it exits. */
#ifndef HEARTH_SAY_H
#define HEARTH_SAY_H

#include "../format/error.h"

enum {
	EXIT_DONE,
	EXIT_USAGE,
	EXIT_REFUSED,
};

/* From here on usage() is about "usb attach". The text is not copied. */
void say_command(const char *path);

/* What was refused, and why. Returns EXIT_REFUSED. */
int refused(const struct error *err);

/* What is wrong with the command line, and whose help to ask. Returns EXIT_USAGE. */
__attribute__((format(printf, 1, 2)))
int usage(const char *fmt, ...);

#endif
