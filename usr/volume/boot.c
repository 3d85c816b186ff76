// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdarg.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../format/unitname.h"
#include "boot.h"
#include "mapper.h"

#define UNIT	256	/* bytes of a unit's name */

/* Calls @found for each line until it returns other than 0. */
static int each_line(const char *tab,
		     int (*found)(const struct volumetab *entry, void *arg,
				  struct error *err),
		     void *arg, struct error *err)
{
	struct volumetab *entry = malloc(sizeof(*entry));
	FILE *f = fopen(tab, "re");
	struct error wrong;
	unsigned int n = 0;
	char *line = NULL;
	size_t size = 0;
	int ret = 0, bad = 0;

	if (!entry || !f) {
		ret = error_set(err, entry ? errno : ENOMEM,
				"%s cannot be read: %s", tab,
				strerror(entry ? errno : ENOMEM));
		goto out;
	}
	while (!ret && getline(&line, &size, f) > 0) {
		n++;
		ret = volumetab_parse(line, entry, &wrong);
		if (ret > 0 && !mapper_name_valid(entry->name))
			ret = error_set(&wrong, EINVAL,
					"\"%s\" is no name of a volume",
					entry->name);
		if (ret < 0 && !bad)
			bad = error_set(err, EINVAL, "%s, line %u: %s", tab, n,
					wrong.text);
		ret = ret > 0 ? found(entry, arg, err) : 0;
	}
	if (!ret)
		ret = bad;
out:
	free(line);
	free(entry);
	if (f)
		fclose(f);
	return ret;
}

struct wanted {
	const char *name;
	struct volumetab *entry;
};

static int is_wanted(const struct volumetab *entry, void *arg,
		     struct error *err)
{
	struct wanted *wanted = arg;

	(void)err;
	if (strcmp(entry->name, wanted->name))
		return 0;
	*wanted->entry = *entry;
	return 1;
}

int boot_find(const char *tab, const char *name, struct volumetab *entry,
	      struct error *err)
{
	struct wanted wanted = { name, entry };
	int ret = each_line(tab, is_wanted, &wanted, err);

	if (ret)
		return ret > 0 ? 0 : ret;
	return error_set(err, ENOENT, "%s has no volume %s", tab, name);
}

/* --- units ----------------------------------------------------------------------- */

static int no_unit(const char *path, struct error *err)
{
	return error_set(err, errno, "%s cannot be written: %s", path,
			 strerror(errno));
}

/* A file in a folder of @folder, both made. */
__attribute__((format(printf, 5, 6)))
static FILE *make(const char *folder, char *path, const char *file,
		  struct error *err, const char *fmt, ...)
{
	char name[UNIT + 64];
	va_list args;
	FILE *f;

	va_start(args, fmt);
	vsnprintf(name, sizeof(name), fmt, args);
	va_end(args);
	snprintf(path, PATH_MAX, "%s/%s", folder, name);
	if (mkdir(path, 0755) && errno != EEXIST) {
		no_unit(path, err);
		return NULL;
	}
	snprintf(path, PATH_MAX, "%s/%s/%s", folder, name, file);
	f = fopen(path, "we");
	if (!f)
		no_unit(path, err);
	return f;
}

static int finish(FILE *f, const char *path, struct error *err)
{
	return fclose(f) ? no_unit(path, err) : 0;
}

/* systemd takes % and white space, quotes and \ of a path for more than they are. */
static void write_path(FILE *f, const char *path)
{
	for (; *path; path++) {
		if (*path == '%')
			fputc('%', f);
		if (*path == '\\' || *path == '"' || *path == '\'')
			fprintf(f, "\\x%02x", (unsigned char)*path);
		else
			fputc(*path, f);
	}
}

static void write_device(FILE *f, const char *path)
{
	char unit[UNIT];

	if (unitname_escape(path, true, unit, sizeof(unit)))
		fprintf(f, "BindsTo=%s.device\nAfter=%s.device\n", unit, unit);
}

/* What it lies on, and where its files are. */
static int write_needs(const char *folder, const char *instance,
		       const struct volumetab *entry, struct error *err)
{
	char path[PATH_MAX];
	unsigned int i;
	FILE *f;

	f = make(folder, path, "50-devices.conf", err,
		 "hearth-volume@%s.service.d", instance);
	if (!f)
		return -err->code;
	fputs("# Made of " BOOT_TAB "\n[Unit]\n", f);
	for (i = 0; i < entry->n_devices; i++)
		write_device(f, entry->devices[i]);
	if (*entry->meta)
		write_device(f, entry->meta);
	if (*entry->key) {
		fputs("RequiresMountsFor=", f);
		write_path(f, entry->key);
		fputc('\n', f);
	}
	if (*entry->header) {
		fputs("RequiresMountsFor=", f);
		write_path(f, entry->header);
		fputc('\n', f);
	}
	return finish(f, path, err);
}

/* Whoever waits for the device waits as long as somebody types. */
static int write_patience(const char *folder, const char *instance,
			  struct error *err)
{
	char path[PATH_MAX];
	FILE *f;

	f = make(folder, path, "50-patience.conf", err,
		 "dev-mapper-%s.device.d", instance);
	if (!f)
		return -err->code;
	fputs("# Made of " BOOT_TAB "\n[Unit]\nJobTimeoutSec=infinity\n", f);
	return finish(f, path, err);
}

static int want(const char *folder, const char *instance, bool nofail,
		struct error *err)
{
	char path[PATH_MAX], name[UNIT + 32];

	snprintf(path, sizeof(path), "%s/cryptsetup.target.%s", folder,
		 nofail ? "wants" : "requires");
	if (mkdir(path, 0755) && errno != EEXIST)
		return no_unit(path, err);
	snprintf(name, sizeof(name), "hearth-volume@%s.service", instance);
	snprintf(path, sizeof(path), "%s/cryptsetup.target.%s/%s", folder,
		 nofail ? "wants" : "requires", name);
	/* the template is found by its name, wherever it is installed */
	if (symlink("../hearth-volume@.service", path) && errno != EEXIST)
		return no_unit(path, err);
	return 0;
}

static int write_units(const struct volumetab *entry, void *arg,
		       struct error *err)
{
	const char *folder = arg;
	char instance[UNIT];
	int ret;

	if (entry->noauto)
		return 0;
	if (!unitname_escape(entry->name, false, instance, sizeof(instance)))
		return error_set(err, ENAMETOOLONG, "%s is too long a name",
				 entry->name);
	ret = write_needs(folder, instance, entry, err);
	if (!ret)
		ret = write_patience(folder, instance, err);
	return ret ? ret : want(folder, instance, entry->nofail, err);
}

int boot_units(const char *tab, const char *folder, struct error *err)
{
	if (access(tab, F_OK) && errno == ENOENT)
		return 0;
	return each_line(tab, write_units, (void *)folder, err);
}
