// SPDX-License-Identifier: GPL-2.0
#include "../../volume/slots.h"
#include "slot.h"

static int change_keys(struct volume *v, const struct volume_options *o,
		       const struct keys *keys, const struct secret *new,
		       struct error *err)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < keys->n; i++)
		ret = slots_change(v, keys->slot[i].slot, keys, new, &o->cost,
				   err);
	return ret;
}

static int passwd(struct out *out, struct volume *v,
		  const struct volume_options *o, char **argv,
		  struct error *err)
{
	struct secret pass, new;
	struct keys keys;
	char prompt[128];
	int ret;

	ret = key_unlock(&keys, &v->header, &o->key, argv[1], &pass, err);
	if (ret)
		return ret;
	secret_free(&pass);
	snprintf(prompt, sizeof(prompt), "New passphrase of %s", argv[1]);
	ret = ask_secret(&new, &o->new_key, prompt, true, err);
	if (!ret) {
		key_work("Making the key's slot");
		ret = change_keys(v, o, &keys, &new, err);
		secret_free(&new);
	}
	keys_free(&keys);
	if (ret)
		return ret;
	out_object_begin(out, NULL);
	out_string(out, "name", "%s: ", argv[0]);
	out_string(out, "user", "%s has a new passphrase\n", argv[1]);
	out_object_end(out);
	return 0;
}

static int run(struct run *run)
{
	return slot_change(run, NULL, passwd);
}

static const struct option options[] = {
	OPTIONS_KEY, OPTIONS_NEW_KEY, OPTIONS_COST, OPTION_HEADER, { 0 },
};

const struct verb slot_passwd_verb = {
	.name = "passwd",
	.what = "change a user's passphrase",
	.synopsis = "NAME USER [OPTION...]",
	.help =
	"Changes a user's passphrase. The key stays the same: rekey changes it.\n"
	"\n"
	HELP_HEADER HELP_KEY HELP_NEW_KEY HELP_COST,
	.options = options,
	.least = 2, .most = 2, .needs = "a name and a user",
	.run = run,
};
