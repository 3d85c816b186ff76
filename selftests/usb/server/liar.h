/* SPDX-License-Identifier: GPL-2.0 */
/* What the command line of liar asks for. */
#ifndef LIAR_H
#define LIAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kind;

struct options {
	uint16_t port;
	unsigned int devices;
	uint32_t speed;			/* as USB/IP counts them */
	const struct kind *kind;
	uint64_t size;			/* of a disk, in bytes */
	const char *file;		/* that holds a disk's bytes, or NULL */
	int64_t busy_ms;		/* of a disk, with every command */
	enum {
		EARLY_WAITS,		/* as hardware does */
		EARLY_STALLS,
		EARLY_IS_LOST,
	} early;			/* a transfer that is not a disk's turn */
	bool early_writes_only;
	int64_t delay_ms;		/* of every answer */
	uint64_t seed;			/* of random lies */
	unsigned int permille;		/* of the answers that are random lies */
};

extern struct options opt;

#define SPEED_FULL	2
#define SPEED_HIGH	3
#define SPEED_SUPER	5

int64_t now_ms(void);
void *xalloc(size_t size);

/* Ends the program, and says why, with errno. */
void fail(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* A line to the file that --log names, if it does. */
void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
