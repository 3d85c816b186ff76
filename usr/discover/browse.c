// SPDX-License-Identifier: GPL-2.0
#include <avahi-common/address.h>
#include <avahi-core/core.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../format/announcement.h"
#include "browse.h"

struct browse_seen {
	struct browse *browse;
	struct browse_seen *newer, *older;
	char instance[32];
	AvahiIfIndex ifindex;
	AvahiProtocol protocol;
	AvahiSServiceResolver *resolver;
	bool told;		/* hearthd knows of it, as @id */
	uint8_t id[PEER_ID];
};

/* --- the list ---------------------------------------------------------------------------- */

static void put_first(struct browse *browse, struct browse_seen *seen)
{
	seen->older = browse->first;
	if (seen->older)
		seen->older->newer = seen;
	else
		browse->last = seen;
	browse->first = seen;
	browse->n++;
}

static void take_out(struct browse *browse, struct browse_seen *seen)
{
	if (seen->newer)
		seen->newer->older = seen->older;
	else
		browse->first = seen->older;
	if (seen->older)
		seen->older->newer = seen->newer;
	else
		browse->last = seen->newer;
	browse->n--;
}

static struct browse_seen *find(struct browse *browse, AvahiIfIndex ifindex,
				AvahiProtocol protocol, const char *instance)
{
	struct browse_seen *seen;

	for (seen = browse->first; seen; seen = seen->older)
		if (seen->ifindex == ifindex && seen->protocol == protocol &&
		    !strcmp(seen->instance, instance))
			return seen;
	return NULL;
}

/* Is it heard by another way as well? */
static bool is_told(const struct browse *browse, const uint8_t *id)
{
	const struct browse_seen *seen;

	for (seen = browse->first; seen; seen = seen->older)
		if (seen->told && !memcmp(seen->id, id, PEER_ID))
			return true;
	return false;
}

/* It says nothing any more, by this way. */
static void silence(struct browse_seen *seen)
{
	struct browse *browse = seen->browse;
	struct wire gone = { .type = WIRE_GONE };

	if (!seen->told)
		return;
	seen->told = false;
	memcpy(gone.id, seen->id, PEER_ID);
	if (!is_told(browse, seen->id))
		browse->ops->say(&gone, browse->arg);
}

static void forget(struct browse_seen *seen)
{
	take_out(seen->browse, seen);
	silence(seen);
	if (seen->resolver)
		avahi_s_service_resolver_free(seen->resolver);
	free(seen);
}

/* --- what is heard ------------------------------------------------------------------------ */

/* ADDRESS:PORT or [ADDRESS%SCOPE]:PORT. Returns false where it does not fit. */
static bool address_text(const AvahiAddress *address, AvahiIfIndex ifindex,
			 uint16_t port, char text[static WIRE_ADDRESS])
{
	char host[AVAHI_ADDRESS_STR_MAX], scope[IF_NAMESIZE + 1] = "";
	int n;

	avahi_address_snprint(host, sizeof(host), address);
	if (address->proto == AVAHI_PROTO_INET) {
		n = snprintf(text, WIRE_ADDRESS, "%s:%u", host, port);
		return n < WIRE_ADDRESS;
	}
	/* of the link alone: fe80::/10 */
	if (address->data.ipv6.address[0] == 0xfe &&
	    (address->data.ipv6.address[1] & 0xc0) == 0x80) {
		if (!if_indextoname((unsigned int)ifindex, scope + 1))
			return false;
		*scope = '%';
	}
	n = snprintf(text, WIRE_ADDRESS, "[%s%s]:%u", host, scope, port);
	return n < WIRE_ADDRESS;
}

static int read_txt(AvahiStringList *txt, const char *instance,
		    struct announcement *said, struct error *err)
{
	int ret = 0;

