// SPDX-License-Identifier: GPL-2.0
/* "hearth volume job": rekeys and drains, once they are begun. */
#include <errno.h>
#include <stdlib.h>

#include "../../volume/job.h"
#include "help.h"
#include "options.h"
#include "progress.h"
#include "volume.h"

static void show(struct out *out, const char *name, const char *state)
{
	out_object_begin(out, NULL);
	out_string(out, "name", "%s: ", name);
	out_string(out, "state", "%s\n", state);
	out_object_end(out);
}

/* There is one, or it is said that there is none. */
static int has_job(const char *name, bool *has, struct error *err)
{
	struct mapper_volume *dm = calloc(1, sizeof(*dm));
	int ret = dm ? mapper_get(name, dm, err) :
		  error_set(err, ENOMEM, "no memory");

	*has = !ret && dm->status.job != STATUS_NONE;
	free(dm);
	return ret;
}

static int no_job(const char *name, struct error *err)
{
	return error_set(err, ENOENT, "%s has no job (any more)", name);
}

/* --- pause, resume, abort ---------------------------------------------------------- */

static int pause_run(struct run *run)
{
	struct volume_options o;
	int ret = volume_options_read(run, &o);
	struct error err;
	bool has;

	if (ret >= 0)
		return ret;
	ret = has_job(run->argv[0], &has, &err);
	if (!ret && !has)
		ret = no_job(run->argv[0], &err);
	if (!ret)
		ret = job_send(run->argv[0], &err, "rekey pause");
	if (ret)
		return refused(&err);
	show(run->out, run->argv[0], "paused");
	return EXIT_DONE;
}

/* One that ends before the message comes has gone on to its end. */
static int resume(const char *name, bool wait, struct error *err)
{
	struct error second;
	bool has;
	int ret = has_job(name, &has, err);

	if (!ret && has) {
		ret = job_send(name, err, "rekey resume");
		if (ret && !has_job(name, &has, &second) && !has)
			ret = 0;
	}
	if (!ret && !has && !wait)
		ret = no_job(name, err);
	return ret;
}

static int resume_run(struct run *run)
{
	struct volume_options o;
	int ret = volume_options_read(run, &o);
	struct error err;

	if (ret >= 0)
		return ret;
	if (resume(run->argv[0], o.wait, &err))
		return refused(&err);
	if (o.wait)
		return progress_wait(run->out, run->argv[0], o.header);
	show(run->out, run->argv[0], "resumed");
	return EXIT_DONE;
}

static int abort_run(struct run *run)
{
	struct volume *v = calloc(1, sizeof(*v));
	struct volume_options o;
	int ret = volume_options_read(run, &o);
	struct error err;
	bool has;

	if (!v)
		abort();
	if (ret < 0) {
		ret = has_job(run->argv[0], &has, &err);
		if (!ret && !has)
			ret = no_job(run->argv[0], &err);
		if (!ret)
			ret = job_send(run->argv[0], &err, "rekey abort");
		/* takes the mark away */
		if (!ret)
			ret = volume_get(v, run->argv[0], o.header, &err);
		if (!ret) {
			volume_put(v);
			show(run->out, run->argv[0], "aborted");
		}
		ret = ret ? refused(&err) : EXIT_DONE;
	}
	free(v);
	return ret;
}

/* --- rate, wait ---------------------------------------------------------------------- */

static int rate_run(struct run *run)
{
	struct volume_options o;
	int ret = volume_options_read(run, &o);
	struct error err;
	uint32_t rate;

	if (ret >= 0)
		return ret;
	if (!volume_rate(run->argv[1], &rate))
		return usage("a rate is a number a second with K, M or G (a number alone counts KiB), or 0 for none, not \"%s\"",
			     run->argv[1]);
	if (job_send(run->argv[0], &err, "rate %u", rate))
		return refused(&err);
	out_object_begin(run->out, NULL);
	out_string(run->out, "name", "%s: ", run->argv[0]);
	out_uint(run->out, "rate", rate ? "at most %llu KiB/s\n" : "no limit, others come first\n",
		 rate);
	out_object_end(run->out);
	return EXIT_DONE;
}

static int wait_run(struct run *run)
{
	struct volume_options o;
	int ret = volume_options_read(run, &o);

	return ret >= 0 ? ret :
	       progress_wait(run->out, run->argv[0], o.header);
}

/* --- verbs ------------------------------------------------------------------------------ */

static const struct verb pause_verb = {
	.name = "pause",
	.what = "hold a job, also over a close",
	.synopsis = "NAME",
	.help = "Holds the job of a volume until resume, also over a close.\n",
	.least = 1, .most = 1, .needs = "a name",
	.run = pause_run,
};

static const struct verb resume_verb = {
	.name = "resume",
	.what = "let a job go on, also after an error",
	.synopsis = "NAME [--wait]",
	.help =
	"Lets a job go on that was paused or has met an error.\n"
	"\n"
	"  --wait              wait for its end\n"
	HELP_HEADER,
	.options = volume_wait_options,
	.least = 1, .most = 1, .needs = "a name",
	.run = resume_run,
};

static const struct verb abort_verb = {
	.name = "abort",
	.what = "end a job where it is",
	.synopsis = "NAME",
	.help =
	"Ends a job. What has moved stays where it is, and both slots stay with the user.\n"
	"\n"
	HELP_HEADER,
	.options = volume_header_option,
	.least = 1, .most = 1, .needs = "a name",
	.run = abort_run,
};

static const struct verb rate_verb = {
	.name = "rate",
	.what = "limit jobs to so much a second; 0: others come first",
	.synopsis = "NAME RATE",
	.help =
	"Limits jobs until the volume is closed: 50M is 50 MiB/s, a number alone counts\n"
	"KiB/s. With 0 there is no limit, but beside others who read or write a job moves\n"
	"a region at a time, and rests between two of them.\n",
	.least = 2, .most = 2, .needs = "a name and a rate",
	.run = rate_run,
};

static const struct verb wait_verb = {
	.name = "wait",
	.what = "wait for the end of a job, with its progress",
	.synopsis = "NAME",
	.help =
	"Waits until the volume has no job, and finishes what is behind it: the old slot\n"
	"of a rekey is erased. Where there is no job it is done at once. Ctrl-C ends the\n"
	"waiting, not the job. A job that does not go on ends it with 2.\n"
	"\n"
	HELP_HEADER,
	.options = volume_header_option,
	.least = 1, .most = 1, .needs = "a name",
	.run = wait_run,
};

static const struct verb *const verbs[] = {
	&wait_verb, &pause_verb, &resume_verb, &abort_verb, &rate_verb, NULL,
};

const struct verb job_object = {
	.name = "job",
	.what = "a rekey or a drain that was begun",
	.verbs = verbs,
};
