// SPDX-License-Identifier: GPL-2.0
/*
 * Holds ciphertext against OpenSSL's:
 *
 *	answers CIPHER KEY SECTOR-SIZE IV-UNIT FIRST PLAIN SECRET
 *
 * CIPHER is aes-xts-plain64, aes-xts-plain64be, aes-xts-plain or
 * aes-cbc-essiv:sha256; KEY a file of its bytes; IV-UNIT is how many bytes the
 * IV counts by; FIRST the number of 512-byte sectors before the data in the
 * volume; PLAIN and SECRET files of the same size.
 */
#include <endian.h>
#include <err.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_MAX		64
#define SIZE_MAX_	(32 << 20)

static uint8_t key[KEY_MAX];
static size_t key_size;

static size_t slurp(const char *name, uint8_t *to, size_t size)
{
	FILE *f = fopen(name, "rb");
	size_t n;

	if (!f)
		err(2, "%s", name);
	n = fread(to, 1, size, f);
	fclose(f);
	return n;
}

static void crypt_with(const EVP_CIPHER *cipher, const uint8_t *with,
		       const uint8_t *iv, const uint8_t *in, uint8_t *out,
		       int size)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n;

	if (!ctx || !EVP_EncryptInit_ex(ctx, cipher, NULL, with, iv) ||
	    !EVP_CIPHER_CTX_set_padding(ctx, 0) ||
	    !EVP_EncryptUpdate(ctx, out, &n, in, size) || n != size)
		errx(2, "OpenSSL refuses");
	EVP_CIPHER_CTX_free(ctx);
}

/* The IV of a unit, as dm-crypt's documentation has it. */
static void make_iv(const char *cipher, uint64_t unit, uint8_t *iv)
{
	uint64_t le = htole64(unit), be = htobe64(unit);
	uint8_t salt[SHA256_DIGEST_LENGTH], plain[16] = { 0 };

	memset(iv, 0, 16);
	if (strstr(cipher, "essiv")) {
		memcpy(plain, &le, 8);
		SHA256(key, key_size, salt);
		crypt_with(EVP_aes_256_ecb(), salt, NULL, plain, iv, 16);
	} else if (strstr(cipher, "plain64be")) {
		memcpy(iv + 8, &be, 8);
	} else {
		memcpy(iv, &le, strstr(cipher, "plain64") ? 8 : 4);
	}
}

static const EVP_CIPHER *find_cipher(const char *name)
{
	if (!strncmp(name, "aes-xts-", 8))
		return key_size == 64 ? EVP_aes_256_xts() : EVP_aes_128_xts();
	return key_size == 32 ? EVP_aes_256_cbc() : EVP_aes_128_cbc();
}

int main(int argc, char **argv)
{
	uint8_t *plain = malloc(SIZE_MAX_), *secret = malloc(SIZE_MAX_);
	uint8_t expect[4096], iv[16];
	uint64_t first, n;
	size_t size, unit, iv_unit, at;

	if (argc != 8 || !plain || !secret)
		errx(2, "usage");
	key_size = slurp(argv[2], key, sizeof(key));
	unit = strtoul(argv[3], NULL, 0);
	iv_unit = strtoul(argv[4], NULL, 0);
	first = strtoull(argv[5], NULL, 0);
	size = slurp(argv[6], plain, SIZE_MAX_);
	if (!size || size % unit || unit > sizeof(expect) ||
	    slurp(argv[7], secret, SIZE_MAX_) != size)
		errx(2, "the files do not fit");
	for (at = 0; at < size; at += unit) {
		n = (first * 512 + at) / iv_unit;
		make_iv(argv[1], n, iv);
		crypt_with(find_cipher(argv[1]), key, iv, plain + at, expect,
			   (int)unit);
		if (memcmp(expect, secret + at, unit))
			errx(1, "byte %zu: not what OpenSSL makes of it", at);
	}
	printf("%zu bytes\n", size);
	return 0;
}
