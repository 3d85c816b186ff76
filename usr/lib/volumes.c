// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attr.h"
#include "volumes.h"

const struct channel_family volume_family = {
	.name = HEARTH_VOLUME_FAMILY_NAME,
	.version = HEARTH_VOLUME_FAMILY_VERSION,
	.group = HEARTH_VOLUME_MCGRP_VOLUMES,
	.event = HEARTH_VOLUME_CMD_VOLUME_NTF,
	.module = "dm-rekey",
	.things = "the volumes",
};

/* --- messages ------------------------------------------------------------ */

static const struct nla_policy volume_policy[HEARTH_VOLUME_A_VOLUME_MAX + 1] = {
	[HEARTH_VOLUME_A_VOLUME_NAME] = { .type = NLA_STRING },
	[HEARTH_VOLUME_A_VOLUME_UUID] = { .minlen = 16, .maxlen = 16 },
	[HEARTH_VOLUME_A_VOLUME_STATE] = { .type = NLA_U32 },
	[HEARTH_VOLUME_A_VOLUME_SECTORS] = { .type = NLA_U64 },
	[HEARTH_VOLUME_A_VOLUME_REGION_SECTORS] = { .type = NLA_U32 },
	[HEARTH_VOLUME_A_VOLUME_REGIONS] = { .type = NLA_U64 },
	[HEARTH_VOLUME_A_VOLUME_WRITTEN] = { .type = NLA_U64 },
	[HEARTH_VOLUME_A_VOLUME_CIPHER] = { .type = NLA_STRING },
	[HEARTH_VOLUME_A_VOLUME_RATE] = { .type = NLA_U32 },
	[HEARTH_VOLUME_A_VOLUME_JOB] = { .type = NLA_NESTED },
};

static const struct nla_policy job_policy[HEARTH_VOLUME_A_JOB_MAX + 1] = {
	[HEARTH_VOLUME_A_JOB_KIND] = { .type = NLA_U32 },
	[HEARTH_VOLUME_A_JOB_STATE] = { .type = NLA_U32 },
	[HEARTH_VOLUME_A_JOB_FROM] = { .type = NLA_U32 },
	[HEARTH_VOLUME_A_JOB_TO] = { .type = NLA_U32 },
	[HEARTH_VOLUME_A_JOB_FIRST] = { .type = NLA_U64 },
	[HEARTH_VOLUME_A_JOB_COUNT] = { .type = NLA_U64 },
	[HEARTH_VOLUME_A_JOB_MOVED] = { .type = NLA_U64 },
	[HEARTH_VOLUME_A_JOB_TODO] = { .type = NLA_U64 },
	[HEARTH_VOLUME_A_JOB_ERRORS] = { .type = NLA_U64 },
	[HEARTH_VOLUME_A_JOB_STALE] = { .type = NLA_U64 },
};

static const struct nla_policy run_policy[HEARTH_VOLUME_A_RUN_MAX + 1] = {
	[HEARTH_VOLUME_A_RUN_FIRST] = { .type = NLA_U64 },
	[HEARTH_VOLUME_A_RUN_COUNT] = { .type = NLA_U64 },
	[HEARTH_VOLUME_A_RUN_SLOT] = { .type = NLA_U32 },
	[HEARTH_VOLUME_A_RUN_DEVICE] = { .type = NLA_U32 },
	[HEARTH_VOLUME_A_RUN_PLACE] = { .type = NLA_U64 },
};

static int parse_job(struct nlattr *nest, struct volume_job *job)
{
	struct nlattr *a[HEARTH_VOLUME_A_JOB_MAX + 1];

	if (!nest)
		return 0;
	if (nla_parse_nested(a, HEARTH_VOLUME_A_JOB_MAX, nest, job_policy) ||
	    !a[HEARTH_VOLUME_A_JOB_KIND])
		return -EBADMSG;
	job->kind = attr_u32(a[HEARTH_VOLUME_A_JOB_KIND]);
	job->state = attr_u32(a[HEARTH_VOLUME_A_JOB_STATE]);
	job->from = attr_u32(a[HEARTH_VOLUME_A_JOB_FROM]);
	job->to = attr_u32(a[HEARTH_VOLUME_A_JOB_TO]);
	job->first = attr_u64(a[HEARTH_VOLUME_A_JOB_FIRST]);
	job->count = attr_u64(a[HEARTH_VOLUME_A_JOB_COUNT]);
	job->moved = attr_u64(a[HEARTH_VOLUME_A_JOB_MOVED]);
	job->todo = attr_u64(a[HEARTH_VOLUME_A_JOB_TODO]);
	job->errors = attr_u64(a[HEARTH_VOLUME_A_JOB_ERRORS]);
	job->stale = attr_u64(a[HEARTH_VOLUME_A_JOB_STALE]);
	return 0;
}

int volume_parse(struct nl_msg *msg, struct volume_info *volume)
{
	struct nlattr *a[HEARTH_VOLUME_A_VOLUME_MAX + 1];

	memset(volume, 0, sizeof(*volume));
	if (genlmsg_parse(nlmsg_hdr(msg), 0, a, HEARTH_VOLUME_A_VOLUME_MAX,
			  volume_policy) ||
	    !a[HEARTH_VOLUME_A_VOLUME_NAME])
		return -EBADMSG;
	nla_strlcpy(volume->name, a[HEARTH_VOLUME_A_VOLUME_NAME],
		    sizeof(volume->name));
	if (a[HEARTH_VOLUME_A_VOLUME_UUID])
		memcpy(volume->uuid, nla_data(a[HEARTH_VOLUME_A_VOLUME_UUID]),
		       sizeof(volume->uuid));
	volume->state = attr_u32(a[HEARTH_VOLUME_A_VOLUME_STATE]);
	volume->sectors = attr_u64(a[HEARTH_VOLUME_A_VOLUME_SECTORS]);
	volume->region_sectors =
		attr_u32(a[HEARTH_VOLUME_A_VOLUME_REGION_SECTORS]);
	volume->regions = attr_u64(a[HEARTH_VOLUME_A_VOLUME_REGIONS]);
	volume->written = attr_u64(a[HEARTH_VOLUME_A_VOLUME_WRITTEN]);
	volume->rate = attr_u32(a[HEARTH_VOLUME_A_VOLUME_RATE]);
	attr_string(a[HEARTH_VOLUME_A_VOLUME_CIPHER], volume->cipher,
		    sizeof(volume->cipher));
	return parse_job(a[HEARTH_VOLUME_A_VOLUME_JOB], &volume->job);
}

