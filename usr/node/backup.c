// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <gnutls/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "backup.h"
#include "peers.h"

#define FRAME_ROOM	4096u

/* Frames, one behind the other. */
struct text {
	uint8_t *data;
	size_t size, room;
};

static void wipe(struct text *text)
{
	if (text->data)
		explicit_bzero(text->data, text->room);
	free(text->data);
	text->data = NULL;
}

static int add(struct text *text, const struct wire *wire, struct error *err)
{
	size_t n;

	if (text->room - text->size < FRAME_ROOM)
		return error_set(err, EFBIG, "there are too many peers");
	n = wire_format(wire, text->data + text->size, FRAME_ROOM);
	if (!n)
		return error_set(err, EFBIG, "a peer is too long");
	text->size += n;
	return 0;
}

static int add_node(struct node *node, struct text *text, struct error *err)
{
	struct wire wire = { .type = WIRE_NODE };
	long size = identity_export(node->key_path, wire.private,
				    sizeof(wire.private), err);
	int ret;

	if (size < 0)
		return (int)size;
	wire.private_size = (size_t)size;
	strcpy(wire.name, node->name);
	ret = add(text, &wire, err);
	explicit_bzero(&wire, sizeof(wire));
	return ret;
}

static int add_peers(struct node *node, struct text *text, struct error *err)
{
	struct peers_peer *peer;
	struct wire wire = { .type = WIRE_PEER };
	int ret = 0;

	for (peer = peers_first(node); !ret && peer; peer = peer->next) {
		memcpy(wire.id, peer->kept.id, PEER_ID);
		strcpy(wire.name, peer->kept.name);
		wire.role = peer->kept.role;
		wire.n_addresses = peer->kept.n_addresses;
		memcpy(wire.addresses, peer->kept.addresses,
		       sizeof(wire.addresses));
		ret = add(text, &wire, err);
	}
	return ret;
}

static int start(gnutls_aead_cipher_hd_t *cipher, const uint8_t *key,
		 struct error *err)
{
	const gnutls_datum_t datum = { (void *)key, BACKUP_KEY };
	int ret = gnutls_aead_cipher_init(cipher,
					  GNUTLS_CIPHER_CHACHA20_POLY1305,
					  &datum);

	return ret ? error_set(err, EIO, "no cipher: %s",
			       gnutls_strerror(ret)) : 0;
}

/* Head and all into @file. */
static int seal(const struct text *text, const uint8_t *key,
		const struct backup *backup, uint8_t *file, struct error *err)
{
	gnutls_aead_cipher_hd_t cipher;
	size_t size = backup->size;
	int ret = start(&cipher, key, err);

	if (ret)
		return ret;
	backup_format(backup, file);
	ret = gnutls_aead_cipher_encrypt(cipher, backup->nonce, BACKUP_NONCE,
					 file, BACKUP_HEAD, BACKUP_TAG,
					 text->data, text->size,
					 file + BACKUP_HEAD, &size);
	gnutls_aead_cipher_deinit(cipher);
	return ret || size != backup->size ?
	       error_set(err, EIO, "it cannot be sealed") : 0;
}

int backup_seal(struct node *node, const uint8_t key[static BACKUP_KEY],
		const uint8_t head[static BACKUP_HEAD], uint8_t **file,
		size_t *size, struct error *err)
{
	struct text text = { .room = BACKUP_MAX - BACKUP_TAG };
	uint8_t probe[BACKUP_HEAD + BACKUP_TAG] = { 0 };
	struct backup backup;
	int ret;

	/* it has a size already that would be a backup's of nothing */
	memcpy(probe, head, BACKUP_HEAD);
	ret = backup_parse(probe, sizeof(probe), &backup, err);
	if (ret)
		return ret;
	text.data = malloc(text.room);
	*file = malloc(BACKUP_HEAD + BACKUP_MAX);
	if (!text.data || !*file)
		ret = error_set(err, ENOMEM, "out of memory");
	if (!ret)
		ret = add_node(node, &text, err);
	if (!ret)
		ret = add_peers(node, &text, err);
	backup.size = (uint32_t)(text.size + BACKUP_TAG);
	*size = BACKUP_HEAD + backup.size;
	if (!ret)
		ret = seal(&text, key, &backup, *file, err);
	wipe(&text);
	if (ret)
		free(*file);
	return ret;
}

