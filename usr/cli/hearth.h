/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HEARTH_CLI_H
#define HEARTH_CLI_H

#include "../format/error.h"
#include "out.h"
#include "../lib/port.h"

enum {
	EXIT_DONE,
	EXIT_USAGE,
	EXIT_REFUSED,
};

/* A command gets its own name as argv[0] and returns an exit code. */
int usb_main(struct out *out, int argc, char **argv);
int volume_main(struct out *out, int argc, char **argv);
int monitor_main(struct out *out, int argc, char **argv);
int volume_main(struct out *out, int argc, char **argv);

/* What was refused, and why, to standard error. Returns EXIT_REFUSED. */
int refused(const struct error *err);

/* What was wrong with the command line. Returns EXIT_USAGE. */
__attribute__((format(printf, 1, 2)))
int usage(const char *fmt, ...);

/* The place and the state of @port, without a line's end. */
void show_port(struct out *out, const struct port *port);

#endif
