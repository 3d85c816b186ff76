// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "monitor.h"
#include "node/node.h"
#include "peer/peer.h"
#include "usb/usb.h"
#include "verb.h"
#include "volume/volume.h"

static const struct verb *const objects[] = {
	&usb_object, &volume_object, &node_object, &peer_object, &monitor_verb,
	NULL,
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
	"See hearth(8), hearth-usb(8), hearth-volume(8), hearth-node(8), hearth-peer(8),\n"
	"hearth-monitor(8).\n",
};

/*
 * Who closed one of the three does not want it; the next file that is opened,
 * a disk perhaps, must not get its number, and with it what is printed.
 */
static void fill_descriptors(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	struct out out;
	int ret, lost;

	fill_descriptors();
	out_init(&out, stdout, false, false);
	ret = verb_main(&root, &out, argc, argv);
	lost = out_flush(&out);
	if (!lost)
		return ret;
	fprintf(stderr, "hearth: %sthe output cannot be written: %s\n",
		ret ? "" : "it was done, but ", strerror(-lost));
	return ret ? ret : EXIT_REFUSED;
}
