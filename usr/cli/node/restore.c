// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../format/hex.h"
#include "../../lib/hearthd.h"
#include "node.h"
#include "passphrase.h"

#define FILE_MAX	(BACKUP_HEAD + BACKUP_MAX)

/* Returns the file's bytes, to be freed, or NULL. */
static uint8_t *read_file(const char *path, size_t *size, struct error *err)
{
	FILE *file = fopen(path, "re");
	uint8_t *data = file ? malloc(FILE_MAX + 1) : NULL;

	if (!file || !data) {
		error_set(err, errno, "%s: %s", path, strerror(errno));
		if (file)
			fclose(file);
		return NULL;
	}
	*size = fread(data, 1, FILE_MAX + 1, file);
	if (ferror(file)) {
		error_set(err, EIO, "%s cannot be read", path);
		free(data);
		data = NULL;
	}
	fclose(file);
	return data;
}

static int send_file(const uint8_t *data, size_t size, const char *key,
		     json_t **answer, struct error *err)
{
	char *text = malloc(2 * size + 1);
	json_t *request;

	if (!text)
		return error_set(err, ENOMEM, "out of memory");
	hex_text(data, size, text);
	request = json_pack("{s:s,s:s,s:s}", "verb", "node-restore", "key", key,
			    "data", text);
	free(text);
	return hearthd_ask(request, answer, err);
}

static int restore(const char *path, const struct ask_source *source,
		   json_t **answer, struct error *err)
{
	char key[2 * BACKUP_KEY + 1];
	struct backup backup;
	uint8_t *data;
	size_t size;
	int ret;

	data = read_file(path, &size, err);
	if (!data)
		return -err->code;
	ret = backup_parse(data, size, &backup, err);
	if (!ret)
		ret = passphrase_key(source, false, &backup, key, err);
	if (!ret) {
		ret = send_file(data, size, key, answer, err);
		explicit_bzero(key, sizeof(key));
	}
	free(data);
	return ret;
}

static int run(struct run *run)
{
	struct ask_source source = { .fd = -1 };
	struct error err;
	json_t *answer;
	int c;

	while ((c = verb_option(run)) != -1) {
		if (c != 'k')
			return run->code;
		source.file = optarg;
	}
	if (restore(run->argv[0], &source, &answer, &err))
		return refused(&err);
	node_print(run->out, answer);
	json_decref(answer);
	return EXIT_DONE;
}

static const struct option options[] = {
	{ "key-file", required_argument, NULL, 'k' },
	{ 0 },
};

const struct verb node_restore = {
	.name = "restore",
	.what = "make this machine the node of a backup",
	.synopsis = "FILE [--key-file PATH]",
	.help =
	"Takes key, name and peers out of a file of hearth node backup. The machine must have\n"
	"no key yet. Two machines with the same key disturb each other: the old one is not\n"
	"to come back.\n"
	"\n"
	"  --key-file PATH     the passphrase is what is in this file (-: standard input)\n",
	.options = options,
	.least = 1, .most = 1, .needs = "one file",
	.run = run,
};
