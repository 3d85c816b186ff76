// SPDX-License-Identifier: GPL-2.0
/*
 * dump COMMAND - dumps the ports of the family hearth-usb, and has the shell run
 * COMMAND in the middle of it. Prints "N ports", and ", interrupted" if the kernel
 * says that they are not all of one moment.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#include "family.h"

static const char *command;

static void run_command(void)
{
	if (system(command))
		errx(1, "%s", command);
}

int main(int argc, char **argv)
{
	bool interrupted;
	unsigned int n;

	if (argc != 2)
		errx(1, "usage: dump COMMAND");
	command = argv[1];
	family_open();
	n = family_dump(run_command, &interrupted);
	printf("%u ports%s\n", n, interrupted ? ", interrupted" : "");
	return 0;
}
