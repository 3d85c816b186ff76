// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <libdevmapper.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../format/klog.h"
#include "mapper.h"

#define UUID_PREFIX	"HEARTH-"
#define PRIVATE_PREFIX	"hearth-tmp-"	/* and a process' number */
#define NUMBER		32		/* bytes of "major:minor" */

/* libdevmapper prints what we tell better. */
__attribute__((format(printf, 5, 6)))
static void quiet(int level, const char *file, int line, int errno_or_class,
		  const char *f, ...)
{
	(void)level, (void)file, (void)line, (void)errno_or_class, (void)f;
}

static struct dm_task *task_new(int type, const char *name)
{
	struct dm_task *task;

	dm_log_with_errno_init(quiet);
	task = dm_task_create(type);
	if (task && name && !dm_task_set_name(task, name)) {
		dm_task_destroy(task);
		task = NULL;
	}
	return task;
}

static int no_task(struct error *err)
{
	return error_set(err, ENODEV,
			 "the kernel's device-mapper cannot be used: is dm-mod loaded, and are you root?");
}

/* --- what a device says ---------------------------------------------------------- */

/* The line of the one target of a device, to be freed; NULL: not ours. */
static char *target_line(int type, const char *name, uint64_t *sectors)
{
	struct dm_task *task = task_new(type, name);
	char *target = NULL, *params = NULL, *line = NULL;
	uint64_t start, length;

	if (!task)
		return NULL;
	dm_task_no_flush(task);
	if (dm_task_run(task)) {
		dm_get_next_target(task, NULL, &start, &length, &target,
				   &params);
		if (target && params && !strcmp(target, "rekey")) {
			line = strdup(params);
			*sectors = length;
		}
	}
	dm_task_destroy(task);
	return line;
}

/* --- why it was refused --------------------------------------------------------- */

/* A request: what is said of it counts, from its beginning on. */
struct request {
	const char *what;	/* "... refused" of a sentence */
	const char *number;	/* of the device */
	const char *verb;	/* of a message, or NULL */
	const char *resumed;	/* a volume that is to live behind it, or NULL */
	int log;		/* -1: it cannot be read */
};

static void request_begin(struct request *r)
{
	r->log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (r->log >= 0)
		lseek(r->log, 0, SEEK_END);
}

/* The first that is said of the highest rank: the rest is what it led to. */
static bool log_reason(const struct request *r, char *text, size_t size)
{
	enum klog_rank best = KLOG_NONE, rank;
	char record[4096], said[256];
	ssize_t n;

	while (r->log >= 0) {
		n = read(r->log, record, sizeof(record) - 1);
		if (n < 0 && errno == EPIPE)
			continue;	/* overtaken: the next is the oldest */
		if (n <= 0)
			break;
		record[n] = '\0';
		rank = klog_reason(record, r->number, r->verb, said,
				   sizeof(said));
		if (rank <= best)
			continue;
		best = rank;
		snprintf(text, size, "%s", said);
	}
	return best != KLOG_NONE;
}

/*
 * A volume that was in use is resumed in any case, so that nobody waits for ever: one
 * that the kernel cannot activate fails all I/O, and says no more than this.
 */
static bool is_dead(const char *name)
{
	uint64_t sectors;
	char *line = target_line(DM_DEVICE_STATUS, name, &sectors);
	bool dead = line && !strcmp(line, "suspended");

	free(line);
	return dead;
}

static int request_run(struct request *r, struct dm_task *task,
		       struct error *err)
{
	char reason[256];
	int ret = 0, code = 0;

	request_begin(r);
	if (!dm_task_run(task)) {
		code = dm_task_get_errno(task);
		if (!code)
			code = EIO;
	} else if (r->resumed && is_dead(r->resumed)) {
		code = EIO;
	}
	if (code) {
		if (!log_reason(r, reason, sizeof(reason)))
			snprintf(reason, sizeof(reason), "%s", strerror(code));
		ret = error_set(err, code, "%s: %s", r->what, reason);
	}
	if (r->log >= 0)
		close(r->log);
	return ret;
}

/* The same with udev told of it, and the device's node there when it returns. */
static int request_run_nodes(struct request *r, struct dm_task *task,
			     uint16_t flags, struct error *err)
{
	uint32_t cookie = 0;
	int ret;

	if (!dm_task_set_cookie(task, &cookie, flags))
		cookie = 0;
	ret = request_run(r, task, err);
	if (cookie)
		dm_udev_wait(cookie);
	dm_task_update_nodes();
	return ret;
}

/* --- devices --------------------------------------------------------------------- */

