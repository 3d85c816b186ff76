// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../format/number.h"
#include "volume.h"

/* Something that is done to an open volume. */
typedef int (*slot_fn)(struct out *out, struct volume *v,
		       const struct volume_options *o, char **argv,
		       struct error *err);

static int with_volume(struct out *out, const struct volume_options *o,
		       char **argv, slot_fn fn)
{
	struct volume *v = calloc(1, sizeof(*v));
	struct error err;
	int ret;

	if (!v)
		abort();
	ret = volume_get(v, argv[0], o->header, &err);
	if (!ret) {
		ret = fn(out, v, o, argv, &err);
		volume_put(v);
	}
	free(v);
	if (ret)
		out_drop(out);
	return ret ? refused(&err) : EXIT_DONE;
}

/* "v: slot 1 of bob" and what became of it. */
static void show_done(struct out *out, const char *name, uint32_t slot,
		      const char *user, const char *what)
{
	out_object_begin(out, NULL);
	out_string(out, "name", "%s: ", name);
	out_uint(out, "slot", "slot %llu", slot);
	out_string(out, "user", " of %s", user);
	out_string(out, "state", " %s\n", what);
	out_object_end(out);
}

/* --- list ---------------------------------------------------------------------- */

static int list(struct out *out, struct volume *v,
		const struct volume_options *o, char **argv, struct error *err)
{
	const struct token *token = &v->header.token;
	const struct token_slot *s;
	char text[32];

	(void)o, (void)argv, (void)err;
	out_array_begin(out, NULL);
	for (s = token->slots; s < token->slots + token->n_slots; s++) {
		const struct status_slot *k = status_slot(&v->dm.status,
							  s->slot);
		uint64_t regions = k ? k->regions : 0;

		out_object_begin(out, NULL);
		out_uint(out, "slot", "slot %llu: ", s->slot);
		out_string(out, "user", "%s, ", s->user);
		out_string(out, "state", "%s, ", s->state == TOKEN_ERASING ?
			   "erasing" : k ? k->state : "not used yet");
		out_uint(out, "regions", "%llu regions", regions);
		out_string(out, NULL, " (%s)",
			   volume_size_text(regions * v->dm.status.region,
					    text));
		out_uint(out, "keyslot", ", keyslot %llu\n", s->keyslot);
		out_object_end(out);
	}
	out_array_end(out);
	return 0;
}

int volume_slot_list(struct out *out, struct volume_options *o, int argc,
		     char **argv)
{
	(void)argc;
	return with_volume(out, o, argv, list);
}

/* --- add ----------------------------------------------------------------------- */

static bool has_user(const struct token *token, const char *user)
{
	uint32_t i;

	for (i = 0; i < token->n_slots; i++)
		if (!strcmp(token->slots[i].user, user))
			return true;
	return false;
}

/* The metadata key is one user's to give, and each user has it. */
static int add(struct out *out, struct volume *v,
	       const struct volume_options *o, char **argv, struct error *err)
{
	struct secret pass, new, key;
	struct keys keys;
	char prompt[128];
	int ret;

	if (has_user(&v->header.token, o->user))
		return error_set(err, EEXIST,
				 "%s is a user already: rekey gives a new key",
				 o->user);
	ret = volume_unlock(&keys, &v->header, o, NULL, &pass, err);
	if (ret)
		return ret;
	secret_free(&pass);
	snprintf(prompt, sizeof(prompt), "New passphrase of %s", o->user);
	ret = ask_secret(&new, &o->new_key, prompt, true, err);
	if (!ret) {
		ret = keys_make(&keys, &v->header, &key, err);
		if (!ret) {
			ret = volume_add_slot(v, o->user, &key, &new, &o->cost,
					      err);
			secret_free(&key);
		}
		secret_free(&new);
	}
	keys_free(&keys);
	if (ret < 0)
		return ret;
	show_done(out, argv[0], (uint32_t)ret, o->user, "added and loaded");
	return 0;
}

int volume_slot_add(struct out *out, struct volume_options *o, int argc,
		    char **argv)
{
	(void)argc;
	if (!o->user)
		return usage("volume slot add needs --user");
	return with_volume(out, o, argv, add);
}

/* --- assign -------------------------------------------------------------------- */

static int assign(struct out *out, struct volume *v,
		  const struct volume_options *o, char **argv,
		  struct error *err)
{
	struct token *token = &v->header.token;
	int slot = volume_which_slot(token, argv[3], err), ret;
	uint64_t first, count;

	(void)o;
	if (slot < 0)
		return slot;
	if (!number_parse(argv[1], UINT32_MAX, &first) ||
	    !number_parse(argv[2], UINT32_MAX, &count) || !count ||
	    first + count > v->dm.status.regions)
		return error_set(err, EINVAL,
				 "%s has regions 0 to %llu: \"%s %s\" is no range of them",
				 argv[0], (unsigned long long)
				 v->dm.status.regions - 1, argv[1], argv[2]);
	ret = mapper_message(argv[0], "the kernel does not assign the regions",
			     err, "assign %llu %llu %d",
			     (unsigned long long)first,
			     (unsigned long long)count, slot);
	if (ret)
		return ret;
	out_object_begin(out, NULL);
	out_string(out, "name", "%s: ", argv[0]);
	out_uint(out, "count", "%llu regions", count);
	out_uint(out, "first", " from region %llu on", first);
	out_uint(out, "slot", " are for slot %llu", (uint64_t)slot);
	out_string(out, "user", " of %s\n",
		   token_slot(token, (uint32_t)slot)->user);
	out_object_end(out);
	return 0;
}

