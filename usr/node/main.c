// SPDX-License-Identifier: GPL-2.0
/* hearthd: the node's key, its peers and its door to the network. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "control.h"
#include "exporter.h"
#include "front.h"
#include "hotplug.h"
#include "kernel.h"
#include "link.h"
#include "nearby.h"
#include "pair.h"
#include "peers.h"
#include "plain.h"
#include "share.h"
#include "verbs.h"
#include "wish.h"

#define STATE	"/var/lib/hearth/node"
#define SOCKET	"/run/hearth/node/control"

static const char help[] =
	"Usage: hearthd [--state FOLDER] [--socket PATH] [--listen ADDRESS[:PORT]]...\n"
	"\n"
	"  --state FOLDER      where key and state are (default: " STATE ")\n"
	"  --socket PATH       where hearth(8) finds it (default: " SOCKET ");\n"
	"                      hearth-discover(8) does beside it, at \"discover\"\n"
	"  --listen ADDRESS    a numeric address to listen at, up to 8 times (default:\n"
	"                      all, port " WIRE_PORT_TEXT ")\n"
	"  --usbip ADDRESS     a numeric address at which USB devices are shared without\n"
	"                      encryption, port " USBIP_DEFAULT_PORT ", up to 8 times (default: none)\n"
	"  -V, --version       print the version\n"
	"  -h, --help          print this\n"
	"\n"
	"See hearthd(8).\n";

struct options {
	const char *state, *socket;
	const char *listen[FRONT_LISTEN_MAX];
	unsigned int n_listen;
	const char *usbip[PLAIN_LISTEN_MAX];
	unsigned int n_usbip;
};

/* One more of an option that may be there up to @most times. */
static bool take_one(const char *name, const char **list, unsigned int *n,
		     unsigned int most)
{
	if (*n == most) {
		fprintf(stderr, "hearthd: %s more than %u times\n", name, most);
		return false;
	}
	list[(*n)++] = optarg;
	return true;
}

/* Returns -1 to go on, or an exit status. */
static int take_options(struct options *options, int argc, char **argv)
{
	static const struct option all[] = {
		{ "state", required_argument, NULL, 's' },
		{ "socket", required_argument, NULL, 'S' },
		{ "listen", required_argument, NULL, 'l' },
		{ "usbip", required_argument, NULL, 'u' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "Vh", all, NULL)) != -1) {
		switch (c) {
		case 's':
			options->state = optarg;
			break;
		case 'S':
			options->socket = optarg;
			break;
		case 'l':
			if (!take_one("--listen", options->listen,
				      &options->n_listen, FRONT_LISTEN_MAX))
				return 1;
			break;
		case 'u':
			if (!take_one("--usbip", options->usbip,
				      &options->n_usbip, PLAIN_LISTEN_MAX))
				return 1;
			break;
		case 'V':
			puts("hearthd " HEARTH_VERSION);
			return 0;
		case 'h':
			fputs(help, stdout);
			return 0;
		default:
			return 1;
		}
	}
	if (optind == argc)
		return -1;
	fprintf(stderr, "hearthd: it takes no \"%s\"; see hearthd --help\n",
		argv[optind]);
	return 1;
}

