// SPDX-License-Identifier: GPL-2.0
/*
 * info NAME	all that volume-get tells of a volume's slots and devices
 * info NAME R	the run that begins with region R
 *
 * One line each; a refusal goes to standard error, with exit code 2.
 */
#include <err.h>
#include <inttypes.h>
#include <linux/hearth_volume.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../usr/lib/volumes.h"

static uint64_t number(struct nlattr **a, int attr)
{
	if (!a[attr])
		return UINT64_MAX;
	return nla_len(a[attr]) == 8 ? nla_get_u64(a[attr]) :
				       nla_get_u32(a[attr]);
}

static void show_nest(const char *what, struct nlattr *nest, int first, int last)
{
	struct nlattr *a[32];
	int i;

	nla_parse_nested(a, last, nest, NULL);
	printf("%s", what);
	for (i = first; i <= last; i++)
		printf(" %" PRId64, (int64_t)number(a, i));
	puts("");
}

static void show_volume(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	struct nlattr *attr;
	int left;

	(void)arg;
	nla_for_each_attr(attr, genlmsg_attrdata(genlmsg_hdr(nlh), 0),
			  genlmsg_attrlen(genlmsg_hdr(nlh), 0), left) {
		if (nla_type(attr) == HEARTH_VOLUME_A_VOLUME_SLOT)
			show_nest("slot", attr, HEARTH_VOLUME_A_SLOT_NUMBER,
				  HEARTH_VOLUME_A_SLOT_REGIONS);
		else if (nla_type(attr) == HEARTH_VOLUME_A_VOLUME_DEVICE)
			show_nest("device", attr, HEARTH_VOLUME_A_DEVICE_NUMBER,
				  HEARTH_VOLUME_A_DEVICE_FREE);
	}
}

static void show_run(struct nl_msg *msg, void *arg)
{
	struct volume_run run;

	(void)arg;
	if (volume_run_parse(msg, &run))
		errx(1, "no run");
	printf("run %" PRIu64 " %" PRIu64 " %u %d %u %" PRIu64 "\n", run.first,
	       run.count, run.slot, run.written, run.device, run.place);
}

int main(int argc, char **argv)
{
	struct channel chan;
	struct nl_msg *msg;
	struct error error;
	int ret;

	if (argc < 2)
		errx(1, "usage: info NAME [REGION]");
	if (channel_open(&chan, &volume_family, &error))
		errx(2, "%s", error.text);
	msg = channel_request(&chan, argc > 2 ? HEARTH_VOLUME_CMD_REGION_GET :
			      HEARTH_VOLUME_CMD_VOLUME_GET, NLM_F_ACK);
	/* both have the name as the attribute of the same number */
	if (strcmp(argv[1], "-"))
		nla_put_string(msg, HEARTH_VOLUME_A_VOLUME_NAME, argv[1]);
	if (argc > 2)
		nla_put_u64(msg, HEARTH_VOLUME_A_RUN_FIRST,
			    strtoull(argv[2], NULL, 0));
	ret = channel_run(&chan, msg, argc > 2 ? show_run : show_volume, NULL,
			  "refused", &error);
	channel_close(&chan);
	if (ret)
		errx(2, "%s", error.text);
	return 0;
}