bool mapper_name_valid(const char *name)
{
	size_t len = strlen(name), i;

	if (!len || len >= MAPPER_NAME || !strcmp(name, "control") ||
	    *name == '.' || *name == '-')
		return false;
	for (i = 0; i < len; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-",
			    name[i]))
			return false;
	return true;
}

static bool device_info(const char *name, struct dm_info *info, char *uuid,
			size_t size)
{
	struct dm_task *task = task_new(DM_DEVICE_INFO, name);
	bool ok;

	if (!task)
		return false;
	ok = dm_task_run(task) && dm_task_get_info(task, info) && info->exists;
	if (ok)
		snprintf(uuid, size, "%s", dm_task_get_uuid(task));
	dm_task_destroy(task);
	return ok;
}

void mapper_number(const char *name, char *number, size_t size)
{
	struct dm_info info = { 0 };
	char uuid[256];

	device_info(name, &info, uuid, sizeof(uuid));
	snprintf(number, size, "%u:%u", info.major, info.minor);
}

static bool is_ours(const char *uuid)
{
	return !strncmp(uuid, UUID_PREFIX, strlen(UUID_PREFIX));
}

/* Of our own: nobody is to look what is on it. */
#define FLAGS_PRIVATE	(DM_UDEV_DISABLE_SUBSYSTEM_RULES_FLAG | \
			 DM_UDEV_DISABLE_DISK_RULES_FLAG | \
			 DM_UDEV_DISABLE_OTHER_RULES_FLAG)

/* A device without a table. Its "major:minor" goes into @number. */
static int create_empty(const char *name, const char *uuid, bool readonly,
			char *number, size_t size, struct error *err)
{
	struct dm_task *task = task_new(DM_DEVICE_CREATE, name);
	struct request r = { .what = "a device cannot be made", .verb = "" };
	char dm_uuid[MAPPER_UUID + 16];
	struct dm_info info;
	int ret;

	if (!task)
		return no_task(err);
	snprintf(dm_uuid, sizeof(dm_uuid), UUID_PREFIX "%s", uuid ? uuid : "");
	if ((uuid && !dm_task_set_uuid(task, dm_uuid)) ||
	    (readonly && !dm_task_set_ro(task)))
		ret = error_set(err, ENOMEM, "no memory for a device");
	else
		ret = request_run(&r, task, err);
	if (!ret && !dm_task_get_info(task, &info))
		ret = error_set(err, EIO, "a device cannot be made");
	if (!ret)
		snprintf(number, size, "%u:%u", info.major, info.minor);
	dm_task_destroy(task);
	return ret;
}

/* What a table is loaded into, and what to say where it is refused. */
struct place {
	const char *name;
	const char *number;
	const char *what;
};

static int load_table(const struct place *place, const char *target,
		      const char *params, uint64_t sectors, bool readonly,
		      struct error *err)
{
	struct dm_task *task = task_new(DM_DEVICE_RELOAD, place->name);
	struct request r = { .what = place->what, .number = place->number };
	int ret;

	if (!task)
		return no_task(err);
	if ((readonly && !dm_task_set_ro(task)) ||
	    !dm_task_add_target(task, 0, sectors, target, params)) {
		ret = error_set(err, ENOMEM, "no memory for a table");
	} else {
		/* keys are named in it, though not told */
		dm_task_secure_data(task);
		ret = request_run(&r, task, err);
	}
	dm_task_destroy(task);
	return ret;
}

/* One of DM_DEVICE_RESUME, _SUSPEND, _REMOVE, _CLEAR. */
static int run_simple(int type, const char *name, const char *number,
		      const char *what, uint16_t flags, struct error *err)
{
	struct request r = {
		.what = what, .number = number, .verb = number ? NULL : "",
		.resumed = type == DM_DEVICE_RESUME ? name : NULL,
	};
	struct dm_task *task = task_new(type, name);
	int ret;

	if (!task)
		return no_task(err);
	if (type == DM_DEVICE_REMOVE)
		dm_task_retry_remove(task);
	if (type == DM_DEVICE_RESUME || type == DM_DEVICE_REMOVE)
		ret = request_run_nodes(&r, task, flags, err);
	else
		ret = request_run(&r, task, err);
	dm_task_destroy(task);
	return ret;
}

int mapper_create(const char *name, const char *uuid, const char *target,
		  const char *params, uint64_t sectors, bool readonly,
		  struct error *err)
{
	char number[NUMBER], what[MAPPER_NAME + 32];
	const struct place place = { name, number, what };
	uint16_t flags = uuid ? 0 : FLAGS_PRIVATE;
	struct error ignored;
	int ret;

