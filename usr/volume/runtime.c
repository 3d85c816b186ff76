// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime.h"

#define PARENT	"/run/hearth"
#define FOLDER	PARENT "/volume"

static int no_folder(struct error *err)
{
	return error_set(err, errno, FOLDER " cannot be used: %s",
			 strerror(errno));
}

static int make_folder(struct error *err)
{
	if ((mkdir(PARENT, 0755) && errno != EEXIST) ||
	    (mkdir(FOLDER, 0700) && errno != EEXIST))
		return no_folder(err);
	return 0;
}

int runtime_lock(const char *uuid, int *fd, struct error *err)
{
	char path[PATH_MAX];
	int ret = make_folder(err);

	if (ret)
		return ret;
	snprintf(path, sizeof(path), FOLDER "/%s.lock", uuid);
	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*fd < 0)
		return no_folder(err);
	while (flock(*fd, LOCK_EX)) {
		if (errno == EINTR)
			continue;
		ret = no_folder(err);
		close(*fd);
		return ret;
	}
	return 0;
}

int runtime_remember(const char *uuid, const char *path, struct error *err)
{
	char link[PATH_MAX], tmp[PATH_MAX];
	int ret = make_folder(err);

	if (ret)
		return ret;
	snprintf(link, sizeof(link), FOLDER "/%s", uuid);
	snprintf(tmp, sizeof(tmp), FOLDER "/%s.new", uuid);
	unlink(tmp);
	if (symlink(path, tmp) || rename(tmp, link))
		return no_folder(err);
	return 0;
}

bool runtime_recall(const char *uuid, char *path, size_t size)
{
	char link[PATH_MAX];
	ssize_t n;

	snprintf(link, sizeof(link), FOLDER "/%s", uuid);
	n = readlink(link, path, size - 1);
	if (n <= 0)
		return false;
	path[n] = '\0';
	return true;
}

void runtime_forget(const char *uuid)
{
	char link[PATH_MAX];

	snprintf(link, sizeof(link), FOLDER "/%s", uuid);
	unlink(link);
}
