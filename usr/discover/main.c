// SPDX-License-Identifier: GPL-2.0
/*
 * hearth-discover: what nodes say of themselves on the network, by mDNS. It reads what
 * anybody sends, so it is a program and a user of its own: it has no key and no files,
 * and hearthd believes nothing that it says. From top to bottom:
 *
 *	main		orders start and end
 *	announce	what this node says
 *	browse		what others say
 *	report		the connection to hearthd
 *	rtnl		addresses that change
 *	poll		avahi's loop on sd-event's
 */
#include <avahi-common/error.h>
#include <avahi-common/malloc.h>
#include <avahi-core/core.h>
#include <avahi-core/log.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "announce.h"
#include "browse.h"
#include "poll.h"
#include "report.h"
#include "rtnl.h"

#define LOGS		10	/* lines of avahi's own in a minute */
#define CACHE		4096u	/* records of an interface */
#define PACKETS		1000u	/* to be sent in a second, of an interface */

struct discover {
	sd_event *event;
	AvahiPoll poll;
	AvahiServer *server;	/* while hearthd says what to announce */
	uint8_t id[PEER_ID];	/* that it was made for */
	struct announce announce;
	struct browse browse;
	struct report report;
	struct rtnl rtnl;
};

static const char help[] =
	"Usage: hearth-discover [--socket PATH]\n"
	"\n"
	"  --socket PATH       where hearthd(8) is (default: " REPORT_SOCKET ")\n"
	"  -V, --version       print the version\n"
	"  -h, --help          print this\n"
	"\n"
	"See hearth-discover(8).\n";

/* Returns -1 to go on, or an exit status. */
static int take_options(const char **path, int argc, char **argv)
{
	static const struct option all[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "Vh", all, NULL)) != -1) {
		switch (c) {
		case 's':
			*path = optarg;
			break;
		case 'V':
			puts("hearth-discover " HEARTH_VERSION);
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
	fprintf(stderr, "hearth-discover: it takes no \"%s\"; see hearth-discover --help\n",
		argv[optind]);
	return 1;
}

/* --- mDNS, while hearthd is there ----------------------------------------------------- */

/* What the network provokes must not fill the journal. */
static void on_log(AvahiLogLevel level, const char *text)
{
	static time_t since;
	static unsigned int n;
	time_t now = time(NULL);

	if (level > AVAHI_LOG_WARN)
		return;
	if (now < since || now - since >= 60) {
		since = now;
		n = 0;
	}
	if (n++ < LOGS)
		fprintf(stderr, SD_WARNING "avahi: %s\n", text);
}

static void on_server(AvahiServer *server, AvahiServerState state, void *arg)
{
	struct discover *discover = arg;

	/* within avahi_server_new(): begin() goes on by itself */
	if (!discover->server)
		return;
	switch (state) {
	case AVAHI_SERVER_RUNNING:
		announce_running(&discover->announce);
		break;
	case AVAHI_SERVER_COLLISION:
		announce_clash(&discover->announce);
		break;
	case AVAHI_SERVER_FAILURE:
		fprintf(stderr, SD_ERR "mDNS has ended: %s\n",
			avahi_strerror(avahi_server_errno(server)));
		sd_event_exit(discover->event, 1);
		break;
	default:
		break;
	}
}

static void on_seen(const struct wire *wire, void *arg)
{
	struct discover *discover = arg;

	report_say(&discover->report, wire);
}

static const struct browse_ops browse_ops = { .say = on_seen };

static AvahiServer *make_server(struct discover *discover, int *ret)
{
	AvahiServerConfig config;
	AvahiServer *server;
	char name[32];

	avahi_server_config_init(&config);
	announce_host_name(discover->id, 0, name);
	avahi_free(config.host_name);
	config.host_name = avahi_strdup(name);
	/* The machine's name and addresses are avahi-daemon's to say. */
	config.publish_addresses = 0;
	config.publish_hinfo = 0;
	config.publish_workstation = 0;
	config.publish_domain = 0;
	config.use_iff_running = 1;
	config.n_cache_entries_max = CACHE;
	config.ratelimit_interval = 1000000;
	config.ratelimit_burst = PACKETS;
	server = avahi_server_new(&discover->poll, &config, on_server, discover,
				  ret);
	avahi_server_config_free(&config);
	return server;
}

static void end(struct discover *discover)
{
	if (!discover->server)
		return;
	browse_stop(&discover->browse);
	announce_stop(&discover->announce);
	/* it sends the goodbyes */
	avahi_server_free(discover->server);
	discover->server = NULL;
}

static void begin(struct discover *discover, const struct wire *announce)
{
	AvahiServer *server;
	int ret = 0;

	memcpy(discover->id, announce->id, PEER_ID);
	server = make_server(discover, &ret);
	if (!server) {
		fprintf(stderr, SD_ERR "cannot begin with mDNS: %s\n",
			avahi_strerror(ret));
		sd_event_exit(discover->event, 1);
		return;
	}
	discover->server = server;
	if (announce_start(&discover->announce, discover->event, server) ||
	    browse_start(&discover->browse, server, &browse_ops, discover)) {
		fprintf(stderr, SD_ERR "out of memory\n");
		sd_event_exit(discover->event, 1);
		return;
	}
	announce_change(&discover->announce, announce);
	announce_addresses(&discover->announce);
}

/* --- what the parts hear ---------------------------------------------------------------- */

static void on_announce(const struct wire *announce, void *arg)
{
	struct discover *discover = arg;

	/* another node, from a backup: with names of its own */
	if (discover->server && memcmp(discover->id, announce->id, PEER_ID))
		end(discover);
	if (discover->server)
		announce_change(&discover->announce, announce);
	else
		begin(discover, announce);
}

static void on_lost(void *arg)
{
	end(arg);
}

static const struct report_ops report_ops = {
	.announce = on_announce,
	.lost = on_lost,
};

static void on_addresses(void *arg)
{
	struct discover *discover = arg;

	if (discover->server)
		announce_addresses(&discover->announce);
}

/* --- start and end ------------------------------------------------------------------------ */

static int start(struct discover *discover, const char *path)
{
	sigset_t ends;
	int ret;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	avahi_set_log_function(on_log);
	ret = sd_event_new(&discover->event);
	if (ret >= 0)
		ret = sd_event_add_signal(discover->event, NULL, SIGTERM, NULL,
					  NULL);
	if (ret >= 0)
		ret = sd_event_add_signal(discover->event, NULL, SIGINT, NULL,
					  NULL);
	if (ret >= 0)
		ret = sd_event_set_watchdog(discover->event, true);
	if (ret < 0)
		return ret;
	poll_init(&discover->poll, discover->event);
	ret = rtnl_start(&discover->rtnl, discover->event, on_addresses,
			 discover);
	if (ret < 0)
		return ret;
	return report_start(&discover->report, discover->event, path,
			    &report_ops, discover);
}

int main(int argc, char **argv)
{
	static struct discover discover = {
		.report.fd = -1, .rtnl.fd = -1,
	};
	const char *path = REPORT_SOCKET;
	int ret = take_options(&path, argc, argv);

	if (ret >= 0)
		return ret;
	ret = start(&discover, path);
	if (ret < 0) {
		fprintf(stderr, SD_ERR "hearth-discover: %s\n", strerror(-ret));
	} else {
		sd_notify(0, "READY=1");
		ret = sd_event_loop(discover.event);
		sd_notify(0, "STOPPING=1");
	}
	end(&discover);
	report_stop(&discover.report);
	rtnl_stop(&discover.rtnl);
	sd_event_unref(discover.event);
	return ret ? 1 : 0;
}
