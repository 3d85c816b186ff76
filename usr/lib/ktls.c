// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <linux/tls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ktls.h"

#ifndef SOL_TLS
#define SOL_TLS		282
#endif
#ifndef TLS_RX_EXPECT_NO_PAD
#define TLS_RX_EXPECT_NO_PAD	4
#endif

#define IV		12u	/* bytes, of each cipher here */
#define SEQUENCE	8u

/* What the kernel wants to know of one direction. */
union crypto {
	struct tls_crypto_info info;
	struct tls12_crypto_info_aes_gcm_128 aes128;
	struct tls12_crypto_info_aes_gcm_256 aes256;
	struct tls12_crypto_info_chacha20_poly1305 chacha;
};

/*
 * The kernel has the first 4 bytes of AES-GCM's IV as a salt, and no salt of
 * ChaCha20-Poly1305's.
 */
#define FILL_GCM(to, state) do {					\
	memcpy((to)->key, (state)->key.data, sizeof((to)->key));	\
	memcpy((to)->salt, (state)->iv.data, sizeof((to)->salt));	\
	memcpy((to)->iv, (state)->iv.data + sizeof((to)->salt),		\
	       sizeof((to)->iv));					\
	memcpy((to)->rec_seq, (state)->sequence, SEQUENCE);		\
} while (0)

/* Where the session is. The data point into it. */
struct state {
	gnutls_datum_t mac, iv, key;
	uint8_t sequence[SEQUENCE];
};

static socklen_t fill(union crypto *crypto, gnutls_cipher_algorithm_t cipher,
		      const struct state *state)
{
	crypto->info.version = TLS_1_3_VERSION;
	if (cipher == GNUTLS_CIPHER_AES_128_GCM &&
	    state->key.size == sizeof(crypto->aes128.key)) {
		crypto->info.cipher_type = TLS_CIPHER_AES_GCM_128;
		FILL_GCM(&crypto->aes128, state);
		return sizeof(crypto->aes128);
	}
	if (cipher == GNUTLS_CIPHER_AES_256_GCM &&
	    state->key.size == sizeof(crypto->aes256.key)) {
		crypto->info.cipher_type = TLS_CIPHER_AES_GCM_256;
		FILL_GCM(&crypto->aes256, state);
		return sizeof(crypto->aes256);
	}
	if (cipher == GNUTLS_CIPHER_CHACHA20_POLY1305 &&
	    state->key.size == sizeof(crypto->chacha.key)) {
		crypto->info.cipher_type = TLS_CIPHER_CHACHA20_POLY1305;
		memcpy(crypto->chacha.key, state->key.data, state->key.size);
		memcpy(crypto->chacha.iv, state->iv.data, IV);
		memcpy(crypto->chacha.rec_seq, state->sequence, SEQUENCE);
		return sizeof(crypto->chacha);
	}
	return 0;
}

/* One direction. Returns 0 or a negative errno. */
static int set(struct tls *tls, int direction)
{
	struct state state;
	union crypto crypto;
	socklen_t len;
	int ret;

	memset(&crypto, 0, sizeof(crypto));
	ret = gnutls_record_get_state(tls->session, direction == TLS_RX,
				      &state.mac, &state.iv, &state.key,
				      state.sequence);
	if (ret || state.iv.size != IV)
		return -EPROTO;
	len = fill(&crypto, gnutls_cipher_get(tls->session), &state);
	if (!len)
		ret = -EOPNOTSUPP;
	else if (setsockopt(tls->fd, SOL_TLS, direction, &crypto, len))
		ret = -errno;
	explicit_bzero(&crypto, sizeof(crypto));
	return ret;
}

static int missing(int code, struct error *err)
{
	return error_set(err, EOPNOTSUPP,
			 "this kernel has no TLS (%s): load its module, modprobe tls",
			 strerror(code));
}

/* A socket that is not connected is refused for that alone, where there is TLS. */
int ktls_check(struct error *err)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), code = 0;

	if (fd < 0)
		return error_set(err, errno, "no socket: %s", strerror(errno));
	if (setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", sizeof("tls")))
		code = errno;
	close(fd);
	return code && code != ENOTCONN ? missing(code, err) : 0;
}

int ktls_take(struct tls *tls, struct error *err)
{
	const int yes = 1;
	int ret;

	if (tls_pending(tls))
		return error_set(err, EBUSY,
				 "the session has bytes that were not read");
	if (setsockopt(tls->fd, IPPROTO_TCP, TCP_ULP, "tls", sizeof("tls")))
		return missing(errno, err);
	ret = set(tls, TLS_TX);
	if (!ret)
		ret = set(tls, TLS_RX);
	if (ret)
		return error_set(err, -ret,
				 "the kernel does not take over the TLS session (%s): its modules for %s may be missing",
				 strerror(-ret),
				 gnutls_cipher_get_name(gnutls_cipher_get(tls->session)));
	/* Neither end pads. Without it the kernel is slower, and no less right. */
	setsockopt(tls->fd, SOL_TLS, TLS_RX_EXPECT_NO_PAD, &yes, sizeof(yes));
	return 0;
}
