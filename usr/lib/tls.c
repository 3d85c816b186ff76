// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "tls.h"

/*
 * ChaCha20-Poly1305 first: no limit of records in practice, where AES-GCM's comes
 * after an hour at 100 MB/s, and keys are never changed. Groups that withstand a
 * quantum computer come with a newer library.
 */
static const char priorities[] =
	"NONE:+VERS-TLS1.3:+CHACHA20-POLY1305:+AES-256-GCM:+AES-128-GCM:+AEAD"
	":+GROUP-X25519:+GROUP-SECP256R1"
	":+SIGN-EDDSA-ED25519:+SIGN-ECDSA-SECP256R1-SHA256:+CTYPE-X509"
	":%SERVER_PRECEDENCE";

#define ALPN_MAX	4u

/* --- the handshake ------------------------------------------------------------- */

/* GnuTLS has checked that the other end holds the key of its certificate. */
static int judge(gnutls_session_t session)
{
	struct tls *tls = gnutls_session_get_ptr(session);
	const gnutls_datum_t *chain;
	gnutls_datum_t alpn;
	unsigned int n = 0;

	chain = gnutls_certificate_get_peers(session, &n);
	if (gnutls_certificate_type_get2(session, GNUTLS_CTYPE_PEERS) !=
	    GNUTLS_CRT_X509 || !chain || n != 1 ||
	    identity_of(&chain[0], tls->peer)) {
		error_set(&tls->why, EPROTO,
			  "the other end has not one certificate");
		return GNUTLS_E_CERTIFICATE_ERROR;
	}
	if (gnutls_alpn_get_selected_protocol(session, &alpn) ||
	    alpn.size >= sizeof(tls->alpn)) {
		error_set(&tls->why, EPROTO,
			  "the other end does not say what the connection is for");
		return GNUTLS_E_CERTIFICATE_ERROR;
	}
	memcpy(tls->alpn, alpn.data, alpn.size);
	tls->alpn[alpn.size] = '\0';
	tls->why.code = 0;
	if (tls->judge(tls->alpn, tls->peer, tls->arg, &tls->why))
		return GNUTLS_E_CERTIFICATE_ERROR;
	return 0;
}

static int set_up(struct tls *tls, const struct identity *me,
		  const char *const *alpn)
{
	gnutls_datum_t names[ALPN_MAX];
	unsigned int n;
	int ret;

	for (n = 0; alpn[n] && n < ALPN_MAX; n++) {
		names[n].data = (void *)alpn[n];
		names[n].size = (unsigned int)strlen(alpn[n]);
	}
	ret = gnutls_priority_set_direct(tls->session, priorities, NULL);
	if (!ret)
		ret = gnutls_credentials_set(tls->session,
					     GNUTLS_CRD_CERTIFICATE,
					     me->credentials);
	if (!ret)
		ret = gnutls_alpn_set_protocols(tls->session, names, n,
						GNUTLS_ALPN_MANDATORY);
	gnutls_session_set_ptr(tls->session, tls);
	gnutls_session_set_verify_function(tls->session, judge);
	if (tls->server)
		gnutls_certificate_server_set_request(tls->session,
						      GNUTLS_CERT_REQUIRE);
	gnutls_transport_set_int(tls->session, tls->fd);
	return ret;
}

int tls_begin(struct tls *tls, const struct identity *me, bool server, int fd,
	      const char *const *alpn, tls_judge may, void *arg,
	      struct error *err)
{
	int ret;

	memset(tls, 0, sizeof(*tls));
	tls->fd = fd;
	tls->server = server;
	tls->judge = may;
	tls->arg = arg;
	ret = gnutls_init(&tls->session,
			  (server ? GNUTLS_SERVER : GNUTLS_CLIENT) |
			  GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL |
			  GNUTLS_NO_TICKETS | GNUTLS_NO_AUTO_REKEY);
	if (ret) {
		tls->session = NULL;
		return error_set(err, ENOMEM, "no TLS session: %s",
				 gnutls_strerror(ret));
	}
	ret = set_up(tls, me, alpn);
	if (!ret)
		return 0;
	tls_free(tls);
	return error_set(err, EINVAL, "no TLS session: %s",
			 gnutls_strerror(ret));
}

