// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "../lib/volumes.h"
#include "activate.h"
#include "seal.h"
#include "slots.h"

/* --- who has what ------------------------------------------------------------- */

static void count_run(const struct volume_run *run, void *arg)
{
	uint64_t *assigned = arg;

	if (run->slot < STATUS_SLOTS)
		assigned[run->slot] += run->count;
}

int slots_assigned(const char *name, uint64_t *assigned, struct error *err)
{
	struct channel chan;
	int ret = channel_open(&chan, &volume_family, err);

	memset(assigned, 0, STATUS_SLOTS * sizeof(*assigned));
	if (ret)
		return ret;
	ret = volume_runs(&chan, name, count_run, assigned, err);
	channel_close(&chan);
	return ret;
}

int slots_unsettled(const struct token_slot *s, struct error *err)
{
	return error_set(err, EBUSY,
			 "a change of the metadata key by %s was cut short: \"rotate\" by the same passphrase finishes it",
			 s->user);
}

/* --- erasing -------------------------------------------------------------------- */

/*
 * The metadata key is in its keyslot, and in no other one that is used; or that is not
 * known, as it is being changed.
 */
static bool is_last_owner(const struct header *header,
			  const struct token_slot *s)
{
	if (s->rotating)
		return true;
	return token_is_owner(s) && header->token.n_slots > 1 &&
	       !header_has_owner_beside(header, s->keyslot);
}

/* The keyslot and the token's entry go. */
static int drop_slot(struct header *header, uint32_t slot, struct error *err)
{
	const struct token_slot *s = token_slot(&header->token, slot);
	int ret = s->owner ? header_drop_key(header, s->keyslot, err) : 0;

	if (ret)
		return ret;
	token_drop(&header->token, slot);
	if (header->token.job.set && header->token.job.from == slot)
		header->token.job.set = false;
	return header_write(header, err);
}

/*
 * Order: the mark in the token, the kernel's slot and regions, the keyslot, the
 * token. Only where the kernel has no such slot any more the key goes.
 */
static int finish_erase(struct volume *volume, uint32_t slot, struct error *err)
{
	int ret = 0;

	if (status_slot(&volume->dm.status, slot)) {
		ret = mapper_message(volume->dm.name,
				     "the kernel does not erase the slot", err,
				     "erase %u", slot);
		if (!ret)
			ret = volume_refresh(volume, err);
		if (!ret && status_slot(&volume->dm.status, slot))
			ret = error_set(err, EBUSY,
					"the kernel has not erased slot %u yet",
					slot);
	}
	return ret ? ret : drop_slot(&volume->header, slot, err);
}

int slots_check_erase(const struct volume *volume, uint32_t slot,
		      struct error *err)
{
	struct token *token = (struct token *)&volume->header.token;
	const struct status *status = &volume->dm.status;

	if (token_slot(token, slot)->rotating)
		return slots_unsettled(token_slot(token, slot), err);
	if (is_last_owner(&volume->header, token_slot(token, slot)))
		return error_set(err, EBUSY,
				 "slot %u is that of the last owner: without one nobody opens the volume; make another one first (slot add --owner, slot role)",
				 slot);

	/* before the mark: a job may well take hours to its end */
	if (status->job == STATUS_REKEY &&
	    (status->from == slot || status->to == slot))
		return error_set(err, EBUSY,
				 "the rekey of %s uses slot %u: wait for it, or abort it first",
				 volume->dm.name, slot);
	if (status->suspended)
		return error_set(err, EBUSY, "%s is suspended: resume it first",
				 volume->dm.name);
	if (status->readonly)
		return error_set(err, EROFS, "%s is read-only", volume->dm.name);
	return 0;
}

