/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who this node is: one Ed25519 key, made once and kept, and a certificate that it
 * signed itself and that says nothing more. The id is the SHA-256 of the public key
 * (its SubjectPublicKeyInfo), so it stays where the certificate is made anew.
 */
#ifndef HEARTH_IDENTITY_H
#define HEARTH_IDENTITY_H

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../format/error.h"
#include "../format/peer.h"

struct identity {
	uint8_t id[PEER_ID];
	gnutls_certificate_credentials_t credentials;
};

/*
 * Makes a key and keeps it in the file @path, which must not be there: mode 0600,
 * whole or not at all, on the disk when this returns. Nobody else may work in its
 * folder meanwhile. Returns 0 or a negative errno; -EEXIST leaves the key that is
 * there alone.
 */
int identity_make(const char *path, struct error *err);

/*
 * Reads the key at @path, and removes what identity_make() left when it was cut off.
 * Returns 0, then identity_free() is due, or a negative
 * errno: -ENOENT where there is none.
 */
int identity_load(struct identity *me, const char *path, struct error *err);
void identity_free(struct identity *me);

/*
 * The key at @path as PKCS #8 (DER), up to @room bytes: for a backup alone; wipe it.
 * Returns its size or a negative errno.
 */
long identity_export(const char *path, void *der, size_t room,
		     struct error *err);

/*
 * Puts a key that identity_export() gave at @path, in place of what is there, in the
 * way of identity_make().
 */
int identity_import(const char *path, const void *der, size_t size,
		    struct error *err);

/* The id that the holder of a certificate has. Returns 0 or -EPROTO. */
int identity_of(const gnutls_datum_t *certificate, uint8_t id[static PEER_ID]);

/* Are two ids the same? In constant time. */
bool identity_same(const uint8_t a[static PEER_ID],
		   const uint8_t b[static PEER_ID]);

#endif
