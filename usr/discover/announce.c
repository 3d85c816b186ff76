// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <avahi-common/error.h>
#include <avahi-common/malloc.h>
#include <avahi-core/core.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "announce.h"

#define TTL	120u	/* seconds; avahi's own for services is 75 minutes */

/* --- names --------------------------------------------------------------------------- */

void announce_host_name(const uint8_t id[static PEER_ID], unsigned int clashes,
			char name[static 32])
{
	char text[PEER_ID_TEXT];

	peer_id_text(id, text);
	if (clashes)
		snprintf(name, 32, "hearth-%.8s-%u", text, clashes + 1);
	else
		snprintf(name, 32, "hearth-%.8s", text);
}

static void instance_name(const struct announce *announce,
			  char name[static 128])
{
	char text[PEER_ID_TEXT];

	peer_id_text(announce->what.id, text);
	if (announce->clashes)
		snprintf(name, 128, "%.*s-%u." ANNOUNCEMENT_TYPE ".local",
			 ANNOUNCEMENT_INSTANCE, text, announce->clashes + 1);
	else
		snprintf(name, 128, "%.*s." ANNOUNCEMENT_TYPE ".local",
			 ANNOUNCEMENT_INSTANCE, text);
}

/* --- records of the service ----------------------------------------------------------- */

/* Takes the reference to @record. */
static int add(struct announce *announce, AvahiPublishFlags flags,
	       AvahiRecord *record)
{
	int ret;

	if (!record)
		return AVAHI_ERR_NO_MEMORY;
	ret = avahi_server_add(announce->server, announce->service,
			       AVAHI_IF_UNSPEC, AVAHI_PROTO_UNSPEC, flags,
			       record);
	avahi_record_unref(record);
	return ret;
}

static int add_ptr(struct announce *announce, const char *instance)
{
	AvahiRecord *record = avahi_record_new_full(
		ANNOUNCEMENT_TYPE ".local", AVAHI_DNS_CLASS_IN,
		AVAHI_DNS_TYPE_PTR, TTL);

	if (record)
		record->data.ptr.name = avahi_strdup(instance);
	return add(announce, 0, record);
}

static int add_srv(struct announce *announce, const char *instance)
{
	AvahiRecord *record = avahi_record_new_full(
		instance, AVAHI_DNS_CLASS_IN, AVAHI_DNS_TYPE_SRV, TTL);

	if (record) {
		record->data.srv.port = announce->port;
		record->data.srv.name = avahi_strdup(
			avahi_server_get_host_name_fqdn(announce->server));
	}
	return add(announce, AVAHI_PUBLISH_UNIQUE, record);
}

static int add_txt(struct announce *announce, const char *instance,
		   AvahiPublishFlags flags)
{
	AvahiRecord *record = avahi_record_new_full(
		instance, AVAHI_DNS_CLASS_IN, AVAHI_DNS_TYPE_TXT, TTL);
	AvahiStringList *list = NULL;
	char text[ANNOUNCEMENT_TEXT];
	unsigned int n;

	for (n = 0; announcement_text(&announce->what, n, text); n++)
		list = avahi_string_list_add(list, text);
	if (record)
		record->data.txt.string_list = list;
	else
		avahi_string_list_free(list);
	return add(announce, AVAHI_PUBLISH_UNIQUE | flags, record);
}

static void publish(struct announce *announce)
{
	char instance[128];
	int ret;

	if (!announce->port ||
	    !avahi_s_entry_group_is_empty(announce->service))
		return;
	instance_name(announce, instance);
	ret = add_ptr(announce, instance);
	if (!ret)
		ret = add_srv(announce, instance);
	if (!ret)
		ret = add_txt(announce, instance, 0);
	if (!ret)
		ret = avahi_s_entry_group_commit(announce->service);
	if (!ret)
		return;
	avahi_s_entry_group_reset(announce->service);
	fprintf(stderr, SD_WARNING "cannot announce this node: %s\n",
		avahi_strerror(ret));
}

/* --- addresses ------------------------------------------------------------------------- */

static void on_group(AvahiServer *server, AvahiSEntryGroup *group,
		     AvahiEntryGroupState state, void *arg)
{
	(void)server;
	(void)group;
	if (state == AVAHI_ENTRY_GROUP_COLLISION)
		announce_clash(arg);
}

static void add_address(struct announce *announce, AvahiIfIndex ifindex,
			const AvahiAddress *address)
{
	struct announce_address *at =
		&announce->addresses[announce->n_addresses];
	int ret;

	if (announce->n_addresses == ANNOUNCE_ADDRESSES)
		return;
	*at = (struct announce_address){
		.ifindex = ifindex, .address = *address, .here = true,
	};
	at->group = avahi_s_entry_group_new(announce->server, on_group,
					    announce);
	if (!at->group)
		return;
	/* the reverse is avahi-daemon's, where it runs: two would clash */
	ret = avahi_server_add_address(announce->server, at->group, ifindex,
				       AVAHI_PROTO_UNSPEC,
				       AVAHI_PUBLISH_NO_REVERSE, NULL,
				       &at->address);
	if (!ret)
		ret = avahi_s_entry_group_commit(at->group);
	if (ret)
		avahi_s_entry_group_free(at->group);
	else
		announce->n_addresses++;
}

