// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "size.h"
#include "token.h"
#include "volumetab.h"

/* The next word of a line, up to white space: into @word; false at its end. */
static bool next_word(const char **at, char *word, size_t size, bool *fits)
{
	size_t len;

	*at += strspn(*at, " \t\r\n");
	len = strcspn(*at, " \t\r\n");
	*fits = len < size;
	if (!len || !*fits)
		return false;
	memcpy(word, *at, len);
	word[len] = '\0';
	*at += len;
	return true;
}

static bool copy(char *to, size_t size, const char *from, size_t len)
{
	if (!len || len >= size)
		return false;
	memcpy(to, from, len);
	to[len] = '\0';
	return true;
}

/* A path, or UUID=... as the path that udev makes of it. */
static bool parse_device(char *path, const char *text, size_t len)
{
	static const struct {
		const char *tag, *folder;
	} tags[] = {
		{ "UUID=", "/dev/disk/by-uuid/" },
		{ "PARTUUID=", "/dev/disk/by-partuuid/" },
	};
	size_t i, tag;

	for (i = 0; i < sizeof(tags) / sizeof(*tags); i++) {
		tag = strlen(tags[i].tag);
		if (len <= tag || strncmp(text, tags[i].tag, tag))
			continue;
		/* one name of a file there */
		if (memchr(text + tag, '/', len - tag) || text[tag] == '.')
			return false;
		return snprintf(path, VOLUMETAB_PATH, "%s%.*s", tags[i].folder,
				(int)(len - tag), text + tag) < VOLUMETAB_PATH;
	}
	return *text == '/' && copy(path, VOLUMETAB_PATH, text, len);
}

static bool parse_devices(struct volumetab *entry, const char *text)
{
	size_t len;

	for (; ; text += len + 1) {
		len = strcspn(text, ",");
		if (entry->n_devices == VOLUMETAB_DEVICES ||
		    !parse_device(entry->devices[entry->n_devices], text, len))
			return false;
		entry->n_devices++;
		if (!text[len])
			return true;
	}
}

static bool parse_flag(struct volumetab *entry, const char *text, size_t len)
{
	const struct {
		const char *name;
		bool *flag;
	} flags[] = {
		{ "readonly", &entry->readonly },
		{ "discard", &entry->discards },
		{ "noauto", &entry->noauto },
		{ "nofail", &entry->nofail },
	};
	size_t i;

	for (i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		if (strlen(flags[i].name) != len ||
		    strncmp(text, flags[i].name, len))
			continue;
		*flags[i].flag = true;
		return true;
	}
	return false;
}

/* Behind @name and "=", where @text begins so; @len is what is left of it. */
static const char *value_of(const char *text, size_t *len, const char *name)
{
	size_t n = strlen(name);

	if (*len <= n + 1 || strncmp(text, name, n) || text[n] != '=')
		return NULL;
	*len -= n + 1;
	return text + n + 1;
}

static bool parse_rate(uint32_t *rate, const char *text, size_t len)
{
	char word[32];
	uint64_t bytes;

	if (!copy(word, sizeof(word), text, len) ||
	    !size_parse(word, 1024, &bytes) || bytes % 1024 ||
	    bytes / 1024 > UINT32_MAX)
		return false;
	*rate = (uint32_t)(bytes / 1024);
	return true;
}

static bool parse_option(struct volumetab *entry, const char *text, size_t len)
{
	const char *value;
	size_t n = len;

	if (parse_flag(entry, text, len))
		return true;
	value = value_of(text, &n, "user");
	if (value)
		return copy(entry->user, sizeof(entry->user), value, n) &&
		       token_user_valid(entry->user);
	value = value_of(text, &n, "meta");
	if (value)
		return parse_device(entry->meta, value, n);
	value = value_of(text, &n, "header");
	if (value)
		return *value == '/' &&
		       copy(entry->header, sizeof(entry->header), value, n);
	value = value_of(text, &n, "rate");
	return value && parse_rate(&entry->rate, value, n);
}

/* NULL, or the option that is none. */
static const char *parse_options(struct volumetab *entry, const char *text)
{
	size_t len;

	for (; ; text += len + 1) {
		len = strcspn(text, ",");
		if (!parse_option(entry, text, len))
			return text;
		if (!text[len])
			return NULL;
	}
}

static int bad(struct error *err, const char *what, const char *text)
{
	return error_set(err, EINVAL, "\"%s\" is no %s", text, what);
}

int volumetab_parse(const char *line, struct volumetab *entry,
		    struct error *err)
{
	char word[VOLUMETAB_DEVICES * 64];
	const char *at = line, *wrong;
	bool fits;

	memset(entry, 0, sizeof(*entry));
	if (!next_word(&at, entry->name, sizeof(entry->name), &fits))
		return fits ? 0 : bad(err, "name", "...");
	if (*entry->name == '#')
		return 0;
	if (!next_word(&at, word, sizeof(word), &fits))
		return error_set(err, EINVAL, "%s has no devices", entry->name);
	if (!parse_devices(entry, word))
		return bad(err, "list of devices", word);
	if (!next_word(&at, word, sizeof(word), &fits))
		return error_set(err, EINVAL,
				 "%s has no key file (- asks for a passphrase)",
				 entry->name);
	if (strcmp(word, "-") &&
	    (*word != '/' || !copy(entry->key, sizeof(entry->key), word,
				   strlen(word))))
		return bad(err, "key file", word);
	if (!next_word(&at, word, sizeof(word), &fits))
		return fits ? 1 : bad(err, "list of options", "...");
	wrong = parse_options(entry, word);
	if (wrong)
		return bad(err, "option", wrong);
	if (next_word(&at, word, sizeof(word), &fits) || !fits)
		return error_set(err, EINVAL, "%s has too many words",
				 entry->name);
	return 1;
}
