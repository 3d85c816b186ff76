// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

#include "../../lib/volumes.h"
#include "../test.h"

static struct nl_msg *message(void)
{
	struct nl_msg *msg = nlmsg_alloc();

	genlmsg_put(msg, 0, 0, 99, 0, 0, HEARTH_VOLUME_CMD_VOLUME_NTF, 1);
	return msg;
}

static void volume_parses_all(void)
{
	struct nl_msg *msg = message();
	struct volume_info volume;
	struct nlattr *nest;

	nla_put_string(msg, HEARTH_VOLUME_A_VOLUME_NAME, "home");
	nla_put(msg, HEARTH_VOLUME_A_VOLUME_UUID, 16, "0123456789abcdef");
	nla_put_u32(msg, HEARTH_VOLUME_A_VOLUME_STATE, 2);
	nla_put_u64(msg, HEARTH_VOLUME_A_VOLUME_SECTORS, 1ULL << 33);
	nla_put_u32(msg, HEARTH_VOLUME_A_VOLUME_REGION_SECTORS, 2048);
	nla_put_u64(msg, HEARTH_VOLUME_A_VOLUME_REGIONS, 1ULL << 22);
	nla_put_u64(msg, HEARTH_VOLUME_A_VOLUME_WRITTEN, 5);
	nla_put_string(msg, HEARTH_VOLUME_A_VOLUME_CIPHER, "aes-xts-plain64");
	nla_put_u32(msg, HEARTH_VOLUME_A_VOLUME_RATE, 100);
	nla_put_u32(msg, 1000, 1);	/* of a later version */
	nest = nla_nest_start(msg, HEARTH_VOLUME_A_VOLUME_JOB);
	nla_put_u32(msg, HEARTH_VOLUME_A_JOB_KIND, 1);
	nla_put_u32(msg, HEARTH_VOLUME_A_JOB_STATE, 3);
	nla_put_u32(msg, HEARTH_VOLUME_A_JOB_TO, 4);
	nla_put_u64(msg, HEARTH_VOLUME_A_JOB_MOVED, 1ULL << 40);
	nla_nest_end(msg, nest);

	expect(!volume_parse(msg, &volume));
	expect_text(volume.name, "home");
	expect(!memcmp(volume.uuid, "0123456789abcdef", 16));
	expect(volume.state == HEARTH_VOLUME_VOLUME_STATE_READ_ONLY);
	expect(volume.sectors == 1ULL << 33 && volume.region_sectors == 2048);
	expect(volume.regions == 1ULL << 22 && volume.written == 5);
	expect_text(volume.cipher, "aes-xts-plain64");
	expect(volume.rate == 100);
	expect(volume.job.kind == HEARTH_VOLUME_JOB_KIND_REKEY);
	expect(volume.job.state == HEARTH_VOLUME_JOB_STATE_NO_KEY);
	expect(!volume.job.from && volume.job.to == 4);
	expect(volume.job.moved == 1ULL << 40 && !volume.job.todo);
	nlmsg_free(msg);
}

static void volume_refuses_what_is_none(void)
{
	struct volume_info volume;
	struct nl_msg *msg = message();
	struct nlattr *nest;

	expect(volume_parse(msg, &volume) == -EBADMSG);
	nla_put_string(msg, HEARTH_VOLUME_A_VOLUME_NAME, "home");
	expect(!volume_parse(msg, &volume) && !volume.job.kind);
	nest = nla_nest_start(msg, HEARTH_VOLUME_A_VOLUME_JOB);
	nla_put_u32(msg, HEARTH_VOLUME_A_JOB_STATE, 3);
	nla_nest_end(msg, nest);
	expect(volume_parse(msg, &volume) == -EBADMSG);
	nlmsg_free(msg);

	msg = message();
	nla_put_string(msg, HEARTH_VOLUME_A_VOLUME_NAME, "home");
	nla_put(msg, HEARTH_VOLUME_A_VOLUME_UUID, 15, "0123456789abcdef");
	expect(volume_parse(msg, &volume) == -EBADMSG);
	nlmsg_free(msg);
}

static void run_is_parsed(void)
{
	struct nl_msg *msg = message();
	struct volume_run run;

	nla_put_u64(msg, HEARTH_VOLUME_A_RUN_FIRST, 3);
	expect(volume_run_parse(msg, &run) == -EBADMSG);
	nla_put_u64(msg, HEARTH_VOLUME_A_RUN_COUNT, 4);
	nla_put_u32(msg, HEARTH_VOLUME_A_RUN_SLOT, 5);
	expect(!volume_run_parse(msg, &run));
	expect(run.first == 3 && run.count == 4 && run.slot == 5);
	expect(!run.written);
	nla_put_u32(msg, HEARTH_VOLUME_A_RUN_DEVICE, 0);
	nla_put_u64(msg, HEARTH_VOLUME_A_RUN_PLACE, 1ULL << 39);
	expect(!volume_run_parse(msg, &run));
	expect(run.written && !run.device && run.place == 1ULL << 39);
	nlmsg_free(msg);
}

static void volume_has_words(void)
{
	uint32_t i;

	for (i = 1; i <= HEARTH_VOLUME_VOLUME_STATE_INACTIVE; i++)
		expect(strcmp(volume_state_name(i), "unknown"));
	for (i = 1; i <= HEARTH_VOLUME_JOB_KIND_DRAIN; i++)
		expect(strcmp(volume_job_kind_name(i), "unknown"));
	for (i = 1; i <= HEARTH_VOLUME_JOB_STATE_INCOMPLETE; i++)
		expect(strcmp(volume_job_state_name(i), "unknown"));
	expect_text(volume_state_name(0), "unknown");
	expect_text(volume_job_kind_name(0), "unknown");
	expect_text(volume_job_state_name(UINT32_MAX), "unknown");
}

const struct test tests[] = {
	TEST(volume_parses_all),
	TEST(volume_refuses_what_is_none),
	TEST(run_is_parsed),
	TEST(volume_has_words),
	{ 0 },
};
