/* SPDX-License-Identifier: GPL-2.0 */
/* Handing the records of a TLS session to the kernel (tls.rst in its tree). */
#ifndef HEARTH_KTLS_H
#define HEARTH_KTLS_H

#include "tls.h"

/*
 * From here on the socket of @tls, whose handshake is done, takes and gives what is
 * in the records, and its session is only to be freed. Not before the server's first
 * answer has been read, and not while something is pending. Returns 0 or a negative
 * errno: -EOPNOTSUPP where this machine has no kernel TLS, which @err tells how to
 * get; then the session goes on as before. After other errors it is of no use.
 */
int ktls_take(struct tls *tls, struct error *err);

/*
 * Has this machine kernel TLS at all? Returns 0, or -EOPNOTSUPP with a sentence that tells
 * how to get it; so nobody else is bothered first.
 */
int ktls_check(struct error *err);

#endif
