// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disk.h"
#include "echo.h"
#include "fault.h"
#include "gate.h"
#include "lie.h"
#include "log.h"
#include "options.h"
#include "random.h"
#include "zero.h"

static const struct kind *const kinds[] = {
	&echo_kind, &disk_kind, &zero_kind,
};

static const char usage[] =
	"usage: liar [OPTION]...\n"
	"  --address ADDR    listen there; default 127.0.0.1\n"
	"  --port PORT       3240\n"
	"  --unix PATH       listen on a unix socket instead\n"
	"  --vsock           listen on PORT of vsock instead\n"
	"  --daemon          print the process id once it listens, and detach\n"
	"  --kind KIND       echo (default), disk or zero\n"
	"  --devices N       1-1 to 1-N; default 1\n"
	"  --speed SPEED     full, high (default) or super\n"
	"  --size MIB        of a disk; default 8\n"
	"  --file FILE       with a disk's bytes\n"
	"  --log FILE        one line a command, reset and clear-halt of a disk\n"
	"  --requests        and one a request and a CMD_UNLINK\n"
	"  --busy-ms MS      a disk takes for every command\n"
	"  --early WHAT      a disk that bears no request early: stall, lose,\n"
	"                    or stall-write, lose-write: only in writes\n"
	"  --delay-ms MS     of every answer\n"
	"  --gate            lies and faults begin with a SIGUSR1\n"
	"  --fault NAME@K    goes wrong at the K-th read or write (or K/read);\n"
	"                    K+: at every K-th\n"
	"  --lie NAME\n"
	"  --seed S          of the lie \"random\"\n"
	"  --permille N      of the answers are such; default 20\n"
	"  --list            faults and lies\n";

struct setup {
	struct options opt;
	struct disk_setup disk;
	uint64_t seed;
	unsigned int permille;
};

static void bad(const char *what, const char *text)
{
	fprintf(stderr, "liar: no %s: %s\n%s", what, text, usage);
	exit(2);
}

static uint64_t number(const char *text, uint64_t max)
{
	char *end;
	uint64_t v;

	errno = 0;
	v = strtoull(text, &end, 0);
	if (errno || end == text || *end || v > max)
		bad("such number", text);
	return v;
}

static uint32_t address(const char *text)
{
	struct in_addr addr;

	if (!inet_aton(text, &addr))
		bad("such address", text);
	return ntohl(addr.s_addr);
}

static const struct kind *kind_named(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(name, kinds[i]->name))
			return kinds[i];
	bad("such kind", name);
	return NULL;
}

static enum device_speed speed_named(const char *name)
{
	if (!strcmp(name, "full"))
		return SPEED_FULL;
	if (!strcmp(name, "super"))
		return SPEED_SUPER;
	if (strcmp(name, "high"))
		bad("such speed", name);
	return SPEED_HIGH;
}

static void set_early(struct disk_setup *disk, const char *name)
{
	size_t len = strcspn(name, "-");

	disk->early_writes_only = !strcmp(name + len, "-write");
	if (!strncmp(name, "stall", len))
		disk->early = DISK_EARLY_STALLS;
	else if (!strncmp(name, "lose", len))
		disk->early = DISK_EARLY_IS_LOST;
	if (!disk->early || (name[len] && !disk->early_writes_only))
		bad("such way", name);
}

static void set_option(struct setup *set, int c)
{
	switch (c) {
	case 'a': set->opt.address = address(optarg); break;
	case 'p': set->opt.port = number(optarg, 65535); break;
	case 'u': set->opt.unix_path = optarg; break;
	case 'v': set->opt.vsock = true; break;
	case 'b': set->opt.daemonic = true; break;
	case 'k': set->opt.kind = kind_named(optarg); break;
	case 'n': set->opt.devices = number(optarg, 1000); break;
	case 's': set->opt.speed = speed_named(optarg); break;
	case 'z': set->disk.size = number(optarg, 4096) << 20; break;
	case 'F': set->disk.file = optarg; break;
	case 'l': log_open(optarg); break;
	case 'r': log_details(); break;
	case 'B': set->disk.busy_ms = number(optarg, 60000); break;
	case 'e': set_early(&set->disk, optarg); break;
	case 'd': set->opt.delay_ms = number(optarg, 60000); break;
	case 'g': gate_close(); break;
	case 'S': set->seed = number(optarg, UINT64_MAX); break;
	case 'P': set->permille = number(optarg, 1000); break;
	case 'f':
		if (!fault_add(optarg))
			bad("such fault", optarg);
		break;
	case 'L':
		if (!lie_choose(optarg))
			bad("such lie", optarg);
		break;
	case 'x':
		fault_print();
		lie_print();
		exit(0);
	default:
		fputs(usage, stderr);
		exit(2);
	}
}

struct options options_read(int argc, char **argv)
{
	static const struct option names[] = {
		{ "address", required_argument, NULL, 'a' },
		{ "port", required_argument, NULL, 'p' },
		{ "unix", required_argument, NULL, 'u' },
		{ "vsock", no_argument, NULL, 'v' },
		{ "daemon", no_argument, NULL, 'b' },
		{ "kind", required_argument, NULL, 'k' },
		{ "devices", required_argument, NULL, 'n' },
		{ "speed", required_argument, NULL, 's' },
		{ "size", required_argument, NULL, 'z' },
		{ "file", required_argument, NULL, 'F' },
		{ "log", required_argument, NULL, 'l' },
		{ "requests", no_argument, NULL, 'r' },
		{ "busy-ms", required_argument, NULL, 'B' },
		{ "early", required_argument, NULL, 'e' },
		{ "delay-ms", required_argument, NULL, 'd' },
		{ "gate", no_argument, NULL, 'g' },
		{ "fault", required_argument, NULL, 'f' },
		{ "lie", required_argument, NULL, 'L' },
		{ "seed", required_argument, NULL, 'S' },
		{ "permille", required_argument, NULL, 'P' },
		{ "list", no_argument, NULL, 'x' },
		{ 0 },
	};
	struct setup set = {
		.opt = {
			.address = INADDR_LOOPBACK,
			.port = 3240,
			.devices = 1,
			.kind = &echo_kind,
			.speed = SPEED_HIGH,
		},
		.disk.size = 8 << 20,
		.permille = 20,
	};
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1)
		set_option(&set, c);
	if (optind < argc)
		bad("such argument", argv[optind]);
	disk_setup(&set.disk);
	random_setup(set.seed, set.permille);
	return set.opt;
}