int slots_erase(struct volume *volume, uint32_t slot, struct error *err)
{
	struct header *header = &volume->header;
	const struct status_slot *k;
	struct token_slot *s;
	struct error ignored;
	int ret = slots_check_erase(volume, slot, err);

	if (ret)
		return ret;
	token_slot(&header->token, slot)->state = TOKEN_ERASING;
	ret = header_write(header, err);
	if (ret)
		return ret;
	ret = finish_erase(volume, slot, err);
	s = token_slot(&header->token, slot);
	if (!ret || !s || volume_refresh(volume, &ignored))
		return ret;
	/* refused, and nothing was erased: then it is not to be done later */
	k = status_slot(&volume->dm.status, slot);
	if (k && strcmp(k->state, "erasing")) {
		s->state = TOKEN_USED;
		header_write(header, &ignored);
	}
	return ret;
}

int slots_lock(const struct volume *volume, uint32_t slot, struct error *err)
{
	return mapper_message(volume->dm.name,
			      "the kernel does not lock the slot", err,
			      "key evict %u", slot);
}

/* --- adding ----------------------------------------------------------------------- */

/* A number that neither the header nor the kernel has. */
static int free_slot(const struct volume *volume, struct error *err)
{
	struct token *token = (struct token *)&volume->header.token;
	uint32_t slot;

	for (slot = 0; slot <= TOKEN_SLOT_MAX; slot++)
		if (!token_slot(token, slot) &&
		    !status_slot(&volume->dm.status, slot))
			return (int)slot;
	return error_set(err, ENOSPC, "no slot of %s is free", volume->dm.name);
}

static unsigned int count_slots(const struct token *token, const char *user)
{
	unsigned int n = 0;
	uint32_t i;

	for (i = 0; i < token->n_slots; i++)
		n += !strcmp(token->slots[i].user, user);
	return n;
}

static int check_add(const struct volume *volume, const char *user,
		     struct error *err)
{
	const struct token *token = &volume->header.token;

	if (volume->dm.status.readonly)
		return error_set(err, EROFS, "%s is read-only", volume->dm.name);
	if (token->n_slots == TOKEN_SLOTS)
		return error_set(err, ENOSPC,
				 "the header has room for %d slots, and that many are there: erase one first",
				 TOKEN_SLOTS);
	if (count_slots(token, user) == KEYS_SLOTS)
		return error_set(err, ENOSPC,
				 "%s has %d slots already, which is the most: rekey --from --to makes them fewer",
				 user, KEYS_SLOTS);
	return 0;
}

/* An owner's key gets its keyslot between two writes of the token. */
static int add_keyslot(struct volume *volume, struct token_slot *s,
		       const struct secret *meta, const struct secret *key,
		       const struct secret *pass,
		       const struct header_cost *cost, struct error *err)
{
	struct header *header = &volume->header;
	int ret;

	s->state = TOKEN_ADDING;
	ret = header_write(header, err);
	if (!ret)
		ret = header_add_key(header, s->keyslot, meta, key, pass, cost,
				     err);
	s->state = TOKEN_USED;
	return ret;
}

static int add_marked(struct volume *volume, struct token_slot *s,
		      const struct secret *meta, const struct secret *key,
		      const struct secret *pass,
		      const struct header_cost *cost, struct error *err)
{
	int ret;

	if (s->owner)
		ret = add_keyslot(volume, s, meta, key, pass, cost, err);
	else
		ret = seal_close(&volume->header, s->slot, key, pass, cost,
				 &s->sealed, err);
	if (!ret)
		ret = header_write(&volume->header, err);
	if (!ret)
		ret = activate_key(volume, s->slot, key, err);
	return ret ? ret : volume_refresh(volume, err);
}

/*
 * Order: the mark in the token, the keyslot, the token, the kernel; of a user the token,
 * with his key, the kernel. A mark alone is taken back; a slot that the kernel does not
 * know yet is bound when it is loaded next.
 */
