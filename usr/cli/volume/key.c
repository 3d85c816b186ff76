// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "key.h"

#define TRIES	3	/* of a passphrase on a terminal */

void key_work(const char *what)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "%s ...\n", what);
}

static int unlock(struct keys *keys, struct header *header,
		  const struct ask_source *source,
		  const struct keys_whose *whose, struct secret *pass,
		  struct error *err)
{
	unsigned int tries = ask_has_terminal(source) ? TRIES : 1;
	char prompt[128];
	int ret = keys_check(header, whose, err);

	if (ret)
		return ret;
	if (whose->user)
		snprintf(prompt, sizeof(prompt), "Passphrase of %s",
			 whose->user);
	else
		strcpy(prompt, whose->owner ? "Passphrase of an owner" :
		       "Passphrase");
	for (;;) {
		ret = ask_secret(pass, source, prompt, false, err);
		if (ret)
			return ret;
		key_work("Unlocking");
		ret = keys_unlock(keys, header, whose, pass, err);
		if (!ret)
			return 0;
		secret_free(pass);
		if (ret != -EPERM || !--tries)
			return ret;
		fprintf(stderr, "hearth: %s\n", err->text);
	}
}

int key_unlock(struct keys *keys, struct header *header,
	       const struct ask_source *source, const char *user,
	       struct secret *pass, struct error *err)
{
	const struct keys_whose whose = { user, false };

	return unlock(keys, header, source, &whose, pass, err);
}

int key_unlock_owner_by(struct keys *keys, struct header *header,
			const struct ask_source *source, const char *user,
			struct secret *pass, struct error *err)
{
	const struct keys_whose whose = { user, true };

	return unlock(keys, header, source, &whose, pass, err);
}

int key_unlock_owner(struct keys *keys, struct header *header,
		     const struct ask_source *source, const char *user,
		     struct error *err)
{
	struct secret pass;
	int ret = key_unlock_owner_by(keys, header, source, user, &pass, err);

	if (!ret)
		secret_free(&pass);
	return ret;
}

int key_overwrite(const struct disk *disk, const struct volume_options *o,
		  struct error *err)
{
	char type[64], question[PATH_MAX + 128];
	int ret = disk_signature(disk, type, sizeof(type), err);

	if (ret <= 0 || o->force)
		return ret < 0 ? ret : 0;
	snprintf(question, sizeof(question),
		 "%s holds something (%s), which will be lost.", disk->path,
		 type);
	if (ask_yes(question))
		return 0;
	return error_set(err, EEXIST,
			 "%s holds something (%s): --force overwrites it",
			 disk->path, type);
}
