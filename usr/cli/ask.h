/* SPDX-License-Identifier: GPL-2.0 */
/* Questions: for passphrases, and whether something is really meant. */
#ifndef HEARTH_ASK_H
#define HEARTH_ASK_H

#include <stdbool.h>

#include "../volume/secret.h"

/* Where a passphrase comes from; neither: the terminal. */
struct ask_source {
	const char *file;	/* "-" is standard input */
	int fd;			/* -1: none */
};

/* Will it be asked for on a terminal? */
bool ask_has_terminal(const struct ask_source *source);

/*
 * A passphrase: from a file or a descriptor all bytes up to the end; from the
 * terminal one line without echo, asked for with @prompt, and twice where it is
 * @new; where standard input is no terminal, a line of it. A @new one is not
 * empty; an old one, as others allow it, may be. SIGINT, SIGTERM,
 * SIGHUP and SIGQUIT end the asking with -EINTR and the terminal as it was.
 * Returns 0 or a negative errno; secret_free() is due only after 0.
 */
int ask_secret(struct secret *secret, const struct ask_source *source,
	       const char *prompt, bool new, struct error *err);

/* "YES" on the terminal. Where there is none, only an option can say so. */
bool ask_yes(const char *question);

#endif
