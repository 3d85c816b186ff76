// SPDX-License-Identifier: GPL-2.0
/* What the verbs of "hearth volume" share. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../format/number.h"
#include "../../format/page.h"
#include "volume.h"

#define TRIES	3	/* of a passphrase on a terminal */

int volume_unlock(struct keys *keys, struct header *header,
		  const struct volume_options *o, const char *user,
		  struct secret *pass, struct error *err)
{
	unsigned int tries = ask_has_terminal(&o->key) ? TRIES : 1;
	char prompt[128];
	int ret;

	if (user)
		snprintf(prompt, sizeof(prompt), "Passphrase of %s", user);
	else
		strcpy(prompt, "Passphrase");
	for (;;) {
		ret = ask_secret(pass, &o->key, prompt, false, err);
		if (ret)
			return ret;
		ret = keys_unlock(keys, header, user, pass, err);
		if (!ret)
			return 0;
		secret_free(pass);
		if (ret != -EPERM || !--tries)
			return ret;
		fprintf(stderr, "hearth: %s\n", err->text);
	}
}

int volume_which_slot(const struct token *token, const char *text,
		      struct error *err)
{
	int found = -1;
	uint64_t slot;
	uint32_t i;

	if (number_parse(text, TOKEN_SLOT_MAX, &slot)) {
		if (token_slot((struct token *)token, (uint32_t)slot))
			return (int)slot;
		return error_set(err, EINVAL, "there is no slot %s", text);
	}
	for (i = 0; i < token->n_slots; i++) {
		if (strcmp(token->slots[i].user, text))
			continue;
		if (found >= 0)
			return error_set(err, EINVAL,
					 "%s has several slots: say which (slot list shows them)",
					 text);
		found = (int)token->slots[i].slot;
	}
	return found >= 0 ? found :
	       error_set(err, EINVAL, "there is no user %s", text);
}

int volume_check_empty(const struct disk *disk, const struct volume_options *o,
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

uint64_t volume_meta_room(uint64_t regions)
{
	uint64_t sectors = rekey_meta_sectors(regions * 4);

	return (sectors + 2047) / 2048 * 2048;
}

const char *volume_size_text(uint64_t sectors, char text[static 32])
{
	static const char * const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB" };
	double n = (double)sectors / 2;
	size_t i = 0;

	while (n >= 1024 && i < 4) {
		n /= 1024;
		i++;
	}
	snprintf(text, 32, n < 10 && i ? "%.1f %s" : "%.0f %s", n, units[i]);
	return text;
}

const char *volume_time_text(uint64_t seconds, char text[static 32])
{
	unsigned long long s = seconds;

	if (s >= 3600)
		snprintf(text, 32, "%llu:%02llu:%02llu", s / 3600,
			 s / 60 % 60, s % 60);
	else
		snprintf(text, 32, "%llu:%02llu", s / 60, s % 60);
	return text;
}
