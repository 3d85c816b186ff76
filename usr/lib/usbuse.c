// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sysfs.h"
#include "usbuse.h"

#define HUB		0x09
#define HID		0x03
#define KEYBOARD	0x01	/* bInterfaceProtocol, of boot devices */

/* --- what it is ---------------------------------------------------------------------- */

static bool is_hub(const struct usblocal *local)
{
	return local->about.class == HUB;
}

static bool is_keyboard(const struct usblocal *local)
{
	unsigned int i;

	for (i = 0; i < local->about.n_interfaces; i++)
		if (local->about.interfaces[i].class == HID &&
		    local->about.interfaces[i].protocol == KEYBOARD)
			return true;
	return false;
}

/* Not its own: who had it passed on, back to its owner even, would have a ring of them. */
static bool is_remote(const struct usblocal *local)
{
	return strstr(local->about.path, "/hearth_vhci.") ||
	       strstr(local->about.path, "/vhci_hcd.");
}

/* --- its disks -------------------------------------------------------------------------- */

/* Some file systems, btrfs for one, have a number of their own, and tell what they lie on. */
static bool lies_on(const char *line, const char *name)
{
	const char *tail = strstr(line, " - ");
	char source[256];

	return tail && sscanf(tail, " - %*s %255s", source) == 1 &&
	       !strncmp(source, "/dev/", 5) && !strcmp(source + 5, name);
}

/*
 * Where the disk @name, with the number "8:1", is mounted; false where nowhere. Format:
 * proc(5), mountinfo.
 */
static bool find_mount(const char *proc, const char *number, const char *name,
		       char *where, size_t size)
{
	char path[PATH_MAX], line[4096], dev[32], at[2048];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "%s/self/mountinfo", proc);
	file = fopen(path, "re");
	while (file && !found && fgets(line, sizeof(line), file))
		found = sscanf(line, "%*u %*u %31s %*s %2047s", dev, at) == 2 &&
			(!strcmp(dev, number) || lies_on(line, name));
	if (file)
		fclose(file);
	if (found)
		snprintf(where, size, "%.100s", at);
	return found;
}

/* Is there swap on /dev/@name? */
static bool is_swap(const char *proc, const char *name)
{
	char path[PATH_MAX], line[1024], file[256];
	bool found = false;
	FILE *swaps;

	snprintf(path, sizeof(path), "%s/swaps", proc);
	swaps = fopen(path, "re");
	while (swaps && !found && fgets(line, sizeof(line), swaps))
		found = sscanf(line, "%255s", file) == 1 &&
			!strncmp(file, "/dev/", 5) && !strcmp(file + 5, name);
	if (swaps)
		fclose(swaps);
	return found;
}

/* What is made of it: a volume, an array. */
static bool find_holder(const char *dir, char *holder, size_t size)
{
	char path[PATH_MAX];
	struct dirent *entry;
	bool found = false;
	DIR *holders;

	if (snprintf(path, sizeof(path), "%s/holders", dir) >= (int)sizeof(path))
		return false;
	holders = opendir(path);
	while (holders && !found && (entry = readdir(holders))) {
		if (*entry->d_name == '.')
			continue;
		snprintf(holder, size, "%.64s", entry->d_name);
		found = true;
	}
	if (holders)
		closedir(holders);
	return found;
}

/* Of a disk or a partition with its folder in sysfs. */
static bool is_used(const char *proc, const char *dir, char *why)
{
	const char *name = strrchr(dir, '/') + 1;
	char number[32], what[128];

	if (!sysfs_read(dir, "dev", number, sizeof(number)))
		return false;
	if (find_mount(proc, number, name, what, sizeof(what)))
		snprintf(why, USBUSE_TEXT, "its disk %.32s is mounted at %.96s",
			 name, what);
	else if (is_swap(proc, name))
		snprintf(why, USBUSE_TEXT, "its disk %.32s is swapped to", name);
	else if (find_holder(dir, what, sizeof(what)))
		snprintf(why, USBUSE_TEXT, "its disk %.32s is part of %.64s",
			 name, what);
	else
		return false;
	return true;
}

static bool has_used_disk(const char *sysfs, const char *proc,
			  const struct usblocal *local, char *why)
{
	char link[PATH_MAX], dir[PATH_MAX], subsystem[32];
	char *paths[] = { dir, NULL };
	FTSENT *entry;
	bool used = false;
	FTS *fts;

	snprintf(link, sizeof(link), "%s/bus/usb/devices/%s", sysfs,
		 local->about.busid);
	if (!realpath(link, dir))
		return false;
	fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_NOSTAT, NULL);
	while (fts && !used && (entry = fts_read(fts)))
		used = entry->fts_info == FTS_D &&
		       sysfs_link(entry->fts_path, "subsystem", subsystem,
				  sizeof(subsystem)) &&
		       !strcmp(subsystem, "block") &&
		       is_used(proc, entry->fts_path, why);
	if (fts)
		fts_close(fts);
	return used;
}

enum usbuse usbuse_find(const char *sysfs, const char *proc,
			const struct usblocal *local,
			char why[static USBUSE_TEXT])
{
	if (has_used_disk(sysfs, proc, local, why))
		return USBUSE_BUSY;
	if (is_hub(local)) {
		strcpy(why, "it is a hub: what is plugged into it is shared apart");
		return USBUSE_KEEPS;
	}
	if (is_keyboard(local)) {
		strcpy(why, "it is a keyboard: this machine's own may be meant");
		return USBUSE_KEEPS;
	}
	if (is_remote(local)) {
		strcpy(why, "it is another machine's, plugged in over the network");
		return USBUSE_KEEPS;
	}
	return USBUSE_NOT;
}

bool usbuse_exported(const char *sysfs, const struct usblocal *local)
{
	char path[PATH_MAX], driver[32];
	unsigned int i;

	for (i = 0; i < 32; i++) {
		snprintf(path, sizeof(path), "%s/bus/usb/devices/%s:%u.%u", sysfs,
			 local->about.busid, local->about.configuration, i);
		if (sysfs_link(path, "driver", driver, sizeof(driver)) &&
		    !strcmp(driver, "usbfs"))
			return true;
	}
	return false;
}
