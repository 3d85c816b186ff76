// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "../../format/size.h"
#include "../../volume/owner.h"
#include "../../volume/slots.h"
#include "slot.h"

/* How many other slots open the volume. */
static unsigned int others(const struct token *token, uint32_t slot)
{
	unsigned int n = 0;
	uint32_t i;

	for (i = 0; i < token->n_slots; i++)
		n += token->slots[i].slot != slot &&
		     token->slots[i].state == TOKEN_USED;
	return n;
}

/* That an owner is left is not taken from the header: he is here, with his key. */
static int prove_other(struct volume *v, const struct volume_options *o,
		       uint32_t slot, struct error *err)
{
	struct keys keys;
	unsigned int i;
	bool other = false;
	int ret;

	ret = key_unlock_owner(&keys, &v->header, &o->key, NULL, err);
	if (ret)
		return ret;
	ret = owner_prove(v, &keys, err);
	for (i = 0; i < keys.n; i++)
		other |= keys.slot[i].owner && keys.slot[i].slot != slot;
	if (!ret && !other)
		ret = error_set(err, EBUSY,
				"slot %u is that of an owner: it takes the passphrase of another owner, who stays",
				slot);
	keys_free(&keys);
	return ret;
}

static int erase(struct out *out, struct volume *v,
		 const struct volume_options *o, char **argv,
		 struct error *err)
{
	struct token *token = &v->header.token;
	int slot = token_find(token, argv[1], err), ret;
	bool last = slot >= 0 && !others(token, (uint32_t)slot);
	const struct status_slot *s;
	char question[512], size[SIZE_TEXT], user[TOKEN_USER];

	if (slot < 0)
		return slot;
	s = status_slot(&v->dm.status, (uint32_t)slot);
	strcpy(user, token_slot(token, (uint32_t)slot)->user);
	snprintf(question, sizeof(question),
		 "Slot %d of %s and all data under it (%s) will be lost for ever.%s",
		 slot, user, size_text(s ? s->regions * v->dm.status.region *
				       512ull : 0, size),
		 last ? " It is the LAST one: once closed, the volume will never open again." : "");
	if (!o->yes && !ask_yes(question))
		return error_set(err, ECANCELED,
				 "nothing was erased: --yes does it without a question");
	/* what erases everything has to be meant so */
	if (last && o->yes && !o->force)
		return error_set(err, EBUSY,
				 "slot %d of %s is the last one: without it the volume will never open again; --yes --force erases it",
				 slot, user);
	ret = slots_check_erase(v, (uint32_t)slot, err);
	if (!ret && token_slot(token, (uint32_t)slot)->owner &&
	    token->n_slots > 1)
		ret = prove_other(v, o, (uint32_t)slot, err);
	if (!ret)
		ret = slots_erase(v, (uint32_t)slot, err);
	if (!ret)
		slot_show(out, argv[0], (uint32_t)slot, user, "erased");
	return ret;
}

static int run(struct run *run)
{
	return slot_change(run, NULL, erase);
}

static const struct option options[] = {
	OPTIONS_KEY, OPTION_HEADER, OPTION_YES, OPTION_FORCE, { 0 },
};

const struct verb slot_erase_verb = {
	.name = "erase",
	.what = "destroy a slot and all data under it",
	.synopsis = "NAME USER|SLOT [--yes]",
	.help =
	"Destroys a slot, its keyslot, and so all data under it. No passphrase brings\n"
	"them back, unless somebody has a copy of the header. A user whose name could be\n"
	"a number is user:NAME, a slot then slot:NUMBER. That of an owner takes the\n"
	"passphrase of another owner: the last one is not erased while there are users.\n"
	"\n"
	"  --yes               without a question\n"
	"  --force             the last one, too\n"
	HELP_HEADER HELP_KEY,
	.options = options,
	.least = 2, .most = 2, .needs = "a name, and a user or slot",
	.run = run,
};