	snprintf(what, sizeof(what), "the kernel does not open %s", name);
	ret = create_empty(name, uuid, readonly, number, sizeof(number), err);
	if (ret)
		return ret;
	ret = load_table(&place, target, params, sectors, readonly, err);
	if (!ret)
		ret = run_simple(DM_DEVICE_RESUME, name, number, what, flags,
				 err);
	if (ret)
		run_simple(DM_DEVICE_REMOVE, name, number, "", flags, &ignored);
	return ret;
}

/* The "major:minor" of a device of ours. */
static int find_number(const char *name, char *number, size_t size,
		       struct error *err)
{
	struct dm_info info;
	char uuid[256];

	if (!device_info(name, &info, uuid, sizeof(uuid)) || !is_ours(uuid))
		return error_set(err, ENODEV, "no volume %s is open", name);
	snprintf(number, size, "%u:%u", info.major, info.minor);
	return 0;
}

int mapper_load(const char *name, const char *params, uint64_t sectors,
		bool readonly, struct error *err)
{
	char number[NUMBER];
	const struct place place = {
		name, number, "the kernel does not take the new table",
	};
	int ret = find_number(name, number, sizeof(number), err);

	return ret ? ret : load_table(&place, "rekey", params, sectors,
				      readonly, err);
}

void mapper_clear(const char *name)
{
	struct error ignored;

	run_simple(DM_DEVICE_CLEAR, name, NULL, "", 0, &ignored);
}

static int change_state(int type, const char *name, const char *verb,
			struct error *err)
{
	char number[NUMBER], what[MAPPER_NAME + 64];
	int ret = find_number(name, number, sizeof(number), err);

	snprintf(what, sizeof(what), "the kernel does not %s %s", verb, name);
	return ret ? ret : run_simple(type, name, number, what, 0, err);
}

int mapper_suspend(const char *name, struct error *err)
{
	return change_state(DM_DEVICE_SUSPEND, name, "suspend", err);
}

int mapper_resume(const char *name, struct error *err)
{
	return change_state(DM_DEVICE_RESUME, name, "resume", err);
}

int mapper_remove(const char *name, struct error *err)
{
	char what[MAPPER_NAME + 32];

	snprintf(what, sizeof(what), "%s cannot be closed", name);
	return run_simple(DM_DEVICE_REMOVE, name, NULL, what, 0, err);
}

/* --- devices of our own ------------------------------------------------------------ */

void mapper_private_name(const char *what, char name[static MAPPER_NAME])
{
	snprintf(name, MAPPER_NAME, PRIVATE_PREFIX "%d-%s", (int)getpid(),
		 what);
}

int mapper_try(const char *params, uint64_t sectors, struct error *err)
{
	char name[MAPPER_NAME], number[NUMBER];
	const struct place place = {
		name, number, "the kernel does not take such a volume",
	};
	struct error ignored;
	int ret;

	mapper_private_name("try", name);
	ret = create_empty(name, NULL, false, number, sizeof(number), err);
	if (ret)
		return ret;
	ret = load_table(&place, "rekey", params, sectors, false, err);
	run_simple(DM_DEVICE_REMOVE, name, number, "", FLAGS_PRIVATE, &ignored);
	return ret;
}

/* --- what is there --------------------------------------------------------------- */

static int parse_lines(const char *name, struct mapper_volume *volume,
		       struct error *err)
{
	char *line = target_line(DM_DEVICE_STATUS, name, &volume->sectors);
	int ret;

	if (!line)
		return error_set(err, ENODEV, "%s has no active table", name);
	ret = status_parse(line, &volume->status, err);
	free(line);
	if (ret)
		return ret;
	line = target_line(DM_DEVICE_TABLE, name, &volume->sectors);
	if (!line)
		return error_set(err, ENODEV, "%s has no active table", name);
	ret = table_parse(line, &volume->table, err);
	free(line);
	return ret;
}

int mapper_info(const char *name, struct mapper_volume *volume,
		struct error *err)
{
	struct dm_info info;
	char uuid[256];

	memset(volume, 0, sizeof(*volume));
	if (!mapper_name_valid(name))
		return error_set(err, EINVAL, "\"%s\" is no name of a volume",
				 name);
	if (!device_info(name, &info, uuid, sizeof(uuid)))
		return error_set(err, ENODEV, "no volume %s is open", name);
	if (!is_ours(uuid))
		return error_set(err, ENODEV, "%s is a device, but no volume of ours",
				 name);
	strcpy(volume->name, name);
	snprintf(volume->uuid, sizeof(volume->uuid), "%.*s", MAPPER_UUID - 1,
		 uuid + strlen(UUID_PREFIX));
	volume->readonly = info.read_only;
	volume->suspended = info.suspended;
	volume->pending = info.inactive_table;
	volume->opens = (uint32_t)info.open_count;
	return 0;
}

