// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <libdevmapper.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../format/klog.h"
#include "mapper.h"

#define UUID_PREFIX	"HEARTH-"

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

/* --- why it was refused --------------------------------------------------------- */

/* The kernel's log from now on; -1 where it cannot be read. */
static int log_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return fd;
}

/* The last that it says of a device, or of any where @number is NULL. */
static bool log_reason(int fd, const char *number, char *text, size_t size)
{
	char record[4096];
	bool found = false;
	ssize_t n;

	while (fd >= 0) {
		n = read(fd, record, sizeof(record) - 1);
		if (n < 0 && errno == EPIPE)
			continue;	/* overtaken: the next is the oldest */
		if (n <= 0)
			break;
		record[n] = '\0';
		found |= klog_reason(record, number, text, size);
	}
	return found;
}

/* Runs @task; @what is "... refused" of a sentence. Closes @log. */
static int task_run(struct dm_task *task, const char *number, int log,
		    const char *what, struct error *err)
{
	char reason[256];
	int ret = 0, code;

	if (!dm_task_run(task)) {
		code = dm_task_get_errno(task);
		if (!code)
			code = EIO;
		if (log_reason(log, number, reason, sizeof(reason)))
			ret = error_set(err, code, "%s: %s", what, reason);
		else
			ret = error_set(err, code, "%s: %s", what,
					strerror(code));
	}
	if (log >= 0)
		close(log);
	return ret;
}

/* The same with udev told of it, and the device's node there when it returns. */
static int task_run_nodes(struct dm_task *task, int log, const char *what,
			  struct error *err)
{
	uint32_t cookie = 0;
	int ret;

	if (!dm_task_set_cookie(task, &cookie, 0))
		cookie = 0;
	ret = task_run(task, NULL, log, what, err);
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

bool mapper_exists(const char *name)
{
	struct dm_info info;
	char uuid[256];

	return device_info(name, &info, uuid, sizeof(uuid));
}

static bool is_ours(const char *uuid)
{
	return !strncmp(uuid, UUID_PREFIX, strlen(UUID_PREFIX));
}

int mapper_create(const char *name, const char *uuid, const char *target,
		  const char *params, uint64_t sectors, bool readonly,
		  struct error *err)
{
	struct dm_task *task = task_new(DM_DEVICE_CREATE, name);
	char what[MAPPER_NAME + 32], dm_uuid[MAPPER_UUID + 16];
	int ret;

	if (!task)
		return no_task(err);
	snprintf(dm_uuid, sizeof(dm_uuid), UUID_PREFIX "%s", uuid ? uuid : "");
	if ((uuid && !dm_task_set_uuid(task, dm_uuid)) ||
	    (readonly && !dm_task_set_ro(task)) ||
	    !dm_task_add_target(task, 0, sectors, target, params)) {
		dm_task_destroy(task);
		return error_set(err, ENOMEM, "no memory for a table");
	}
	/* keys are named in it, though not told */
	dm_task_secure_data(task);
	snprintf(what, sizeof(what), "the kernel does not open %s", name);
	ret = task_run_nodes(task, log_open(), what, err);
	dm_task_destroy(task);
	return ret;
}

int mapper_remove(const char *name, struct error *err)
{
	struct dm_task *task = task_new(DM_DEVICE_REMOVE, name);
	char what[MAPPER_NAME + 32];
	int ret;

	if (!task)
		return no_task(err);
	dm_task_retry_remove(task);
	snprintf(what, sizeof(what), "%s cannot be closed", name);
	ret = task_run_nodes(task, -1, what, err);
	dm_task_destroy(task);
	return ret;
}

/* --- what is there --------------------------------------------------------------- */

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
	char text[512], number[32], uuid[256];
	struct dm_task *task;
	struct dm_info info;
	va_list args;
	int ret;

	if (!device_info(name, &info, uuid, sizeof(uuid)) || !is_ours(uuid))
		return error_set(err, ENODEV, "no volume %s is open", name);
	snprintf(number, sizeof(number), "%u:%u", info.major, info.minor);
	task = task_new(DM_DEVICE_TARGET_MSG, name);
	if (!task)
		return no_task(err);
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (!dm_task_set_sector(task, 0) || !dm_task_set_message(task, text))
		ret = error_set(err, ENOMEM, "no memory for a message");
	else
		ret = task_run(task, number, log_open(), what, err);
	dm_task_destroy(task);
	return ret;
}

/* --- lists ----------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char * const *)a, *(char * const *)b);
}

/* Names of ours, to be freed each and all; the end is NULL. */
static char **list_names(struct dm_task *task, size_t *count)
{
	struct dm_names *at = dm_task_get_names(task);
	char **names = NULL, **grown, uuid[256];
	struct dm_info info;
	uint32_t step = 0;

	*count = 0;
	if (!at || !at->dev)
		return NULL;
	do {
		at = (struct dm_names *)((char *)at + step);
		step = at->next;
		if (!device_info(at->name, &info, uuid, sizeof(uuid)) ||
		    !is_ours(uuid))
			continue;
		grown = realloc(names, (*count + 1) * sizeof(*names));
		if (!grown)
			break;
		names = grown;
		names[*count] = strdup(at->name);
		if (!names[*count])
			break;
		++*count;
	} while (step);
	qsort(names, *count, sizeof(*names), by_name);
	return names;
}

int mapper_list(int (*found)(const char *name, void *arg), void *arg,
		struct error *err)
{
	struct dm_task *task = task_new(DM_DEVICE_LIST, NULL);
	size_t count, i;
	char **names;
	int ret = 0;

	if (!task || !dm_task_run(task)) {
		if (task)
			dm_task_destroy(task);
		return no_task(err);
	}
	names = list_names(task, &count);
	dm_task_destroy(task);
	for (i = 0; i < count; i++) {
		if (!ret)
			ret = found(names[i], arg);
		free(names[i]);
	}
	free(names);
	return ret;
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