/* --- and back -------------------------------------------------------------------------- */

static int unseal(const uint8_t *key, const uint8_t *data,
		  const struct backup *backup, struct text *text,
		  struct error *err)
{
	gnutls_aead_cipher_hd_t cipher;
	int ret = start(&cipher, key, err);

	if (ret)
		return ret;
	text->room = backup->size;
	text->data = malloc(text->room);
	text->size = backup->size - BACKUP_TAG;
	ret = !text->data ? GNUTLS_E_MEMORY_ERROR :
	      gnutls_aead_cipher_decrypt(cipher, backup->nonce, BACKUP_NONCE,
					 data, BACKUP_HEAD, BACKUP_TAG,
					 data + BACKUP_HEAD, backup->size,
					 text->data, &text->size);
	gnutls_aead_cipher_deinit(cipher);
	return ret ? error_set(err, EACCES,
			       "the passphrase is wrong, or the backup was changed") : 0;
}

/* What was in it. */
struct content {
	struct wire node;
	struct store_peer *peers;
	size_t n;
};

static void keep_peer(struct content *content, const struct wire *wire)
{
	struct store_peer *peer = &content->peers[content->n++];

	memset(peer, 0, sizeof(*peer));
	memcpy(peer->id, wire->id, PEER_ID);
	strcpy(peer->name, wire->name);
	peer->role = wire->role;
	peer->n_addresses = wire->n_addresses;
	memcpy(peer->addresses, wire->addresses, sizeof(peer->addresses));
}

static int read_content(const struct text *text, struct content *content,
			struct error *err)
{
	struct frame frame;
	struct wire wire;
	size_t at = 0;
	long n = 0;

	while (at < text->size &&
	       (n = frame_next(text->data + at, text->size - at, &frame,
			       err)) > 0) {
		if (wire_parse(&frame, &wire, err))
			return -err->code;
		if (wire.type == WIRE_NODE)
			content->node = wire;
		else if (wire.type == WIRE_PEER)
			keep_peer(content, &wire);
		explicit_bzero(&wire, sizeof(wire));
		at += (size_t)n;
	}
	if (n < 0)
		return (int)n;
	return at < text->size || !content->node.private_size ?
	       error_set(err, EPROTO, "there is no node in the backup") : 0;
}

static int put_back(struct node *node, const struct text *text,
		    struct error *err)
{
	struct content content = { 0 };
	int ret;

	/* a frame of a peer is longer than 64 bytes */
	content.peers = calloc(text->size / 64 + 1, sizeof(*content.peers));
	if (!content.peers)
		return error_set(err, ENOMEM, "out of memory");
	ret = read_content(text, &content, err);
	if (!ret)
		ret = store_replace(&node->store, content.node.name,
				    content.peers, content.n, err);
	/* The key is last: as long as there is none nothing was restored. */
	if (!ret)
		ret = identity_import(node->key_path, content.node.private,
				      content.node.private_size, err);
	explicit_bzero(&content.node, sizeof(content.node));
	free(content.peers);
	return ret;
}

int backup_restore(struct node *node, const uint8_t key[static BACKUP_KEY],
		   const uint8_t *data, size_t size, struct error *err)
{
	struct text text = { 0 };
	struct backup backup;
	int ret = backup_parse(data, size, &backup, err);

	if (ret)
		return ret;
	ret = unseal(key, data, &backup, &text, err);
	if (!ret)
		ret = put_back(node, &text, err);
	wipe(&text);
	return ret;
}
