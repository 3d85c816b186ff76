// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <keyutils.h>
#include <stdio.h>
#include <string.h>

#include "keyring.h"

int keyring_add(struct keyring_key *key, const char *uuid, const char *what,
		const char *bytes, size_t size, struct error *err)
{
	char description[KEYRING_SOURCE - 32];

	snprintf(description, sizeof(description), "hearth:%s:%s", uuid, what);
	snprintf(key->source, sizeof(key->source), ":%zu:logon:%s", size,
		 description);
	key->id = add_key("logon", description, bytes, size,
			  KEY_SPEC_THREAD_KEYRING);
	if (key->id < 0)
		return error_set(err, errno,
				 "the kernel's keyring does not take a key: %s",
				 strerror(errno));
	return 0;
}

void keyring_drop(const struct keyring_key *key)
{
	/* wiped now, not when somebody collects what is unlinked */
	keyctl_revoke(key->id);
	keyctl_unlink(key->id, KEY_SPEC_THREAD_KEYRING);
}
