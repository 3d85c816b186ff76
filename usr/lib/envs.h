/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sealed environments as the kernel shows them, over the netlink family hearth
 * (Documentation/netlink/specs/hearth.yaml).
 */
#ifndef HEARTH_ENVS_H
#define HEARTH_ENVS_H

#include <linux/hearth.h>
#include <stdint.h>

#include "channel.h"

struct env_info {
	uint32_t id;
	uint32_t state;
	uint32_t reason;	/* 0 while it does not end */
	uint32_t uid;
	uint32_t assurance;	/* that was asked for */
	uint32_t given;		/* 0 before it is ready */
	uint32_t memory;	/* MiB */
};

/* For channel_open() and channel_listen(). */
extern const struct channel_family env_family;

/* A request for a dump of all that may be seen, or NULL. */
struct nl_msg *env_dump_request(struct channel *chan, void *arg);

/* Reads an event, or a message of a dump. Returns 0 or -EBADMSG. */
int env_parse(struct nl_msg *msg, struct env_info *env);

/* Never NULL; for a number that we don't know, "unknown". */
const char *env_assurance_name(uint32_t assurance);
const char *env_state_name(uint32_t state);
const char *env_reason_name(uint32_t reason);

#endif