/* Is it one that others of the network can use? */
static bool take_address(const struct ifaddrs *ifa, AvahiAddress *address)
{
	const struct sockaddr *sa = ifa->ifa_addr;

	if (!sa || !(ifa->ifa_flags & IFF_UP) ||
	    !(ifa->ifa_flags & IFF_MULTICAST) || ifa->ifa_flags & IFF_LOOPBACK)
		return false;
	memset(address, 0, sizeof(*address));
	if (sa->sa_family == AF_INET) {
		address->proto = AVAHI_PROTO_INET;
		memcpy(&address->data.ipv4,
		       &((const struct sockaddr_in *)sa)->sin_addr, 4);
		return true;
	}
	address->proto = AVAHI_PROTO_INET6;
	if (sa->sa_family == AF_INET6)
		memcpy(&address->data.ipv6,
		       &((const struct sockaddr_in6 *)sa)->sin6_addr, 16);
	return sa->sa_family == AF_INET6;
}

static void see_address(struct announce *announce, AvahiIfIndex ifindex,
			const AvahiAddress *address)
{
	size_t i;

	for (i = 0; i < announce->n_addresses; i++) {
		if (announce->addresses[i].ifindex != ifindex ||
		    avahi_address_cmp(&announce->addresses[i].address, address))
			continue;
		announce->addresses[i].here = true;
		return;
	}
	add_address(announce, ifindex, address);
}

/* Those that were not seen are withdrawn, which tells the network that they went. */
static void drop_addresses(struct announce *announce)
{
	size_t i = 0;

	while (i < announce->n_addresses) {
		struct announce_address *at = &announce->addresses[i];

		if (at->here) {
			i++;
			continue;
		}
		avahi_s_entry_group_free(at->group);
		*at = announce->addresses[--announce->n_addresses];
	}
}

void announce_addresses(struct announce *announce)
{
	struct ifaddrs *list, *ifa;
	AvahiAddress address;
	AvahiIfIndex ifindex;
	size_t i;

	if (avahi_server_get_state(announce->server) != AVAHI_SERVER_RUNNING ||
	    getifaddrs(&list))
		return;
	for (i = 0; i < announce->n_addresses; i++)
		announce->addresses[i].here = false;
	for (ifa = list; ifa; ifa = ifa->ifa_next) {
		ifindex = (AvahiIfIndex)if_nametoindex(ifa->ifa_name);
		if (ifindex > 0 && take_address(ifa, &address))
			see_address(announce, ifindex, &address);
	}
	freeifaddrs(list);
	drop_addresses(announce);
}

/* --- the whole of it --------------------------------------------------------------------- */

static void withdraw(struct announce *announce)
{
	size_t i;

	avahi_s_entry_group_reset(announce->service);
	for (i = 0; i < announce->n_addresses; i++)
		announce->addresses[i].here = false;
	drop_addresses(announce);
}

void announce_running(struct announce *announce)
{
	announce_addresses(announce);
	publish(announce);
}

/*
 * Another one answers to our names, by accident or on purpose: with other names it is
 * tried again, later and later. That they are ours is nothing that a network can tell.
 */
void announce_clash(struct announce *announce)
{
	unsigned int rounds = announce->clashes < 6 ? announce->clashes : 6;

	if (sd_event_source_get_enabled(announce->later, NULL) > 0)
		return;
	announce->clashes++;
	if (announce->clashes == 1)
		fprintf(stderr, SD_WARNING "another one uses this node's names on the network\n");
	sd_event_source_set_time_relative(announce->later, 1000000ull << rounds);
	sd_event_source_set_enabled(announce->later, SD_EVENT_ONESHOT);
}

static int on_later(sd_event_source *s, uint64_t usec, void *arg)
{
	struct announce *announce = arg;
	char name[32];

	(void)s;
	(void)usec;
	withdraw(announce);
	announce_host_name(announce->what.id, announce->clashes % 10000, name);
	/* the server registers it, and runs again: then the rest follows */
	avahi_server_set_host_name(announce->server, name);
	return 0;
}

void announce_change(struct announce *announce, const struct wire *what)
{
	bool renewed = announce->port == what->port &&
		       !avahi_s_entry_group_is_empty(announce->service);
	char instance[128];

	memcpy(announce->what.id, what->id, PEER_ID);
	strcpy(announce->what.name, what->name);
	announce->what.pairing = what->pairing;
	announce->port = what->port;
	if (!renewed) {
		avahi_s_entry_group_reset(announce->service);
		if (avahi_server_get_state(announce->server) ==
		    AVAHI_SERVER_RUNNING)
			publish(announce);
		return;
	}
	/* in place: nobody hears that we would have gone */
	instance_name(announce, instance);
	if (add_txt(announce, instance, AVAHI_PUBLISH_UPDATE)) {
		avahi_s_entry_group_reset(announce->service);
		publish(announce);
	}
}

int announce_start(struct announce *announce, sd_event *event,
		   AvahiServer *server)
{
	memset(announce, 0, sizeof(*announce));
	announce->server = server;
	if (sd_event_add_time(event, &announce->later, CLOCK_MONOTONIC, 0, 0,
			      on_later, announce) < 0)
		return -ENOMEM;
	sd_event_source_set_enabled(announce->later, SD_EVENT_OFF);
	announce->service = avahi_s_entry_group_new(server, on_group, announce);
	if (announce->service)
		return 0;
	announce_stop(announce);
	return -ENOMEM;
}

void announce_stop(struct announce *announce)
{
	if (announce->service) {
		withdraw(announce);
		avahi_s_entry_group_free(announce->service);
	}
	announce->service = NULL;
	announce->later = sd_event_source_disable_unref(announce->later);
}
