// SPDX-License-Identifier: GPL-2.0
#include "../../format/size.h"
#include "../../volume/slots.h"
#include "slot.h"

/* What the header says of a slot that the kernel has not, or not any more. */
static const char *state_name(const struct token_slot *s,
			      const struct status_slot *k)
{
	if (s && s->state != TOKEN_USED)
		return token_state_name(s->state);
	return k ? k->state : "not used yet";
}

static void show(struct out *out, const struct volume *v,
		 const struct token_slot *s, const struct status_slot *k,
		 const uint64_t *assigned)
{
	uint32_t slot = s ? s->slot : k->slot;
	uint64_t written = k ? k->regions : 0;
	char text[SIZE_TEXT];

	out_object_begin(out, NULL);
	out_uint(out, "slot", "slot %llu: ", slot);
	if (s)
		out_string(out, "user", "%s, ", s->user);
	if (s)
		out_string(out, "role", "%s, ", token_role(s));
	out_string(out, "state", "%s, ", state_name(s, k));
	if (assigned)
		out_uint(out, "assigned", "%llu regions, ", assigned[slot]);
	out_uint(out, "regions", "%llu written", written);
	out_string(out, NULL, " (%s)",
		   size_text(written * v->dm.status.region * 512, text));
	if (s && s->owner)
		out_uint(out, "keyslot", ", keyslot %llu\n", s->keyslot);
	else if (s)
		out_text(out, "\n");
	else
		out_text(out, ", NOT IN THE HEADER, which is an old copy\n");
	out_object_end(out);
}

static int list(struct out *out, struct volume *v,
		const struct volume_options *o, char **argv, struct error *err)
{
	const struct token *token = &v->header.token;
	const struct status *status = &v->dm.status;
	const struct token_slot *s;
	uint64_t assigned[STATUS_SLOTS];
	uint32_t i;
	int ret = 0;

	(void)o;
	/* the map is not shown of a volume that is suspended */
	if (!status->suspended)
		ret = slots_assigned(argv[0], assigned, err);
	if (ret)
		return ret;
	out_array_begin(out, NULL);
	for (s = token->slots; s < token->slots + token->n_slots; s++)
		show(out, v, s, status_slot(status, s->slot),
		     status->suspended ? NULL : assigned);
	for (i = 0; i < status->n_slots; i++)
		if (!token_slot((struct token *)token, status->slots[i].slot))
			show(out, v, NULL, &status->slots[i], assigned);
	out_array_end(out);
	return 0;
}

static int run(struct run *run)
{
	return slot_look(run, list);
}

const struct verb slot_list_verb = {
	.name = "list",
	.what = "show slots, users and how much is under each",
	.synopsis = "NAME",
	.help =
	"Shows slots, users, and who of them is an owner; how many regions are each one's,\n"
	"and how many of these are written. Nothing is changed.\n"
	"\n"
	HELP_HEADER,
	.options = volume_header_option,
	.least = 1, .most = 1, .needs = "a name",
	.run = run,
};
