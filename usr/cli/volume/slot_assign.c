// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "../../format/number.h"
#include "../../volume/slots.h"
#include "slot.h"

static int assign(struct out *out, struct volume *v,
		  const struct volume_options *o, char **argv,
		  struct error *err)
{
	struct token *token = &v->header.token;
	int slot = token_find(token, argv[3], err), ret;
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

static int run(struct run *run)
{
	return slot_change(run, NULL, assign);
}

const struct verb slot_assign_verb = {
	.name = "assign",
	.what = "give regions that were never written to a slot",
	.synopsis = "NAME FIRST COUNT USER|SLOT",
	.help =
	"Gives COUNT regions from FIRST on, none of them written, to a slot. New volumes\n"
	"belong to slot 0.\n"
	"\n"
	HELP_HEADER,
	.options = volume_header_option,
	.least = 4, .most = 4,
	.needs = "a name, a first region, a count, and a user or slot",
	.run = run,
};
