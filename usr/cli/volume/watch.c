// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "../../lib/volumes.h"
#include "watch.h"

static int parse_volume(struct nl_msg *msg, void *thing)
{
	return volume_parse(msg, thing);
}

static bool is_same_volume(const void *a, const void *b)
{
	const struct volume_info *x = a, *y = b;

	return !strcmp(x->name, y->name);
}

static bool has_volume_changed(const void *before, const void *now)
{
	const struct volume_info *x = before, *y = now;

	return x->state != y->state || x->job.kind != y->job.kind ||
	       x->job.state != y->job.state || x->job.moved != y->job.moved ||
	       (!y->job.todo && x->job.stale != y->job.stale);
}

static bool is_volume_gone(const void *thing)
{
	const struct volume_info *volume = thing;

	return volume->state == HEARTH_VOLUME_VOLUME_STATE_INACTIVE;
}

static void set_volume_gone(void *thing)
{
	struct volume_info *volume = thing;

	volume->state = HEARTH_VOLUME_VOLUME_STATE_INACTIVE;
	volume->job.kind = 0;
}

static void show_job(struct out *out, const struct volume_job *job)
{
	uint64_t total = job->moved + job->todo;

	out_object_begin(out, "job");
	out_string(out, "kind", "; %s", volume_job_kind_name(job->kind));
	out_uint(out, "from", " from %llu", job->from);
	out_uint(out, "to", " to %llu", job->to);
	out_string(out, "state", ": %s", volume_job_state_name(job->state));
	out_uint(out, "moved", ", %llu moved", job->moved);
	out_uint(out, "todo", ", %llu to do", job->todo);
	out_uint(out, "percent", " (%llu %%)",
		 total ? job->moved * 100 / total : 100);
	out_uint(out, "stale", !job->todo && job->stale ?
		 ", %llu old places to overwrite" : NULL, job->stale);
	out_uint(out, "errors", job->errors ? ", %llu errors" : NULL,
		 job->errors);
	out_object_end(out);
}

static void show_volume(struct out *out, const void *thing)
{
	const struct volume_info *volume = thing;

	out_string(out, "volume", "volume %s: ", volume->name);
	out_string(out, "state", "%s", volume_state_name(volume->state));
	out_uint(out, "written", ", %llu", volume->written);
	out_uint(out, "regions", " of %llu regions written", volume->regions);
	out_uint(out, "rate", volume->rate ? ", at most %llu KiB/s" : NULL,
		 volume->rate);
	if (volume->job.kind)
		show_job(out, &volume->job);
}

const struct monitor_kind volume_watch = {
	.object = "volume",
	.name = "volume",
	.family = &volume_family,
	.size = sizeof(struct volume_info),
	.parse = parse_volume,
	.dump = volume_dump_request,
	.refused = "the kernel does not show its volumes",
	.is_same = is_same_volume,
	.has_changed = has_volume_changed,
	.is_gone = is_volume_gone,
	.set_gone = set_volume_gone,
	.show = show_volume,
};
