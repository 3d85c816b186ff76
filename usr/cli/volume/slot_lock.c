// SPDX-License-Identifier: GPL-2.0
/* "slot lock" and "slot unlock". */
#include <errno.h>
#include <string.h>

#include "../../volume/activate.h"
#include "../../volume/slots.h"
#include "slot.h"

/* --- unlock ------------------------------------------------------------------------ */

static int unlock(struct out *out, struct volume *v,
		  const struct volume_options *o, char **argv,
		  struct error *err)
{
	struct secret pass;
	struct keys keys;
	unsigned int i;
	int ret;

	ret = key_unlock(&keys, &v->header, &o->key, argv[1], &pass, err);
	if (ret)
		return ret;
	secret_free(&pass);
	out_array_begin(out, NULL);
	for (i = 0; !ret && i < keys.n; i++) {
		ret = activate_key(v, keys.slot[i].slot, &keys.slot[i].key,
				   err);
		if (!ret)
			slot_show(out, argv[0], keys.slot[i].slot, argv[1],
				  "unlocked");
	}
	if (!ret)
		out_array_end(out);
	keys_free(&keys);
	return ret;
}

static int unlock_run(struct run *run)
{
	return slot_change(run, NULL, unlock);
}

static const struct option unlock_options[] = {
	OPTIONS_KEY, OPTION_HEADER, { 0 },
};

const struct verb slot_unlock_verb = {
	.name = "unlock",
	.what = "load the keys of a further user",
	.synopsis = "NAME USER [OPTION...]",
	.help =
	"Loads the keys of a user into an open volume.\n"
	"\n"
	HELP_HEADER HELP_KEY,
	.options = unlock_options,
	.least = 2, .most = 2, .needs = "a name and a user",
	.run = unlock_run,
};

/* --- lock --------------------------------------------------------------------------- */

static int lock(struct out *out, struct volume *v,
		const struct volume_options *o, char **argv, struct error *err)
{
	const struct token *token = &v->header.token;
	const struct token_slot *s;
	int ret = 0;

	(void)o;
	if (!token_has_user(token, argv[1]))
		return error_set(err, ENOENT, "there is no user %s", argv[1]);
	out_array_begin(out, NULL);
	for (s = token->slots; !ret && s < token->slots + token->n_slots; s++) {
		const struct status_slot *k = status_slot(&v->dm.status,
							  s->slot);
		bool loaded = k && !strcmp(k->state, "loaded");

		if (strcmp(s->user, argv[1]) || !k)
			continue;
		if (loaded)
			ret = slots_lock(v, s->slot, err);
		if (!ret)
			slot_show(out, argv[0], s->slot, argv[1], loaded ?
				  "locked" : "was locked already");
	}
	if (!ret)
		out_array_end(out);
	return ret;
}

static int lock_run(struct run *run)
{
	return slot_change(run, NULL, lock);
}

const struct verb slot_lock_verb = {
	.name = "lock",
	.what = "take the keys of a user away",
	.synopsis = "NAME USER",
	.help =
	"Takes the keys of a user away. Reading and writing what is under them fails\n"
	"until unlock; nobody else is disturbed.\n"
	"\n"
	HELP_HEADER,
	.options = volume_header_option,
	.least = 2, .most = 2, .needs = "a name and a user",
	.run = lock_run,
};