void tls_free(struct tls *tls)
{
	if (tls->session)
		gnutls_deinit(tls->session);
	tls->session = NULL;
}

/* What became of an end that sent an alert. */
static int alert_error(struct tls *tls, struct error *err)
{
	gnutls_alert_description_t alert = gnutls_alert_get(tls->session);

	if (alert == GNUTLS_A_ACCESS_DENIED ||
	    alert == GNUTLS_A_BAD_CERTIFICATE)
		return error_set(err, EACCES, "the other node refused this one");
	return error_set(err, EPROTO, "the other end ended it: %s",
			 gnutls_alert_get_name(alert));
}

static int fatal(struct tls *tls, int ret, struct error *err)
{
	tls->ended = true;
	switch (ret) {
	case GNUTLS_E_FATAL_ALERT_RECEIVED:
		return alert_error(tls, err);
	case GNUTLS_E_PREMATURE_TERMINATION:
	case GNUTLS_E_PULL_ERROR:
	case GNUTLS_E_PUSH_ERROR:
		return error_set(err, ECONNRESET,
				 "the connection was cut off");
	case GNUTLS_E_NO_APPLICATION_PROTOCOL:
		return error_set(err, EPROTO,
				 "the two ends do not speak the same protocol");
	default:
		return error_set(err, EPROTO, "TLS: %s", gnutls_strerror(ret));
	}
}

int tls_handshake(struct tls *tls, struct error *err)
{
	int ret = gnutls_handshake(tls->session);

	if (!ret)
		return 0;
	if (!gnutls_error_is_fatal(ret))
		return -EAGAIN;
	if (ret == GNUTLS_E_CERTIFICATE_ERROR && tls->why.code) {
		/* GnuTLS does not tell: the other end would wait. */
		tls_refuse(tls);
		*err = tls->why;
		return -err->code;
	}
	/* what it said itself is no reason to say anything */
	if (ret != GNUTLS_E_FATAL_ALERT_RECEIVED)
		gnutls_alert_send_appropriate(tls->session, ret);
	return fatal(tls, ret, err);
}

short tls_events(const struct tls *tls)
{
	return gnutls_record_get_direction(tls->session) ? POLLOUT : POLLIN;
}

/* --- data --------------------------------------------------------------------- */

ssize_t tls_send(struct tls *tls, const void *data, size_t size,
		 struct error *err)
{
	ssize_t n = gnutls_record_send(tls->session, data, size);

	if (n >= 0)
		return n;
	if (!gnutls_error_is_fatal((int)n))
		return -EAGAIN;
	return fatal(tls, (int)n, err);
}

ssize_t tls_recv(struct tls *tls, void *data, size_t size, struct error *err)
{
	ssize_t n = gnutls_record_recv(tls->session, data, size);

	if (n >= 0)
		return n;
	/* A new key is a change that neither end of ours makes. */
	if (n == GNUTLS_E_REHANDSHAKE)
		return fatal(tls, GNUTLS_E_UNEXPECTED_PACKET, err);
	if (!gnutls_error_is_fatal((int)n))
		return -EAGAIN;
	return fatal(tls, (int)n, err);
}

bool tls_pending(const struct tls *tls)
{
	return gnutls_record_check_pending(tls->session) > 0;
}

void tls_bye(struct tls *tls)
{
	if (!tls->ended)
		gnutls_bye(tls->session, GNUTLS_SHUT_WR);
	tls->ended = true;
}

void tls_refuse(struct tls *tls)
{
	if (!tls->ended)
		gnutls_alert_send(tls->session, GNUTLS_AL_FATAL,
				  GNUTLS_A_ACCESS_DENIED);
	tls->ended = true;
}

int tls_export(struct tls *tls, const char *label, void *data, size_t size,
	       struct error *err)
{
	int ret = gnutls_prf_rfc5705(tls->session, strlen(label), label, 0,
				     NULL, size, data);

	return ret ? error_set(err, EIO, "TLS: %s", gnutls_strerror(ret)) : 0;
}
