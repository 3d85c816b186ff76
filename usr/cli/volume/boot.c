// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../volume/boot.h"
#include "open.h"
#include "options.h"
#include "volume.h"

extern char **environ;

/* A descriptor of what systemd's agents are told, without a line's end. */
static int ask_by_systemd(const char *name, int *fd, struct error *err)
{
	char id[VOLUMETAB_NAME + 32], question[VOLUMETAB_NAME + 32];
	char *argv[] = {
		"systemd-ask-password", "-n", "--timeout=0", id, question, NULL,
	};
	posix_spawn_file_actions_t actions;
	int pipes[2], ret;
	pid_t pid;

	snprintf(id, sizeof(id), "--id=hearth-volume:%s", name);
	snprintf(question, sizeof(question), "Passphrase of volume %s:", name);
	if (pipe(pipes))
		return error_set(err, errno, "no pipe: %s", strerror(errno));
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pipes[1], STDOUT_FILENO);
	posix_spawn_file_actions_addclose(&actions, pipes[0]);
	ret = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(pipes[1]);
	*fd = pipes[0];
	if (!ret)
		return 0;
	close(pipes[0]);
	return error_set(err, ret, "systemd-ask-password cannot be run: %s",
			 strerror(ret));
}

static int open_entry(struct run *run, const struct volumetab *e)
{
	char *devices[VOLUMETAB_DEVICES];
	struct volume_options o = {
		.key = { .file = *e->key ? e->key : NULL, .fd = -1 },
		.user = *e->user ? e->user : NULL,
	};
	struct open_params p = {
		.name = e->name, .devices = devices,
		.n_devices = e->n_devices,
		.meta = *e->meta ? e->meta : NULL,
		.header = *e->header ? e->header : NULL,
		.readonly = e->readonly, .discards = e->discards,
		.rate = e->rate,
	};
	struct error err;
	unsigned int i;

	for (i = 0; i < e->n_devices; i++)
		devices[i] = (char *)e->devices[i];
	if (!*e->key && !isatty(STDIN_FILENO) &&
	    ask_by_systemd(e->name, &o.key.fd, &err))
		return refused(&err);
	return open_run(run, &o, &p);
}

static int run(struct run *run)
{
	struct volumetab *entry = malloc(sizeof(*entry));
	const char *tab = BOOT_TAB;
	struct volume_options o;
	struct error err;
	int ret = volume_options_read(run, &o);

	if (!entry)
		abort();
	if (ret < 0 && o.tab)
		tab = o.tab;
	if (ret < 0 && !o.units == !run->argc)
		ret = usage("volume boot needs a name, or --units");
	if (ret >= 0)
		goto out;
	if (o.units)
		ret = boot_units(tab, o.units, &err) ? refused(&err) : EXIT_DONE;
	else if (boot_find(tab, run->argv[0], entry, &err))
		ret = refused(&err);
	else
		ret = open_entry(run, entry);
out:
	free(entry);
	return ret;
}

static const struct option options[] = {
	OPTION_TEXT("tab", OPT_TAB), OPTION_TEXT("units", OPT_UNITS), { 0 },
};

const struct verb volume_boot = {
	.name = "boot",
	.what = "open a volume as /etc/hearth/volumes says",
	.synopsis = "NAME | --units FOLDER",
	.help =
	"Opens a volume as its line in /etc/hearth/volumes says:\n"
	"\n"
	"  NAME DEVICE[,DEVICE...] KEY-FILE|- [OPTION[,OPTION...]]\n"
	"\n"
	"A device may be UUID= or PARTUUID= and a value; - asks for the passphrase, with\n"
	"systemd-ask-password where there is no terminal. Options: user=USER, meta=DEVICE,\n"
	"header=FILE, rate=RATE, readonly, discard, noauto, nofail.\n"
	"\n"
	"  --units FOLDER      write what makes systemd do so at boot, for its generator\n"
	"  --tab FILE          instead of /etc/hearth/volumes\n",
	.options = options,
	.least = 0, .most = 1, .needs = "a name, or --units",
	.run = run,
};
