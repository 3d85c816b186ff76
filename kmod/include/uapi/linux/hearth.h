/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/hearth.yaml */
/* YNL-GEN uapi header */

#ifndef _UAPI_LINUX_HEARTH_H
#define _UAPI_LINUX_HEARTH_H

#define HEARTH_FAMILY_NAME	"hearth"
#define HEARTH_FAMILY_VERSION	1

#define HEARTH_ID_LEN		32
#define HEARTH_NAME_MAX_LEN	64
#define HEARTH_ADDRESSES_MAX	8
#define HEARTH_PEERS_MAX	16384
#define HEARTH_TTL_MAX		86400000

/**
 * enum hearth_capability - What a peer offers.
 * @HEARTH_CAPABILITY_USB: It shares USB devices.
 * @HEARTH_CAPABILITY_STORE: It stores chunks.
 * @HEARTH_CAPABILITY_ENV: It builds sealed environments.
 * @HEARTH_CAPABILITY_RELAY: It relays connections.
 */
enum hearth_capability {
	HEARTH_CAPABILITY_USB = 1,
	HEARTH_CAPABILITY_STORE = 2,
	HEARTH_CAPABILITY_ENV = 4,
	HEARTH_CAPABILITY_RELAY = 8,
};

/**
 * enum hearth_peer_source - Where a peer was learnt.
 * @HEARTH_PEER_SOURCE_MULTICAST: It announced itself on the local network.
 * @HEARTH_PEER_SOURCE_CENTER: The center named it.
 * @HEARTH_PEER_SOURCE_HAND: The user named it. It does not expire.
 */
enum hearth_peer_source {
	HEARTH_PEER_SOURCE_MULTICAST = 1,
	HEARTH_PEER_SOURCE_CENTER,
	HEARTH_PEER_SOURCE_HAND,
};

/**
 * enum hearth_peer_state
 * @HEARTH_PEER_STATE_KNOWN: It is in the table.
 * @HEARTH_PEER_STATE_GONE: It is not, from now on.
 */
enum hearth_peer_state {
	HEARTH_PEER_STATE_KNOWN = 1,
	HEARTH_PEER_STATE_GONE,
};

/**
 * enum hearth_peer_reason - Why a peer is gone.
 * @HEARTH_PEER_REASON_EXPIRED: It was not refreshed in time. Silence takes
 *   nothing away: what has a living connection to it keeps that.
 * @HEARTH_PEER_REASON_REMOVED: It is trusted no more. What is connected to it
 *   ends.
 * @HEARTH_PEER_REASON_GOODBYE: It said that it leaves. What is connected to it
 *   ends.
 */
enum hearth_peer_reason {
	HEARTH_PEER_REASON_EXPIRED = 1,
	HEARTH_PEER_REASON_REMOVED,
	HEARTH_PEER_REASON_GOODBYE,
};

enum {
	HEARTH_A_ADDRESS_IPV4 = 1,
	HEARTH_A_ADDRESS_IPV6,
	HEARTH_A_ADDRESS_PORT,
	HEARTH_A_ADDRESS_SCOPE,

	__HEARTH_A_ADDRESS_MAX,
	HEARTH_A_ADDRESS_MAX = (__HEARTH_A_ADDRESS_MAX - 1)
};

enum {
	HEARTH_A_PEER_ID = 1,
	HEARTH_A_PEER_NAME,
	HEARTH_A_PEER_ADDRESS,
	HEARTH_A_PEER_CAPABILITIES,
	HEARTH_A_PEER_SOURCE,
	HEARTH_A_PEER_TTL,
	HEARTH_A_PEER_EXPIRES,
	HEARTH_A_PEER_STATE,
	HEARTH_A_PEER_REASON,

	__HEARTH_A_PEER_MAX,
	HEARTH_A_PEER_MAX = (__HEARTH_A_PEER_MAX - 1)
};

enum {
	HEARTH_CMD_PEER_NEW = 1,
	HEARTH_CMD_PEER_DEL,
	HEARTH_CMD_PEER_GET,
	HEARTH_CMD_PEER_NTF,

	__HEARTH_CMD_MAX,
	HEARTH_CMD_MAX = (__HEARTH_CMD_MAX - 1)
};

#define HEARTH_MCGRP_PEERS	"peers"

#endif /* _UAPI_LINUX_HEARTH_H */
