// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include "monitor.h"
#include "usb/usb.h"
#include "verb.h"
#include "volume/volume.h"

static const struct verb *const objects[] = {
	&usb_object, &volume_object, &monitor_verb, NULL,
};

static const struct verb root = {
	.name = "hearth",
	.verbs = objects,
	.help =
	"  hearth help [OBJECT [VERB]]\n"
	"      the help of an object or a verb, as its --help does\n"
	"\n"
	"  -j, --json          print JSON; also behind a verb\n"
	"  -p, --pretty        print JSON for people\n"
	"  -V, --version       print the version\n"
	"  -h, --help          print this; behind an object or a verb, its help\n"
	"\n"
	"Objects, verbs and options may be cut: hearth vol st.\n"
	"Exit status: 0 done, 1 usage, 2 refused by the kernel or the server.\n"
	"See hearth(8), hearth-usb(8), hearth-monitor(8), hearth-volume(8).\n",
};

int main(int argc, char **argv)
{
	struct out out;
	int ret;

	out_init(&out, stdout, false, false);
	ret = verb_main(&root, &out, argc, argv);
	if (!out_flush(&out))
		return ret;
	perror("hearth: cannot write");
	return ret ? ret : EXIT_REFUSED;
}
