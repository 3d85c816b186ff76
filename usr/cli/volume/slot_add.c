// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "../../volume/owner.h"
#include "../../volume/slots.h"
#include "slot.h"

static int make(struct volume *v, const struct volume_options *o,
		const struct keys *keys, struct error *err)
{
	struct secret new, key;
	char prompt[128];
	int ret;

	snprintf(prompt, sizeof(prompt), "New passphrase of %s", o->user);
	ret = ask_secret(&new, &o->new_key, prompt, true, err);
	if (ret)
		return ret;
	ret = secret_random(&key, v->header.token.key_size, err);
	if (!ret) {
		key_work("Making the key's slot");
		ret = slots_add(v, o->user, o->owner ? &keys->meta : NULL, &key,
				&new, &o->cost, err);
		secret_free(&key);
	}
	secret_free(&new);
	return ret;
}

/* Who may add somebody, and has the metadata key to give, is an owner. */
static int add(struct out *out, struct volume *v,
	       const struct volume_options *o, char **argv, struct error *err)
{
	struct keys keys;
	int ret;

	if (token_has_user(&v->header.token, o->user))
		return error_set(err, EEXIST,
				 "%s is there already: rekey gives a new key, slot role makes a user an owner",
				 o->user);
	ret = key_unlock_owner(&keys, &v->header, &o->key, NULL, err);
	if (ret)
		return ret;
	ret = owner_prove(v, &keys, err);
	if (!ret)
		ret = make(v, o, &keys, err);
	keys_free(&keys);
	if (ret < 0)
		return ret;
	slot_show(out, argv[0], (uint32_t)ret, o->user, o->owner ?
		  "added and loaded, an owner" : "added and loaded");
	return 0;
}

static int check(const struct volume_options *o)
{
	if (!o->user)
		return usage("volume slot add needs --user");
	if (!token_user_new(o->user))
		return usage("\"%s\" would read as a slot: a user's name is not digits alone, and has no colon",
			     o->user);
	return -1;
}

static int run(struct run *run)
{
	return slot_change(run, check, add);
}

static const struct option options[] = {
	OPTIONS_KEY, OPTIONS_NEW_KEY, OPTIONS_COST, OPTION_HEADER, OPTION_USER,
	OPTION_FLAG("owner", OPT_OWNER), { 0 },
};

const struct verb slot_add_verb = {
	.name = "add",
	.what = "add a user with a new key",
	.synopsis = "NAME --user USER [--owner] [OPTION...]",
	.help =
	"Adds a user with a new random key. It takes the passphrase of an owner, and the\n"
	"new one's. A user unlocks what is his on a volume that an owner has opened. An\n"
	"owner opens volumes and adds users; for that he has the metadata key, by which\n"
	"also a false map can be made.\n"
	"\n"
	"  --user USER         who is added\n"
	"  --owner             as an owner\n"
	HELP_HEADER HELP_KEY HELP_NEW_KEY HELP_COST,
	.options = options,
	.least = 1, .most = 1, .needs = "a name",
	.run = run,
};
