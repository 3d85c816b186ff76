// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "slot.h"

static int with_volume(struct run *run, slot_check check, slot_fn fn,
		       bool change)
{
	struct volume *v = calloc(1, sizeof(*v));
	struct volume_options o;
	int ret = volume_options_read(run, &o);
	struct error err;

	if (!v)
		abort();
	if (ret < 0 && check)
		ret = check(&o);
	if (ret < 0) {
		ret = change ? volume_get(v, run->argv[0], o.header, &err) :
			       volume_look(v, run->argv[0], o.header, &err);
		if (!ret) {
			ret = fn(run->out, v, &o, run->argv, &err);
			volume_put(v);
		}
		if (ret)
			out_drop(run->out);
		ret = ret ? refused(&err) : EXIT_DONE;
	}
	free(v);
	return ret;
}

int slot_change(struct run *run, slot_check check, slot_fn fn)
{
	return with_volume(run, check, fn, true);
}

int slot_look(struct run *run, slot_fn fn)
{
	return with_volume(run, NULL, fn, false);
}

void slot_show(struct out *out, const char *name, uint32_t slot,
	       const char *user, const char *what)
{
	out_object_begin(out, NULL);
	out_string(out, "name", "%s: ", name);
	out_uint(out, "slot", "slot %llu", slot);
	out_string(out, "user", " of %s", user);
	out_string(out, "state", " %s\n", what);
	out_object_end(out);
}

static const struct verb *const verbs[] = {
	&slot_list_verb, &slot_add_verb, &slot_assign_verb, &slot_erase_verb,
	&slot_unlock_verb, &slot_lock_verb, &slot_passwd_verb, &slot_role_verb,
	NULL,
};

const struct verb slot_object = {
	.name = "slot",
	.what = "the numbered keys of a volume, and whose they are",
	.verbs = verbs,
};