int slots_add(struct volume *volume, const char *user,
	      const struct secret *meta, const struct secret *key,
	      const struct secret *pass, const struct header_cost *cost,
	      struct error *err)
{
	struct token *token = &volume->header.token;
	int slot = free_slot(volume, err), keyslot = 0, ret;
	struct token_slot *s;
	struct error ignored;

	if (slot < 0)
		return slot;
	ret = check_add(volume, user, err);
	if (ret)
		return ret;
	if (meta)
		keyslot = header_free_key(&volume->header, true, err);
	if (keyslot < 0)
		return keyslot;
	s = &token->slots[token->n_slots++];
	*s = (struct token_slot){
		.slot = (uint32_t)slot, .owner = meta,
		.keyslot = (uint32_t)keyslot,
	};
	strcpy(s->user, user);
	ret = add_marked(volume, s, meta, key, pass, cost, err);
	if (!ret)
		return slot;
	/* bound to the key by the kernel, it stays */
	if (!volume_refresh(volume, &ignored) &&
	    !status_slot(&volume->dm.status, (uint32_t)slot))
		drop_slot(&volume->header, (uint32_t)slot, &ignored);
	return ret;
}

/* --- another passphrase -------------------------------------------------------------- */

/* The keyslot that is not the slot's any more, or not yet, goes. */
static int finish_change(struct header *header, struct token_slot *s,
			 struct error *err)
{
	int ret;

	/* else a mark that nobody of ours made */
	if (s->owner ? !header_has_key(header, s->keyslot) :
	    !header_has_owner_beside(header, s->other))
		return 0;
	ret = header_drop_key(header, s->other, err);
	if (ret)
		return ret;
	s->changing = false;
	return header_write(header, err);
}

/*
 * Order: the new keyslot's number in the token, the keyslot, the two exchanged in
 * the token, the old keyslot destroyed, the token. At each moment the slot has a
 * key that is whole. A user's has no keyslot before.
 */
static int change_keyslot(struct volume *volume, struct token_slot *s,
			  const struct secret *meta, const struct secret *key,
			  const struct secret *pass,
			  const struct header_cost *cost, struct error *err)
{
	struct header *header = &volume->header;
	int keyslot = header_free_key(header, !s->owner, err), ret;
	struct error ignored;

	if (keyslot < 0)
		return keyslot;
	s->changing = true;
	s->other = (uint32_t)keyslot;
	ret = header_write(header, err);
	if (!ret)
		ret = header_add_key(header, s->other, meta, key, pass, cost,
				     err);
	if (ret) {
		finish_change(header, s, &ignored);
		return ret;
	}
	s->other = s->keyslot;
	s->changing = s->owner;
	s->keyslot = (uint32_t)keyslot;
	s->owner = true;
	s->former = false;
	memset(&s->sealed, 0, sizeof(s->sealed));
	ret = header_write(header, err);
	return ret || !s->changing ? ret : finish_change(header, s, err);
}

/*
 * Order: the sealed key in the token, with the number of the keyslot that an owner had;
 * that destroyed; the token.
 */
static int change_sealed(struct volume *volume, struct token_slot *s,
			 const struct secret *key, const struct secret *pass,
			 const struct header_cost *cost, struct error *err)
{
	struct header *header = &volume->header;
	struct token_sealed sealed;
	int ret = seal_close(header, s->slot, key, pass, cost, &sealed, err);

	if (ret)
		return ret;
	s->sealed = sealed;
	s->changing = s->owner;
	s->other = s->keyslot;
	s->owner = false;
	s->former = false;
	ret = header_write(header, err);
	return ret || !s->changing ? ret : finish_change(header, s, err);
}

int slots_change(struct volume *volume, uint32_t slot, const struct keys *keys,
		 const struct secret *pass, const struct header_cost *cost,
		 struct error *err)
{
	const struct secret *key = keys_find(keys, slot);
	struct token_slot *s = token_slot(&volume->header.token, slot);

