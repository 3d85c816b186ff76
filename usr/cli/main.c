// SPDX-License-Identifier: GPL-2.0
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "hearth.h"

static const char help[] =
	"Usage: hearth [-j|-p] OBJECT VERB ...\n"
	"\n"
	"  hearth usb list HOST[:PORT]\n"
	"  hearth usb attach HOST[:PORT] BUSID [--unlink-timeout MS]\n"
	"                    [--stall-timeout MS] [--peer-timeout MS]\n"
	"                    [--connect-timeout MS] [--no-posting]\n"
	"  hearth usb detach PORT [--no-wait]\n"
	"  hearth usb ports [PORT]\n"
	"  hearth volume create NAME DEVICE... [--meta DEVICE] [--user USER] ...\n"
	"  hearth volume open NAME DEVICE... [--user USER] [--readonly] ...\n"
	"  hearth volume close NAME\n"
	"  hearth volume status [NAME]\n"
	"  hearth volume regions NAME\n"
	"  hearth volume rekey NAME [--user USER] [--range FIRST COUNT]\n"
	"                      [--rate KIB] [--wait]\n"
	"  hearth volume pause|resume|abort NAME\n"
	"  hearth volume rate NAME KIB\n"
	"  hearth volume evacuate NAME FROM TO [--wait]\n"
	"  hearth volume adopt NAME DEVICE... --meta DEVICE --header-backup FILE\n"
	"  hearth volume slot list NAME\n"
	"  hearth volume slot add NAME --user USER\n"
	"  hearth volume slot assign NAME FIRST COUNT USER|SLOT\n"
	"  hearth volume slot erase NAME USER|SLOT [--yes]\n"
	"  hearth volume slot unlock|lock|passwd NAME USER\n"
	"  hearth monitor\n"
	"\n"
	"  -j, --json     print JSON\n"
	"  -p, --pretty   print JSON for people\n"
	"  -V, --version  print the version\n"
	"  -h, --help     print this\n"
	"\n"
	"Exit status: 0 done, 1 usage, 2 refused by the kernel or the server.\n"
	"See hearth(8), hearth-usb(8), hearth-monitor(8), hearth-volume(8).\n";

int refused(const struct error *err)
{
	fflush(stdout);
	fprintf(stderr, "hearth: %s\n", err->text);
	return EXIT_REFUSED;
}

int usage(const char *fmt, ...)
{
	va_list args;

	fputs("hearth: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputs("; see hearth --help\n", stderr);
	return EXIT_USAGE;
}

static int finish(struct out *out, int ret)
{
	if (!out_flush(out))
		return ret;
	perror("hearth: cannot write");
	return ret ? ret : EXIT_REFUSED;
}

static bool asks_for_help(int argc, char **argv)
{
	int i;

	for (i = 0; i < argc && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], "-h") || !strcmp(argv[i], "--help"))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "pretty", no_argument, NULL, 'p' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	static const struct {
		const char *name;
		int (*main)(struct out *out, int argc, char **argv);
	} objects[] = {
		{ "usb", usb_main },
		{ "volume", volume_main },
		{ "monitor", monitor_main },
		{ "volume", volume_main },
	};
	bool json = false, pretty = false;
	struct out out;
	size_t i;
	int c;

	/* "+": what follows the object belongs to it. */
	while ((c = getopt_long(argc, argv, "+jpVh", options, NULL)) != -1) {
		switch (c) {
		case 'j':
			json = true;
			break;
		case 'p':
			json = true;
			pretty = true;
			break;
		case 'V':
			puts("hearth " HEARTH_VERSION);
			return EXIT_DONE;
		case 'h':
			fputs(help, stdout);
			return EXIT_DONE;
		default:
			return EXIT_USAGE;
		}
	}
	argc -= optind;
	argv += optind;
	if (asks_for_help(argc, argv)) {
		fputs(help, stdout);
		return EXIT_DONE;
	}
	if (!argc) {
		fputs(help, stderr);
		return EXIT_USAGE;
	}
	out_init(&out, stdout, json, pretty);
	for (i = 0; i < sizeof(objects) / sizeof(*objects); i++)
		if (!strcmp(argv[0], objects[i].name))
			return finish(&out, objects[i].main(&out, argc, argv));
	return usage("there is no object \"%s\"", argv[0]);
}
