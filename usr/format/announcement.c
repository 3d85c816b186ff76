// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "announcement.h"
#include "hex.h"

/* Is it KEY=? Then its value is what follows. */
static bool is_key(const char *text, size_t size, const char *key,
		   const char **value, size_t *value_size)
{
	size_t len = strlen(key);

	if (size < len || memcmp(text, key, len))
		return false;
	*value = text + len;
	*value_size = size - len;
	return true;
}

static int take_id(struct announcement *said, const char *value, size_t size,
		   struct error *err)
{
	char text[PEER_ID_TEXT] = "";

	if (size == sizeof(text) - 1)
		memcpy(text, value, size);
	if (said->has_id || !peer_id_parse(text, said->id))
		return error_set(err, EPROTO, "it announces no id, or two");
	said->has_id = true;
	return 0;
}

static int take_name(struct announcement *said, const char *value, size_t size,
		     struct error *err)
{
	if (said->has_name || !peer_name_valid(value, size))
		return error_set(err, EPROTO,
				 "it announces a name that cannot be shown, or two");
	memcpy(said->name, value, size);
	said->name[size] = '\0';
	said->has_name = true;
	return 0;
}

int announcement_take(struct announcement *said, const void *data, size_t size,
		      struct error *err)
{
	const char *text = data, *value;
	size_t n;

	if (is_key(text, size, "v=", &value, &n)) {
		if (n != 1 || *value != '1')
			return error_set(err, EPROTO,
					 "it announces another version");
		said->has_version = true;
		return 0;
	}
	if (is_key(text, size, "id=", &value, &n))
		return take_id(said, value, n, err);
	if (is_key(text, size, "n=", &value, &n))
		return take_name(said, value, n, err);
	if (is_key(text, size, "pair=", &value, &n))
		said->pairing = n == 1 && *value == '1';
	return 0;
}

bool announcement_instance(const char *instance)
{
	size_t digits = strlen(instance);

	if (digits < ANNOUNCEMENT_INSTANCE ||
	    strspn(instance, "0123456789abcdef") != ANNOUNCEMENT_INSTANCE)
		return false;
	instance += ANNOUNCEMENT_INSTANCE;
	if (!*instance)
		return true;
	digits = strspn(instance + 1, "0123456789");
	return *instance == '-' && digits && digits < 6 &&
	       !instance[1 + digits];
}

int announcement_check(const struct announcement *said, const char *instance,
		       struct error *err)
{
	char id[PEER_ID_TEXT];

	if (!said->has_version || !said->has_id || !said->has_name)
		return error_set(err, EPROTO,
				 "it does not announce version, id and name");
	peer_id_text(said->id, id);
	if (!announcement_instance(instance) ||
	    strncmp(instance, id, ANNOUNCEMENT_INSTANCE))
		return error_set(err, EPROTO,
				 "it is called by another id than it announces");
	return 0;
}

bool announcement_text(const struct announcement *said, unsigned int n,
		       char text[static ANNOUNCEMENT_TEXT])
{
	switch (n) {
	case 0:
		strcpy(text, "v=1");
		return true;
	case 1:
		strcpy(text, "id=");
		peer_id_text(said->id, text + strlen(text));
		return true;
	case 2:
		snprintf(text, ANNOUNCEMENT_TEXT, "n=%s", said->name);
		return true;
	case 3:
		strcpy(text, "pair=1");
		return said->pairing;
	default:
		return false;
	}
}