int volume_run_parse(struct nl_msg *msg, struct volume_run *run)
{
	struct nlattr *a[HEARTH_VOLUME_A_RUN_MAX + 1];

	memset(run, 0, sizeof(*run));
	if (genlmsg_parse(nlmsg_hdr(msg), 0, a, HEARTH_VOLUME_A_RUN_MAX,
			  run_policy) ||
	    !a[HEARTH_VOLUME_A_RUN_FIRST] || !a[HEARTH_VOLUME_A_RUN_COUNT])
		return -EBADMSG;
	run->first = attr_u64(a[HEARTH_VOLUME_A_RUN_FIRST]);
	run->count = attr_u64(a[HEARTH_VOLUME_A_RUN_COUNT]);
	run->slot = attr_u32(a[HEARTH_VOLUME_A_RUN_SLOT]);
	run->written = a[HEARTH_VOLUME_A_RUN_DEVICE];
	run->device = attr_u32(a[HEARTH_VOLUME_A_RUN_DEVICE]);
	run->place = attr_u64(a[HEARTH_VOLUME_A_RUN_PLACE]);
	return 0;
}

/* --- requests ------------------------------------------------------------ */

struct nl_msg *volume_dump_request(struct channel *chan, void *arg)
{
	(void)arg;
	return channel_request(chan, HEARTH_VOLUME_CMD_VOLUME_GET, NLM_F_DUMP);
}

struct dump {
	const char *name;
	struct volume_run *runs;
	size_t n;
	size_t size;
	bool failed;
};

static struct nl_msg *runs_request(struct channel *chan, void *arg)
{
	const struct dump *dump = arg;
	struct nl_msg *msg;

	msg = channel_request(chan, HEARTH_VOLUME_CMD_REGION_GET, NLM_F_DUMP);
	if (msg && nla_put_string(msg, HEARTH_VOLUME_A_RUN_NAME, dump->name)) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

static void runs_begin(void *arg)
{
	struct dump *dump = arg;

	dump->n = 0;
}

static void runs_add(struct nl_msg *msg, void *arg)
{
	struct dump *dump = arg;
	struct volume_run *runs;

	if (dump->n == dump->size) {
		dump->size = dump->size ? dump->size * 2 : 64;
		runs = realloc(dump->runs, dump->size * sizeof(*runs));
		if (!runs) {
			dump->size = dump->n;
			dump->failed = true;
			return;
		}
		dump->runs = runs;
	}
	if (!volume_run_parse(msg, &dump->runs[dump->n]))
		dump->n++;
}

int volume_runs(struct channel *chan, const char *name, volume_run_fn fn,
		void *arg, struct error *err)
{
	char what[64 + HEARTH_VOLUME_NAME_MAX_LEN];
	struct dump dump = { .name = name };
	const struct channel_dump how = {
		.request = runs_request,
		.begin = runs_begin,
		.fn = runs_add,
		.arg = &dump,
		.what = what,
	};
	size_t i;
	int ret;

	snprintf(what, sizeof(what), "the kernel does not show the map of %s",
		 name);
	ret = channel_dump(chan, &how, err);
	if (!ret && dump.failed)
		ret = error_set(err, ENOMEM, "out of memory");
	for (i = 0; !ret && i < dump.n; i++)
		fn(&dump.runs[i], arg);
	free(dump.runs);
	return ret;
}

/* --- words --------------------------------------------------------------- */

const char *volume_state_name(uint32_t state)
{
	switch (state) {
	case HEARTH_VOLUME_VOLUME_STATE_ACTIVE: return "active";
	case HEARTH_VOLUME_VOLUME_STATE_READ_ONLY: return "read-only";
	case HEARTH_VOLUME_VOLUME_STATE_INACTIVE: return "inactive";
	default: return "unknown";
	}
}

const char *volume_job_kind_name(uint32_t kind)
{
	switch (kind) {
	case HEARTH_VOLUME_JOB_KIND_REKEY: return "rekey";
	case HEARTH_VOLUME_JOB_KIND_DRAIN: return "drain";
	default: return "unknown";
	}
}

const char *volume_job_state_name(uint32_t state)
{
	switch (state) {
	case HEARTH_VOLUME_JOB_STATE_RUNNING: return "running";
	case HEARTH_VOLUME_JOB_STATE_PAUSED: return "paused";
	case HEARTH_VOLUME_JOB_STATE_NO_KEY: return "no-key";
	case HEARTH_VOLUME_JOB_STATE_NO_SPACE: return "no-space";
	case HEARTH_VOLUME_JOB_STATE_ERROR: return "error";
	case HEARTH_VOLUME_JOB_STATE_DONE: return "done";
	case HEARTH_VOLUME_JOB_STATE_ABORTED: return "aborted";
	case HEARTH_VOLUME_JOB_STATE_WAITING: return "waiting";
	case HEARTH_VOLUME_JOB_STATE_INCOMPLETE: return "incomplete";
	default: return "unknown";
	}
}
