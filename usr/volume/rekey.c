// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "activate.h"
#include "owner.h"
#include "rekey.h"
#include "slots.h"

/* A slot of the kernel's with its key, of which the header knows nothing. */
static bool is_orphan(const struct volume *v, uint32_t slot)
{
	const struct status_slot *k = status_slot(&v->dm.status, slot);

	return k && !strcmp(k->state, "loaded") &&
	       !token_slot((struct token *)&v->header.token, slot);
}

static int which_from(const struct volume *v, const struct rekey_params *p,
		      const struct keys *keys, struct error *err)
{
	if (p->from >= 0) {
		if (keys_find(keys, (uint32_t)p->from) ||
		    is_orphan(v, (uint32_t)p->from))
			return p->from;
		return error_set(err, EINVAL, "slot %d is not one of %s",
				 p->from, keys->user);
	}
	if (keys->n > 1)
		return error_set(err, EINVAL,
				 "%s has several slots: say which, with --from (slot list shows them)",
				 keys->user);
	return (int)keys->slot[0].slot;
}

/* A slot that is there, or a new one with a key of its own. */
static int which_to(struct volume *v, const struct rekey_params *p,
		    const struct keys *keys, uint32_t from,
		    const struct secret *pass, struct error *err)
{
	/* what is of the header is the same for the new slot */
	bool owner = keys_are_owners(keys, from) ||
		     (is_orphan(v, from) && keys->meta.size);
	const struct secret *old;
	struct secret key;
	int ret;

	if (p->to >= 0) {
		old = keys_find(keys, (uint32_t)p->to);
		if (!old)
			return error_set(err, EINVAL, "slot %d is not one of %s",
					 p->to, keys->user);
		if (owner && !keys_are_owners(keys, (uint32_t)p->to) &&
		    !is_orphan(v, from))
			return error_set(err, EINVAL,
					 "slot %u is an owner's and slot %d is not: %s would be no owner any more (slot role)",
					 from, p->to, keys->user);
		ret = activate_key(v, (uint32_t)p->to, old, err);
		return ret ? ret : p->to;
	}
	ret = secret_random(&key, v->header.token.key_size, err);
	if (ret)
		return ret;
	ret = slots_add(v, keys->user, owner ? &keys->meta : NULL, &key, pass,
			&p->cost, err);
	secret_free(&key);
	return ret;
}

/* A rekey of all of a slot leaves a mark: the old slot is erased behind it. */
static int mark_job(struct volume *v, bool set, uint32_t from, uint32_t to,
		    struct error *err)
{
	v->header.token.job = (struct token_job){ set, from, to };
	return header_write(&v->header, err);
}

static int send_start(const struct volume *v, const struct rekey_params *p,
		      const uint32_t *slots, struct error *err)
{
	static const char what[] = "the kernel does not begin the rekey";

	if (p->has_range)
		return mapper_message(v->dm.name, what, err,
				      "rekey start %u %u %llu %llu", slots[0],
				      slots[1], (unsigned long long)p->first,
				      (unsigned long long)p->count);
	return mapper_message(v->dm.name, what, err, "rekey start %u %u",
			      slots[0], slots[1]);
}

static int check(const struct volume *v, const struct rekey_params *p,
		 struct error *err)
{
	const struct status *status = &v->dm.status;

	if (status->suspended)
		return error_set(err, EBUSY, "%s is suspended: resume it first",
				 v->dm.name);
	if (status->job != STATUS_NONE)
		return error_set(err, EBUSY,
				 "%s has a job already: wait for it, or abort it",
				 v->dm.name);
	if (p->has_range && (p->first >= status->regions ||
			     p->count > status->regions - p->first))
		return error_set(err, EINVAL, "%s has regions 0 to %llu",
				 v->dm.name,
				 (unsigned long long)status->regions - 1);
	return 0;
}

static int begin(struct volume *v, const struct rekey_params *p,
		 const uint32_t *slots, struct error *err)
{
	/* one that the header lacks has no keyslot that could go */
	bool mark = !p->has_range && token_slot(&v->header.token, slots[0]);
	int ret = 0;

	if (p->has_rate)
		ret = mapper_message(v->dm.name, "the kernel does not take the rate",
				     err, "rate %u", p->rate);
	if (!ret && mark)
		ret = mark_job(v, true, slots[0], slots[1], err);
	return ret ? ret : send_start(v, p, slots, err);
}

/* What a new slot of an owner gets is the metadata key that the volume is under. */
static int check_owner(const struct volume *v, struct keys *keys,
		       uint32_t from, struct error *err)
{
	const struct token_slot *s =
		token_slot((struct token *)&v->header.token, from);

	if (s && s->rotating)
		return slots_unsettled(s, err);
	return keys->meta.size ? owner_prove(v, keys, err) : 0;
}

/*
 * Order: the new key in the header, in the kernel, the mark, the job. A crash
 * before the job leaves two slots of one user, as an abort does.
 */
int rekey_start(struct volume *volume, const struct rekey_params *params,
		struct keys *keys, const struct secret *pass,
		uint32_t slots[static 2], struct error *err)
{
	const struct secret *old;
	struct error ignored;
	int from, to, ret = check(volume, params, err);

	if (ret)
		return ret;
	from = which_from(volume, params, keys, err);
	if (from < 0)
		return from;
	ret = check_owner(volume, keys, (uint32_t)from, err);
	if (ret)
		return ret;
	if (from == params->to)
		return error_set(err, EINVAL, "from slot %d to itself", from);
	old = keys_find(keys, (uint32_t)from);
	if (old)
		ret = activate_key(volume, (uint32_t)from, old, err);
	if (ret)
		return ret;
	to = which_to(volume, params, keys, (uint32_t)from, pass, err);
	if (to < 0)
		return to;
	slots[0] = (uint32_t)from;
	slots[1] = (uint32_t)to;
	ret = begin(volume, params, slots, err);
	if (!ret)
		return 0;
	/* nothing is under a new slot: so it goes again */
	if (volume->header.token.job.set)
		mark_job(volume, false, 0, 0, &ignored);
	if (params->to < 0)
		slots_erase(volume, slots[1], &ignored);
	return ret;
}