int mapper_get(const char *name, struct mapper_volume *volume,
	       struct error *err)
{
	int ret = mapper_info(name, volume, err);

	return ret ? ret : parse_lines(name, volume, err);
}

int mapper_message(const char *name, const char *what, struct error *err,
		   const char *fmt, ...)
{
	char text[512], number[NUMBER], verb[32];
	struct request r = { .what = what, .number = number, .verb = verb };
	struct dm_task *task;
	va_list args;
	int ret = find_number(name, number, sizeof(number), err);

	if (ret)
		return ret;
	task = task_new(DM_DEVICE_TARGET_MSG, name);
	if (!task)
		return no_task(err);
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	snprintf(verb, sizeof(verb), "%.*s", (int)strcspn(text, " "), text);
	if (!dm_task_set_sector(task, 0) || !dm_task_set_message(task, text))
		ret = error_set(err, ENOMEM, "no memory for a message");
	else
		ret = request_run(&r, task, err);
	dm_task_destroy(task);
	return ret;
}

/* --- lists ----------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char * const *)a, *(char * const *)b);
}

/* Names that @wanted says yes to, to be freed each and all. */
static char **list_names(bool (*wanted)(const char *name), size_t *count)
{
	struct dm_task *task = task_new(DM_DEVICE_LIST, NULL);
	char **names = NULL, **grown;
	struct dm_names *at = NULL;
	uint32_t step = 0;

	*count = 0;
	if (task && dm_task_run(task))
		at = dm_task_get_names(task);
	for (; at && at->dev; at = step ? (void *)((char *)at + step) : NULL) {
		step = at->next;
		if (!wanted(at->name))
			continue;
		grown = realloc(names, (*count + 1) * sizeof(*names));
		if (!grown)
			break;
		names = grown;
		names[*count] = strdup(at->name);
		if (!names[*count])
			break;
		++*count;
	}
	if (names)
		qsort(names, *count, sizeof(*names), by_name);
	if (task)
		dm_task_destroy(task);
	return names;
}

static bool is_volume(const char *name)
{
	struct dm_info info;
	char uuid[256];

	return device_info(name, &info, uuid, sizeof(uuid)) && is_ours(uuid);
}

/* Does the kernel have device-mapper, and may we use it? */
static bool can_list(void)
{
	struct dm_task *task = task_new(DM_DEVICE_LIST, NULL);
	bool can = task && dm_task_run(task);

	if (task)
		dm_task_destroy(task);
	return can;
}

int mapper_list(int (*found)(const char *name, void *arg), void *arg,
		struct error *err)
{
	size_t count, i;
	char **names;
	int ret = 0;

	if (!can_list())
		return no_task(err);
	names = list_names(is_volume, &count);
	for (i = 0; i < count; i++) {
		if (!ret)
			ret = found(names[i], arg);
		free(names[i]);
	}
	free(names);
	return ret;
}

static bool is_left_over(const char *name)
{
	size_t len = strlen(PRIVATE_PREFIX);
	long pid;

	if (strncmp(name, PRIVATE_PREFIX, len))
		return false;
	pid = strtol(name + len, NULL, 10);
	return pid > 0 && kill((pid_t)pid, 0) && errno == ESRCH;
}

static void tidy(void)
{
	struct error ignored;
	size_t count, i;
	char **names = list_names(is_left_over, &count);

	for (i = 0; i < count; i++) {
		run_simple(DM_DEVICE_REMOVE, names[i], NULL, "", FLAGS_PRIVATE,
			   &ignored);
		free(names[i]);
	}
	free(names);
}

int mapper_prepare(const char *name, struct error *err)
{
	struct dm_info info;
	char uuid[256];

	tidy();
	return device_info(name, &info, uuid, sizeof(uuid)) ?
	       error_set(err, EEXIST, "there is a device %s already", name) : 0;
}

struct wanted {
	const char *uuid;
	char *name;
};

static int find_uuid(const char *name, void *arg)
{
	struct wanted *wanted = arg;
	struct dm_info info;
	char uuid[256];

	if (!device_info(name, &info, uuid, sizeof(uuid)) ||
	    strcmp(uuid + strlen(UUID_PREFIX), wanted->uuid))
		return 0;
	snprintf(wanted->name, MAPPER_NAME, "%s", name);
	return 1;
}

bool mapper_find(const char *uuid, char *name)
{
	struct wanted wanted = { uuid, name };
	struct error err;

	return mapper_list(find_uuid, &wanted, &err) == 1;
}
