// SPDX-License-Identifier: GPL-2.0
/*
 * during - what a command costs, with all that the kernel does for it meanwhile
 *
 *   during COMMAND...
 *
 * Prints how long the CPU was busy and how long it took, both in nanoseconds.
 * What the command prints goes to the standard error.
 */
#include <err.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "busy.h"

int main(int argc, char **argv)
{
	uint64_t busy, clock;
	int status;
	pid_t pid;

	if (argc < 2)
		errx(1, "usage: during COMMAND...");
	busy = busy_ns();
	clock = clock_ns();
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		dup2(2, 1);
		execvp(argv[1], argv + 1);
		err(1, "%s", argv[1]);
	}
	if (waitpid(pid, &status, 0) < 0)
		err(1, "waitpid");
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		errx(1, "%s failed", argv[1]);
	clock = clock_ns() - clock;
	printf("%llu %llu\n", (unsigned long long)(busy_ns() - busy), (unsigned long long)clock);
	return 0;
}
