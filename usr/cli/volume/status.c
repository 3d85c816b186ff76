// SPDX-License-Identifier: GPL-2.0
/* "hearth volume status". */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../format/size.h"
#include "../../volume/volume.h"
#include "help.h"
#include "options.h"
#include "volume.h"

#define SAMPLE_MS	1000u

/* A volume twice: a job's rate is the difference. */
struct shown {
	struct volume v;
	bool has_header;	/* then its token tells users' names */
	uint64_t moved;		/* at the first sample */
	struct error problem;
};

struct list {
	struct shown **shown;
	size_t n;
	const char *header;
};

static int add(const char *name, void *arg)
{
	struct list *list = arg;
	struct shown *s = calloc(1, sizeof(*s));
	struct shown **grown = realloc(list->shown,
				       (list->n + 1) * sizeof(*grown));
	struct error err;

	if (!s || !grown)
		abort();
	list->shown = grown;
	list->shown[list->n++] = s;
	s->has_header = !volume_look(&s->v, name, list->header, &s->problem);
	if (s->has_header)
		volume_put(&s->v);
	else if (mapper_get(name, &s->v.dm, &err))
		/* gone meanwhile, or none of ours */
		list->n--, free(s);
	else
		s->v.header.token.n_slots = 0;
	return 0;
}

static bool running(const struct shown *s)
{
	return s->v.dm.status.job != STATUS_NONE &&
	       !strcmp(s->v.dm.status.state, "running");
}

static void sample(struct list *list)
{
	const struct timespec step = { .tv_sec = SAMPLE_MS / 1000 };
	bool any = false;
	struct error err;
	size_t i;

	for (i = 0; i < list->n; i++) {
		list->shown[i]->moved = list->shown[i]->v.dm.status.moved;
		any |= running(list->shown[i]);
	}
	if (!any)
		return;
	nanosleep(&step, NULL);
	for (i = 0; i < list->n; i++)
		volume_refresh(&list->shown[i]->v, &err);
}

static void show_slots(struct out *out, const struct shown *s)
{
	const struct status *status = &s->v.dm.status;
	struct token *token = (struct token *)&s->v.header.token;
	char size[SIZE_TEXT];
	uint32_t i;

	out_array_begin(out, "slots");
	for (i = 0; i < status->n_slots; i++) {
		const struct status_slot *k = &status->slots[i];
		const struct token_slot *t = token_slot(token, k->slot);

		out_object_begin(out, NULL);
		out_uint(out, "slot", "    slot %llu", k->slot);
		if (t)
			out_string(out, "user", " of %s", t->user);
		else if (s->has_header)
			out_text(out, " (NOT IN THE HEADER, which is an old copy)");
		else
			out_text(out, " (whose, the header tells)");
		out_string(out, "state", ": %s, ", k->state);
		out_uint(out, "regions", "%llu regions", k->regions);
		out_string(out, NULL, " (%s)",
			   size_text(k->regions * status->region * 512, size));
		out_text(out, "\n");
		out_object_end(out);
	}
	out_array_end(out);
	if (s->has_header && s->v.header.token.job.set &&
	    status->job == STATUS_NONE)
		out_string(out, NULL,
			   "    the rekey is at its end; its old slot is erased by: hearth volume job wait %s\n",
			   s->v.dm.name);
}

static void show_progress(struct out *out, const struct shown *s)
{
	const struct status *status = &s->v.dm.status;
	uint64_t all = status->moved + status->todo, rate;
	char text[SIZE_TEXT];

	out_uint(out, "percent", ", %llu%%", all ? status->moved * 100 / all :
		 100);
	out_uint(out, "moved", NULL, status->moved);
	out_uint(out, "todo", NULL, status->todo);
	out_uint(out, "stale", !status->todo && status->stale ?
		 ", %llu old places to overwrite" : NULL, status->stale);
	if (!running(s))
		return;
	rate = (status->moved - s->moved) * status->region * 1000 / SAMPLE_MS;
	/* slower than a region a second: what it may do is what it does */
	if (!rate)
		rate = status->rate * 2ull;
	out_uint(out, "kib-per-second", NULL, rate / 2);
	out_string(out, NULL, ", %s/s", size_text(rate * 512, text));
	if (!rate)
		return;
	rate = status->todo * status->region / rate;
	out_uint(out, "seconds-left", NULL, rate);
	out_string(out, NULL, ", %s left", size_time(rate, text));
}