/* Only one hearthd uses a folder; the lock goes with the process. */
static int lock(struct error *err)
{
	int fd = open("lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return error_set(err, errno, "lock: %s", strerror(errno));
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return 0;
	close(fd);
	return error_set(err, EBUSY, "another hearthd uses this folder");
}

/* A peer is a descriptor, and there may be many. */
static void raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* What was closed in this turn of the loop is used by nothing any more. */
static int on_turn_end(sd_event_source *s, void *arg)
{
	(void)s;
	link_reap(arg);
	return 0;
}

static int start_loop(struct node *node, struct error *err)
{
	sigset_t ends;
	int ret;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	ret = sd_event_new(&node->event);
	if (ret >= 0)
		ret = sd_event_add_signal(node->event, NULL, SIGTERM, NULL,
					  NULL);
	if (ret >= 0)
		ret = sd_event_add_signal(node->event, NULL, SIGINT, NULL,
					  NULL);
	if (ret >= 0)
		ret = sd_event_add_post(node->event, NULL, on_turn_end, node);
	if (ret >= 0)
		ret = sd_event_set_watchdog(node->event, true);
	return ret < 0 ? error_set(err, -ret, "no event loop: %s",
				   strerror(-ret)) : 0;
}

/* --- news of peers, for those above them --------------------------------------------------- */

static void on_linked(struct node *node, struct peers_peer *peer)
{
	hotplug_forget(node, peer->kept.id);
	wish_linked(node, peer->kept.id);
}

static void on_away(struct node *node, struct peers_peer *peer)
{
	hotplug_forget(node, peer->kept.id);
	wish_away(node, peer->kept.id);
}

static void on_said(struct node *node, struct peers_peer *peer,
		    const struct wire *wire)
{
	if (wire->type == WIRE_WATCH)
		hotplug_watch(node, peer->kept.id);
	else if (wire->type == WIRE_DEVICE)
		wish_offered(node, peer->kept.id, wire);
}

static const struct peers_news news = {
	.linked = on_linked, .away = on_away, .said = on_said,
};

/* ------------------------------------------------------------------------------------------ */

static int start(struct node *node, const struct options *options,
		 struct error *err)
{
	if (chdir(options->state))
		return error_set(err, errno, "%s: %s", options->state,
				 strerror(errno));
	while (!node->run)
		if (getrandom(&node->run, sizeof(node->run), 0) !=
		    sizeof(node->run))
			return error_set(err, EIO,
					 "the kernel gives no random numbers");
	if (lock(err) || start_loop(node, err) ||
	    store_open(&node->store, "state.db", err) ||
	    kernel_start(node, err) || pair_start(node, err) || peers_start(node, err) ||
	    verbs_begin(node, err) ||
	    share_start(node, err) || hotplug_start(node, err) || wish_start(node, err) ||
	    front_start(node, options->listen, options->n_listen, err) ||
	    plain_start(node, options->usbip, options->n_usbip, err) ||
	    nearby_start(node, options->socket, err) ||
	    control_start(node, options->socket, verbs_ask, err))
		return -err->code;
	exporter_resume(node);
	peers_dial(node);
	return 0;
}

static void stop(struct node *node)
{
	control_stop(node);
	nearby_stop(node);
	plain_stop(node);
	front_stop(node);
	wish_stop(node);
	hotplug_stop(node);
	peers_stop(node);
	while (node->links)
		link_abort(node->links, &(struct error){ .code = ESHUTDOWN });
	pair_stop(node);
	kernel_stop(node);
	link_reap(node);
	exporter_stop(node);
	share_stop(node);
	identity_free(&node->me);
	if (node->store.db)
		store_close(&node->store);
	sd_event_unref(node->event);
}

int main(int argc, char **argv)
{
	struct options options = { .state = STATE, .socket = SOCKET };
	struct node node = { .key_path = "key.pem", .news = &news };
	struct error err;
	int ret = take_options(&options, argc, argv);

	if (ret >= 0)
		return ret;
	/* No core dump and no debugger of the same user sees the key. */
	prctl(PR_SET_DUMPABLE, 0);
	raise_limit();
	/* All that is made is ours alone; the control socket says otherwise itself. */
	umask(077);
	ret = start(&node, &options, &err);
	if (ret) {
		fprintf(stderr, SD_ERR "hearthd: %s\n", err.text);
		stop(&node);
		return 1;
	}
	if (!node.ready)
		fputs(SD_NOTICE "this node has no key yet: hearth node init\n",
		      stderr);
	if (access("/sys/module/hearth", F_OK))
		fputs(SD_NOTICE "the kernel module hearth is not loaded: peers are known to hearthd alone\n",
		      stderr);
	sd_notify(0, "READY=1");
	ret = sd_event_loop(node.event);
	sd_notify(0, "STOPPING=1");
	stop(&node);
	return ret ? 1 : 0;
}