	if (s->rotating)
		return slots_unsettled(s, err);
	if (token_is_owner(s))
		return change_keyslot(volume, s, &keys->meta, key, pass, cost,
				      err);
	return change_sealed(volume, s, key, pass, cost, err);
}

int slots_set_role(struct volume *volume, uint32_t slot,
		   const struct secret *meta, const struct secret *key,
		   const struct secret *pass, const struct header_cost *cost,
		   struct error *err)
{
	struct token_slot *s = token_slot(&volume->header.token, slot);

	if (s->rotating)
		return slots_unsettled(s, err);
	if (token_is_owner(s) == !!meta && !s->former)
		return 0;
	if (meta)
		return change_keyslot(volume, s, meta, key, pass, cost, err);
	if (is_last_owner(&volume->header, s) ||
	    volume->header.token.n_slots == 1)
		return error_set(err, EBUSY,
				 "%s is the last owner: without one nobody opens the volume; make another one first (slot add --owner, slot role)",
				 s->user);
	return change_sealed(volume, s, key, pass, cost, err);
}

/* --- what is left to do ------------------------------------------------------------ */

/*
 * The job is not in the kernel any more. If it came to its end, no region is the
 * old slot's; else it was aborted, or never begun, and both slots stay.
 */
static int finish_rekey(struct volume *volume, struct error *err)
{
	struct header *header = &volume->header;
	uint32_t from = header->token.job.from;
	uint64_t assigned[STATUS_SLOTS];
	int ret;

	ret = slots_assigned(volume->dm.name, assigned, err);
	if (ret)
		return ret;
	header->token.job.set = false;
	if (!assigned[from])
		token_slot(&header->token, from)->state = TOKEN_ERASING;
	return header_write(header, err);
}

/* Returns 1 where the entry at @s is gone, 0, or a negative errno. */
static int finish_slot(struct volume *volume, struct token_slot *s,
		       struct error *err)
{
	const struct status *status = &volume->dm.status;
	const struct status_slot *k = status_slot(status, s->slot);
	uint64_t assigned[STATUS_SLOTS];
	int ret;

	if (s->state == TOKEN_USED ||
	    (status->job == STATUS_REKEY &&
	     (status->from == s->slot || status->to == s->slot)))
		return 0;
	/* a mark that nobody of ours made, or one of an old copy */
	if (is_last_owner(&volume->header, s)) {
		s->state = TOKEN_USED;
		return header_write(&volume->header, err);
	}
	if (s->state == TOKEN_ADDING && k) {
		/* an old copy's: the kernel got its key behind the keyslot */
		s->state = TOKEN_USED;
		return header_write(&volume->header, err);
	}
	if (s->state == TOKEN_ADDING) {
		/* no key of it can be in use */
		ret = drop_slot(&volume->header, s->slot, err);
		return ret ? ret : 1;
	}
	ret = slots_assigned(volume->dm.name, assigned, err);
	if (ret)
		return ret;
	/* the kernel has not begun it, and there are data: so it was not done */
	if (k && strcmp(k->state, "erasing") && assigned[s->slot]) {
		s->state = TOKEN_USED;
		return header_write(&volume->header, err);
	}
	ret = finish_erase(volume, s->slot, err);
	return ret ? ret : 1;
}

int slots_finish(struct volume *volume, struct error *err)
{
	const struct status *status = &volume->dm.status;
	struct token *token = &volume->header.token;
	uint32_t i = 0;
	int ret = 0;

	if (status->suspended || status->readonly)
		return 0;
	if (token->job.set && status->job == STATUS_NONE)
		ret = finish_rekey(volume, err);
	for (i = 0; !ret && i < token->n_slots; i++)
		if (token->slots[i].changing)
			ret = finish_change(&volume->header, &token->slots[i],
					    err);
	i = 0;
	while (ret >= 0 && i < token->n_slots) {
		ret = finish_slot(volume, &token->slots[i], err);
		i += !ret;
	}
	return ret < 0 ? ret : 0;
}