	memset(said, 0, sizeof(*said));
	for (; !ret && txt; txt = avahi_string_list_get_next(txt))
		ret = announcement_take(said, avahi_string_list_get_text(txt),
					avahi_string_list_get_size(txt), err);
	return ret ? ret : announcement_check(said, instance, err);
}

static void on_resolved(AvahiSServiceResolver *resolver, AvahiIfIndex ifindex,
			AvahiProtocol protocol, AvahiResolverEvent event,
			const char *name, const char *type, const char *domain,
			const char *host, const AvahiAddress *address,
			uint16_t port, AvahiStringList *txt,
			AvahiLookupResultFlags flags, void *arg)
{
	struct browse_seen *seen = arg;
	struct wire wire = { .type = WIRE_SEEN, .n_addresses = 1 };
	struct announcement said;
	struct error err;

	(void)resolver;
	(void)protocol;
	(void)name;
	(void)type;
	(void)domain;
	(void)host;
	(void)flags;
	/* What failed is tried again when something of it is heard. */
	if (event != AVAHI_RESOLVER_FOUND || !address || !port ||
	    read_txt(txt, seen->instance, &said, &err) ||
	    !address_text(address, ifindex, port, wire.addresses[0])) {
		silence(seen);
		return;
	}
	if (seen->told && memcmp(seen->id, said.id, PEER_ID))
		silence(seen);
	seen->told = true;
	memcpy(seen->id, said.id, PEER_ID);
	memcpy(wire.id, said.id, PEER_ID);
	strcpy(wire.name, said.name);
	wire.pairing = said.pairing;
	seen->browse->ops->say(&wire, seen->browse->arg);
}

static void add(struct browse *browse, AvahiIfIndex ifindex,
		AvahiProtocol protocol, const char *name, const char *type,
		const char *domain)
{
	struct browse_seen *seen;

	if (!announcement_instance(name) || strlen(name) >= sizeof(seen->instance) ||
	    find(browse, ifindex, protocol, name))
		return;
	if (browse->n == BROWSE_MAX)
		forget(browse->last);
	seen = calloc(1, sizeof(*seen));
	if (!seen)
		return;
	seen->browse = browse;
	strcpy(seen->instance, name);
	seen->ifindex = ifindex;
	seen->protocol = protocol;
	put_first(browse, seen);
	seen->resolver = avahi_s_service_resolver_new(
		browse->server, ifindex, protocol, name, type, domain, protocol,
		0, on_resolved, seen);
	if (!seen->resolver)
		forget(seen);
}

static void on_browsed(AvahiSServiceBrowser *browser, AvahiIfIndex ifindex,
		       AvahiProtocol protocol, AvahiBrowserEvent event,
		       const char *name, const char *type, const char *domain,
		       AvahiLookupResultFlags flags, void *arg)
{
	struct browse *browse = arg;
	struct browse_seen *seen;

	(void)browser;
	switch (event) {
	case AVAHI_BROWSER_NEW:
		/* not ourselves */
		if (!(flags & AVAHI_LOOKUP_RESULT_LOCAL))
			add(browse, ifindex, protocol, name, type, domain);
		break;
	case AVAHI_BROWSER_REMOVE:
		seen = find(browse, ifindex, protocol, name);
		if (seen)
			forget(seen);
		break;
	default:
		break;
	}
}

int browse_start(struct browse *browse, AvahiServer *server,
		 const struct browse_ops *ops, void *arg)
{
	memset(browse, 0, sizeof(*browse));
	browse->server = server;
	browse->ops = ops;
	browse->arg = arg;
	browse->browser = avahi_s_service_browser_new(
		server, AVAHI_IF_UNSPEC, AVAHI_PROTO_UNSPEC, ANNOUNCEMENT_TYPE,
		NULL, 0, on_browsed, browse);
	return browse->browser ? 0 : -ENOMEM;
}

void browse_stop(struct browse *browse)
{
	while (browse->first)
		forget(browse->first);
	if (browse->browser)
		avahi_s_service_browser_free(browse->browser);
	browse->browser = NULL;
}
