// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "../../volume/rotate.h"
#include "slot.h"

static unsigned int count_former(const struct token *token)
{
	unsigned int n = 0;
	uint32_t i;

	for (i = 0; i < token->n_slots; i++)
		n += token->slots[i].former;
	return n;
}

static void show(struct out *out, const char *name, const struct volume *v,
		 const char *user, uint32_t slot)
{
	const struct token *token = &v->header.token;
	const struct token_slot *s;

	out_object_begin(out, NULL);
	out_string(out, "name", "%s: the metadata have another key,", name);
	out_string(out, "user", " which %s has", user);
	out_uint(out, "slot", " in slot %llu\n", slot);
	out_array_begin(out, "former-owners");
	for (s = token->slots; s < token->slots + token->n_slots; s++)
		if (s->former)
			out_string(out, NULL, "    %s has it not\n", s->user);
	out_array_end(out);
	if (count_former(token))
		out_text(out, "    (\"slot role\" makes them owners again, and a new \"header backup\" is due)\n");
	out_object_end(out);
}

static int rotate(struct out *out, struct volume *v,
		  const struct volume_options *o, char **argv,
		  struct error *err)
{
	struct secret pass;
	struct keys keys;
	uint32_t slot;
	int ret;

	ret = key_unlock_owner_by(&keys, &v->header, &o->key, o->user, &pass,
				  err);
	if (ret)
		return ret;
	key_work("Changing the metadata key");
	ret = rotate_run(v, &keys, &pass, &o->cost, &slot, err);
	if (!ret)
		show(out, argv[0], v, keys.user, slot);
	secret_free(&pass);
	keys_free(&keys);
	return ret;
}

static int run(struct run *run)
{
	return slot_change(run, NULL, rotate);
}

static const struct option options[] = {
	OPTIONS_KEY, OPTIONS_COST, OPTION_HEADER, OPTION_USER, { 0 },
};

const struct verb volume_rotate = {
	.name = "rotate",
	.what = "give a volume another metadata key",
	.synopsis = "NAME [--user USER] [OPTION...]",
	.help =
	"Gives an open volume a new metadata key, so that of an owner who left nothing is\n"
	"taken for true any more. Then the owner whose passphrase it is has it alone: other\n"
	"owners are users till \"slot role\" makes them owners again. It takes a moment, in\n"
	"which I/O waits; no other user's slot may be loaded. Cut short, it goes on when that\n"
	"owner opens the volume.\n"
	"\n"
	"  --user USER         try the passphrase on the slots of this owner alone\n"
	HELP_HEADER HELP_KEY HELP_COST,
	.options = options,
	.least = 1, .most = 1, .needs = "a name",
	.run = run,
};
