// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "../../volume/owner.h"
#include "../../volume/slots.h"
#include "slot.h"

/* Another owner, who has the metadata key, and stays. */
static int unlock_other(struct volume *v, const struct volume_options *o,
			const char *user, struct keys *owner,
			struct error *err)
{
	int ret = key_unlock_owner(owner, &v->header, &o->owner_key, NULL, err);

	if (ret)
		return ret;
	ret = owner_prove(v, owner, err);
	if (!ret && !strcmp(owner->user, user))
		ret = error_set(err, EINVAL,
				"it takes the passphrase of another owner than %s",
				user);
	if (ret)
		keys_free(owner);
	return ret;
}

static int set_all(struct volume *v, const struct volume_options *o,
		   const struct keys *user, const struct keys *owner,
		   bool to_owner, const struct secret *pass, struct error *err)
{
	unsigned int i;
	int ret = 0;

	key_work("Making the key's slot");
	for (i = 0; !ret && i < user->n; i++)
		ret = slots_set_role(v, user->slot[i].slot,
				     to_owner ? &owner->meta : NULL,
				     &user->slot[i].key, pass, &o->cost, err);
	return ret;
}

static int role(struct out *out, struct volume *v,
		const struct volume_options *o, char **argv, struct error *err)
{
	bool to_owner = !strcmp(argv[2], "owner");
	struct keys owner, user;
	struct secret pass;
	int ret;

	if (!to_owner && strcmp(argv[2], "user"))
		return error_set(err, EINVAL,
				 "a role is owner or user, not \"%s\"", argv[2]);
	ret = unlock_other(v, o, argv[1], &owner, err);
	if (ret)
		return ret;
	ret = key_unlock(&user, &v->header, &o->key, argv[1], &pass, err);
	if (!ret) {
		ret = set_all(v, o, &user, &owner, to_owner, &pass, err);
		secret_free(&pass);
		keys_free(&user);
	}
	keys_free(&owner);
	if (ret)
		return ret;
	out_object_begin(out, NULL);
	out_string(out, "name", "%s: ", argv[0]);
	out_string(out, "user", "%s is", argv[1]);
	out_string(out, "role", " %s now\n", argv[2]);
	out_object_end(out);
	return 0;
}

static int run(struct run *run)
{
	return slot_change(run, NULL, role);
}

static const struct option options[] = {
	OPTIONS_KEY, OPTION_TEXT("owner-key-file", OPT_OWNER_KEY_FILE),
	OPTION_TEXT("owner-key-fd", OPT_OWNER_KEY_FD), OPTIONS_COST,
	OPTION_HEADER, { 0 },
};

const struct verb slot_role_verb = {
	.name = "role",
	.what = "make a user an owner, or an owner a user",
	.synopsis = "NAME USER owner|user [OPTION...]",
	.help =
	"An owner opens the volume, and has the metadata key for it; a user unlocks what\n"
	"is his on a volume that is open. It takes the passphrase of another owner, and\n"
	"that of the user, which stays. Whoever was an owner may have kept the metadata\n"
	"key: rotate changes it.\n"
	"\n"
	"  --owner-key-file FILE\n"
	"  --owner-key-fd N    the passphrase of the other owner\n"
	HELP_HEADER HELP_KEY HELP_COST,
	.options = options,
	.least = 3, .most = 3, .needs = "a name, a user and a role",
	.run = run,
};
