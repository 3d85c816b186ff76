/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TLS 1.3 over a socket that does not block. Both ends show one certificate each,
 * and who the other end is gets judged in the handshake, before a byte of data: there
 * is no session without an id, and none without an ALPN name. Nothing else is spoken:
 * no older version, no tickets, no early data, no change of keys.
 */
#ifndef HEARTH_TLS_H
#define HEARTH_TLS_H

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "identity.h"

/*
 * May the node @id talk under this ALPN name? It has proved that it holds the key.
 * 0, or error_set(); then it gets the alert access_denied.
 */
typedef int (*tls_judge)(const char *alpn, const uint8_t id[static PEER_ID],
			 void *arg, struct error *err);

struct tls {
	gnutls_session_t session;
	int fd;
	bool server;
	bool ended;		/* nothing more may be sent */
	uint8_t peer[PEER_ID];	/* once the handshake is done */
	char alpn[32];
	tls_judge judge;
	void *arg;
	struct error why;	/* what the judge said */
};

/*
 * Begins a session over @fd, which stays the caller's. @alpn: the names that it may
 * be for, ended by NULL; a client gives one. The session must not move in memory.
 * Returns 0, then tls_free() is due, or a negative errno.
 */
int tls_begin(struct tls *tls, const struct identity *me, bool server, int fd,
	      const char *const *alpn, tls_judge judge, void *arg,
	      struct error *err);
void tls_free(struct tls *tls);

/*
 * Goes on with the handshake. Returns 0 when it is done, -EAGAIN when it waits for
 * tls_events(), or another negative errno: it failed, and the other end was told.
 *
 * A client is done before the server has judged it: that it was let in shows the
 * server's first answer.
 */
int tls_handshake(struct tls *tls, struct error *err);

/* What poll() is to wait for: POLLIN or POLLOUT. Of the handshake alone. */
short tls_events(const struct tls *tls);

/*
 * As send() and recv(): -EAGAIN where it would block; 0 is the end of what the other
 * one sends, said by it. After -EAGAIN send the same bytes again. An end that was cut
 * off is -ECONNRESET, an alert -EACCES (it refused us) or -EPROTO.
 */
ssize_t tls_send(struct tls *tls, const void *data, size_t size,
		 struct error *err);
ssize_t tls_recv(struct tls *tls, void *data, size_t size, struct error *err);

/* Are there bytes that were received, but not read? poll() does not know them. */
bool tls_pending(const struct tls *tls);

/* Says that we are through, or that the other end is refused. Does not wait. */
void tls_bye(struct tls *tls);
void tls_refuse(struct tls *tls);

/* @size bytes that only the two ends of this session know (RFC 5705). */
int tls_export(struct tls *tls, const char *label, void *data, size_t size,
	       struct error *err);

#endif
