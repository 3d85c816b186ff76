// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "../../format/hex.h"
#include "../../lib/hearthd.h"
#include "../answer.h"
#include "node.h"
#include "passphrase.h"

/* Argon2id: some seconds on a small machine, and 256 MiB. */
#define PASSES	4
#define MEMORY	(256u << 10)
#define LANES	4

/* Nothing is written over, and a file is whole or gone. */
static int write_file(const char *path, const uint8_t *data, size_t size,
		      struct error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ssize_t n;
	size_t at = 0;

	if (fd < 0)
		return error_set(err, errno, "%s: %s", path, strerror(errno));
	while (at < size) {
		n = write(fd, data + at, size - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		at += (size_t)n;
	}
	if (at < size || fsync(fd)) {
		error_set(err, errno, "%s cannot be written: %s", path,
			  strerror(errno));
		close(fd);
		unlink(path);
		return -err->code;
	}
	close(fd);
	return 0;
}

static int save(const char *path, const json_t *answer, struct error *err)
{
	const char *text = answer_text(answer, "data");
	size_t size = strlen(text) / 2;
	uint8_t *data = malloc(size + 1);
	int ret;

	if (!data)
		return error_set(err, ENOMEM, "out of memory");
	ret = size < BACKUP_HEAD || !hex_parse(text, data, size) ?
	      error_set(err, EPROTO, "hearthd gave no backup") :
	      write_file(path, data, size, err);
	free(data);
	return ret;
}

static int backup(const char *path, const struct ask_source *source,
		  struct error *err)
{
	struct backup b = {
		.passes = PASSES, .memory = MEMORY, .lanes = LANES,
		.size = BACKUP_TAG,
	};
	char key[2 * BACKUP_KEY + 1], text[2 * BACKUP_HEAD + 1];
	uint8_t head[BACKUP_HEAD];
	json_t *answer;
	int ret;

	if (!access(path, F_OK))
		return error_set(err, EEXIST, "%s is there already", path);
	if (getrandom(b.salt, sizeof(b.salt), 0) != sizeof(b.salt) ||
	    getrandom(b.nonce, sizeof(b.nonce), 0) != sizeof(b.nonce))
		return error_set(err, EIO, "the kernel gives no random numbers");
	ret = passphrase_key(source, true, &b, key, err);
	if (ret)
		return ret;
	backup_format(&b, head);
	hex_text(head, BACKUP_HEAD, text);
	ret = hearthd_ask(json_pack("{s:s,s:s,s:s}", "verb", "node-backup",
				    "key", key, "data", text), &answer, err);
	explicit_bzero(key, sizeof(key));
	if (!ret)
		ret = save(path, answer, err);
	json_decref(answer);
	return ret;
}

static int run(struct run *run)
{
	struct ask_source source = { .fd = -1 };
	struct error err;
	int c;

	while ((c = verb_option(run)) != -1) {
		if (c != 'k')
			return run->code;
		source.file = optarg;
	}
	if (backup(run->argv[0], &source, &err))
		return refused(&err);
	out_object_begin(run->out, NULL);
	out_string(run->out, "path", "the node's key and its peers are in %s\n",
		   run->argv[0]);
	out_object_end(run->out);
	return EXIT_DONE;
}

static const struct option options[] = {
	{ "key-file", required_argument, NULL, 'k' },
	{ 0 },
};

const struct verb node_backup = {
	.name = "backup",
	.what = "write the node's key and its peers to a file, sealed by a passphrase",
	.synopsis = "FILE [--key-file PATH]",
	.help =
	"A key that is lost is every pairing lost. The file, which must not be there yet,\n"
	"has the key, the name and the peers, encrypted under the passphrase.\n"
	"\n"
	"  --key-file PATH     the passphrase is what is in this file (-: standard input)\n",
	.options = options,
	.least = 1, .most = 1, .needs = "one file",
	.run = run,
};