int volume_slot_assign(struct out *out, struct volume_options *o, int argc,
		       char **argv)
{
	(void)argc;
	return with_volume(out, o, argv, assign);
}

/* --- erase --------------------------------------------------------------------- */

static int erase(struct out *out, struct volume *v,
		 const struct volume_options *o, char **argv,
		 struct error *err)
{
	struct token *token = &v->header.token;
	int slot = volume_which_slot(token, argv[1], err), ret;
	const struct status_slot *s;
	char question[512], size[32], user[TOKEN_USER];

	if (slot < 0)
		return slot;
	s = status_slot(&v->dm.status, (uint32_t)slot);
	strcpy(user, token_slot(token, (uint32_t)slot)->user);
	snprintf(question, sizeof(question),
		 "Slot %d of %s and all data under it (%s) will be lost for ever%s.",
		 slot, user, volume_size_text(s ? s->regions *
					      v->dm.status.region : 0, size),
		 token->n_slots == 1 ?
		 ". It is the last one: the volume will never open again" : "");
	if (!o->yes && !ask_yes(question))
		return error_set(err, ECANCELED,
				 "nothing was erased: --yes does it without a question");
	ret = volume_erase(v, (uint32_t)slot, err);
	if (!ret)
		show_done(out, argv[0], (uint32_t)slot, user, "erased");
	return ret;
}

int volume_slot_erase(struct out *out, struct volume_options *o, int argc,
		      char **argv)
{
	(void)argc;
	return with_volume(out, o, argv, erase);
}

/* --- unlock and lock ------------------------------------------------------------- */

static int unlock(struct out *out, struct volume *v,
		  const struct volume_options *o, char **argv,
		  struct error *err)
{
	struct secret pass;
	struct keys keys;
	unsigned int i;
	int ret;

	ret = volume_unlock(&keys, &v->header, o, argv[1], &pass, err);
	if (ret)
		return ret;
	secret_free(&pass);
	out_array_begin(out, NULL);
	for (i = 0; !ret && i < keys.n; i++) {
		ret = volume_load_key(v, keys.slot[i].slot, &keys.slot[i].key,
				      err);
		if (!ret)
			show_done(out, argv[0], keys.slot[i].slot, argv[1],
				  "unlocked");
	}
	if (!ret)
		out_array_end(out);
	keys_free(&keys);
	return ret;
}

int volume_slot_unlock(struct out *out, struct volume_options *o, int argc,
		       char **argv)
{
	(void)argc;
	return with_volume(out, o, argv, unlock);
}

static int lock(struct out *out, struct volume *v,
		const struct volume_options *o, char **argv, struct error *err)
{
	const struct token *token = &v->header.token;
	const struct token_slot *s;
	int ret = 0;

	(void)o;
	if (!has_user(token, argv[1]))
		return error_set(err, ENOENT, "there is no user %s", argv[1]);
	out_array_begin(out, NULL);
	for (s = token->slots; !ret && s < token->slots + token->n_slots; s++) {
		const struct status_slot *k = status_slot(&v->dm.status,
							  s->slot);

		if (strcmp(s->user, argv[1]) || !k || strcmp(k->state, "loaded"))
			continue;
		ret = mapper_message(argv[0],
				     "the kernel does not lock the slot", err,
				     "key evict %u", s->slot);
		if (!ret)
			show_done(out, argv[0], s->slot, argv[1], "locked");
	}
	if (!ret)
		out_array_end(out);
	return ret;
}

int volume_slot_lock(struct out *out, struct volume_options *o, int argc,
		     char **argv)
{
	(void)argc;
	return with_volume(out, o, argv, lock);
}

/* --- passwd ---------------------------------------------------------------------- */

static int change_keys(struct volume *v, const struct volume_options *o,
		       const struct keys *keys, const struct secret *pass,
		       const struct secret *new, struct error *err)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < keys->n; i++) {
		const struct token_slot *s = token_slot(&v->header.token,
							keys->slot[i].slot);

		ret = header_change_key(&v->header, s->keyslot, pass, new,
					&o->cost, err);
	}
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

	ret = volume_unlock(&keys, &v->header, o, argv[1], &pass, err);
	if (ret)
		return ret;
	snprintf(prompt, sizeof(prompt), "New passphrase of %s", argv[1]);
	ret = ask_secret(&new, &o->new_key, prompt, true, err);
	if (!ret) {
		ret = change_keys(v, o, &keys, &pass, &new, err);
		secret_free(&new);
	}
	secret_free(&pass);
	keys_free(&keys);
	if (ret)
		return ret;
	out_object_begin(out, NULL);
	out_string(out, "name", "%s: ", argv[0]);
	out_string(out, "user", "%s has a new passphrase\n", argv[1]);
	out_object_end(out);
	return 0;
}

int volume_slot_passwd(struct out *out, struct volume_options *o, int argc,
		       char **argv)
{
	(void)argc;
	return with_volume(out, o, argv, passwd);
}