static void show_job(struct out *out, const struct shown *s)
{
	const struct status *status = &s->v.dm.status;
	bool drain = status->job == STATUS_DRAIN;

	if (status->job == STATUS_NONE)
		return;
	out_object_begin(out, "job");
	out_string(out, "kind", "    %s", drain ? "drain" : "rekey");
	out_uint(out, "from", drain ? " from device %llu" : " from slot %llu",
		 status->from);
	out_uint(out, "to", " to %llu", status->to);
	out_string(out, "state", ": %s", status->state);
	out_uint(out, "first", NULL, status->first);
	out_uint(out, "count", NULL, status->count);
	show_progress(out, s);
	out_uint(out, "errors", status->errors ? ", %llu errors" : NULL,
		 status->errors);
	out_uint(out, "rate-limit", status->rate ? ", at most %llu KiB/s" :
		 NULL, status->rate);
	out_text(out, "\n");
	out_object_end(out);
}

static void show_devices(struct out *out, const struct shown *s)
{
	const struct table *table = &s->v.dm.table;
	char path[PATH_MAX];
	uint32_t i;

	if (!disk_path(table->meta, path, sizeof(path)))
		strcpy(path, table->meta);
	out_string(out, "meta", "    metadata on %s\n", path);
	out_array_begin(out, "devices");
	for (i = 0; i < table->n_devices; i++) {
		const struct table_device *d = &table->devices[i];

		if (!disk_path(d->name, path, sizeof(path)))
			strcpy(path, d->name);
		out_object_begin(out, NULL);
		out_uint(out, "number", "    device %llu: ", i);
		out_string(out, "path", "%s", path);
		out_uint(out, "offset", " from sector %llu on\n", d->offset);
		out_object_end(out);
	}
	out_array_end(out);
}

static void show_one(struct out *out, const struct shown *s)
{
	const struct mapper_volume *dm = &s->v.dm;
	const struct status *status = &dm->status;
	char size[SIZE_TEXT];

	out_object_begin(out, NULL);
	out_string(out, "name", "%s: ", dm->name);
	out_string(out, "uuid", NULL, dm->uuid);
	out_string(out, "state", "%s, ", status->suspended ? "suspended" :
		   status->readonly ? "read-only" : "open");
	out_uint(out, "sectors", NULL, dm->sectors);
	out_string(out, NULL, "%s", size_text(dm->sectors * 512, size));
	out_string(out, "cipher", ", %s", dm->table.cipher);
	if (status->suspended) {
		out_text(out, "\n");
		out_object_end(out);
		return;
	}
	out_string(out, "driver", " by %s\n", status->driver);
	out_uint(out, "region-size", NULL, status->region * 512ull);
	out_uint(out, "written", "    %llu", status->written);
	out_uint(out, "regions", " of %llu regions are written", status->regions);
	out_uint(out, "free", ", %llu", status->free);
	out_uint(out, "places", " of %llu places are free\n", status->places);
	show_slots(out, s);
	show_job(out, s);
	show_devices(out, s);
	if (s->has_header)
		out_string(out, "header", "    header: %s\n",
			   s->v.header.path);
	else
		out_string(out, "problem", "    the header: %s\n",
			   s->problem.text);
	out_object_end(out);
}

static int show(struct out *out, const char *name, const char *header)
{
	struct list list = { .header = header };
	struct mapper_volume *dm = calloc(1, sizeof(*dm));
	struct error err;
	size_t i;
	int ret;

	if (!dm)
		abort();
	if (name) {
		ret = mapper_get(name, dm, &err);
		if (!ret)
			add(name, &list);
	} else {
		ret = mapper_list(add, &list, &err);
	}
	free(dm);
	if (ret)
		return refused(&err);
	sample(&list);
	out_array_begin(out, NULL);
	for (i = 0; i < list.n; i++) {
		show_one(out, list.shown[i]);
		free(list.shown[i]);
	}
	if (!list.n)
		out_text(out, "no volume is open\n");
	out_array_end(out);
	free(list.shown);
	return EXIT_DONE;
}

static int run(struct run *run)
{
	struct volume_options o;
	int ret = volume_options_read(run, &o);

	return ret >= 0 ? ret :
	       show(run->out, run->argc ? run->argv[0] : NULL, o.header);
}

const struct verb volume_status = {
	.name = "status",
	.what = "show one volume, or all that are open",
	.synopsis = "[NAME]",
	.help =
	"Shows slots and users, a job with its progress, rate and time left (measured\n"
	"for a second), the cipher's driver, and devices. Nothing is changed.\n"
	"\n"
	HELP_HEADER,
	.options = volume_header_option,
	.most = 1, .needs = "a name or nothing",
	.run = run,
};
