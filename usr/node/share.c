// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/usbuse.h"
#include "share.h"

#define SYSFS		"/sys"
#define PROC		"/proc"
#define DEVICES		SYSFS "/bus/usb/devices"
#define SHARES_MAX	256u
#define SPEED_SUPER	5u	/* USB/IP's number */

struct share {
	unsigned int n;
	struct store_share list[SHARES_MAX];
};

/* --- rules ------------------------------------------------------------------------------- */

static int load(const struct store_share *kept, void *arg, struct error *err)
{
	struct share *share = arg;

	if (share->n == SHARES_MAX)
		return error_set(err, ENOSPC, "more than %u rules of what is shared",
				 SHARES_MAX);
	share->list[share->n++] = *kept;
	return 0;
}

/* What is in memory is what is on the disk. */
int share_refresh(struct node *node, struct error *err)
{
	node->share->n = 0;
	node->usb_changes++;
	return store_shares(&node->store, load, node->share, err);
}

int share_start(struct node *node, struct error *err)
{
	node->share = calloc(1, sizeof(*node->share));
	if (!node->share)
		return error_set(err, ENOMEM, "out of memory");
	return share_refresh(node, err);
}

void share_stop(struct node *node)
{
	free(node->share);
	node->share = NULL;
}

static bool same(const struct usbrule *a, const struct usbrule *b)
{
	char x[USBRULE_TEXT], y[USBRULE_TEXT];

	usbrule_text(a, x);
	usbrule_text(b, y);
	return !strcmp(x, y);
}

static bool has_rule(const struct node *node, const struct usbrule *rule)
{
	unsigned int i;

	for (i = 0; i < node->share->n; i++)
		if (same(&node->share->list[i].rule, rule))
			return true;
	return false;
}

int share_put(struct node *node, const struct store_share *share,
	      struct error *err)
{
	int ret;

	if (share->forced && share->rule.kind != USBRULE_BUSID)
		return error_set(err, EINVAL,
				 "what this machine uses is shared by its bus id alone");
	if (node->share->n == SHARES_MAX && !has_rule(node, &share->rule))
		return error_set(err, ENOSPC, "there are %u rules already",
				 SHARES_MAX);
	ret = store_put_share(&node->store, share, err);
	return ret ? ret : share_refresh(node, err);
}

int share_drop(struct node *node, const struct usbrule *rule,
	       struct error *err)
{
	char text[USBRULE_TEXT];
	int ret;

	usbrule_text(rule, text);
	if (!has_rule(node, rule))
		return error_set(err, ENOENT, "%s is not shared", text);
	ret = store_drop_share(&node->store, rule, err);
	return ret ? ret : share_refresh(node, err);
}

void share_rules(struct node *node,
		 void (*each)(const struct store_share *share, void *arg),
		 void *arg)
{
	unsigned int i;

	for (i = 0; i < node->share->n; i++)
		each(&node->share->list[i], arg);
}

/* --- devices ------------------------------------------------------------------------------ */

bool share_has(const struct node *node, const struct usblocal *local)
{
	unsigned int i;

	for (i = 0; i < node->share->n; i++)
		if (usbrule_matches(&node->share->list[i].rule, &local->about,
				    local->serial))
			return true;
	return false;
}

static bool is_for(const struct store_share *share,
		   const struct share_client *client)
{
	const struct peer_grant grant = {
		.n = share->n, .peers = share->peers,
	};

	if (client->plain)
		return share->plain;
	/* of those that were named none may be left: then it is for nobody */
	if (share->named && !share->n)
		return false;
	return peer_may(client->role, client->id, &grant);
}

/* Returns 0, -ENODEV where it is not shared, or -EBUSY. */
static int may_have(struct node *node, const struct share_client *client,
		    const struct usblocal *local, struct error *err)
{
	char why[USBUSE_TEXT];
	enum usbuse use = usbuse_find(SYSFS, PROC, local, why);
	bool shared = false;
	unsigned int i;

	for (i = 0; i < node->share->n; i++) {
		const struct store_share *share = &node->share->list[i];

		if (!usbrule_matches(&share->rule, &local->about,
				     local->serial) || !is_for(share, client))
			continue;
		if (use == USBUSE_NOT || share->forced)
			return 0;
		shared = true;
	}
	return shared ? error_set(err, EBUSY, "%s stays here: %s",
				  local->about.busid, why) :
			error_set(err, ENODEV, "%s is not shared",
				  local->about.busid);
}

int share_find(struct node *node, const struct share_client *client,
	       const char *busid, struct usblocal *local, struct error *err)
{
	if (!usblocal_read(SYSFS, busid, local))
		return error_set(err, ENODEV, "there is no device %s", busid);
	/* The stock client knows no speed above that. */
	if (client->plain && local->about.speed > SPEED_SUPER)
		local->about.speed = SPEED_SUPER;
	return may_have(node, client, local, err);
}

void share_devices(struct node *node, const struct share_client *client,
		   void (*each)(const struct usblocal *local, void *arg),
		   void *arg)
{
	struct usblocal local;
	struct dirent **names;
	struct error err;
	int i, n = scandir(DEVICES, &names, NULL, versionsort);

	for (i = 0; i < n; i++) {
		if (!share_find(node, client, names[i]->d_name, &local, &err))
			each(&local, arg);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}
