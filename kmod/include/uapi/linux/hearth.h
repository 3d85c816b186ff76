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

#define HEARTH_ENVS_MAX			4096
#define HEARTH_ENVS_MAX_USER		32
#define HEARTH_ENV_MEMORY_MAX		65536
#define HEARTH_ENV_KEYS_MAX		16
#define HEARTH_ADMISSION_MAX_LEN	32768

/**
 * enum hearth_assurance - What keeps others out of an env; each is more than
 *   the one before.
 * @HEARTH_ASSURANCE_PROCESS: It is a process of the node.
 * @HEARTH_ASSURANCE_VM: It is a virtual machine, on the node's word.
 * @HEARTH_ASSURANCE_MEASURED: A TPM has measured what runs.
 * @HEARTH_ASSURANCE_TEE: The processor encrypts its memory, and attests what
 *   runs.
 */
enum hearth_assurance {
	HEARTH_ASSURANCE_PROCESS = 1,
	HEARTH_ASSURANCE_VM,
	HEARTH_ASSURANCE_MEASURED,
	HEARTH_ASSURANCE_TEE,
};

/**
 * enum hearth_env_state - The life of an env.
 * @HEARTH_ENV_STATE_REQUESTED: Nobody builds it yet.
 * @HEARTH_ENV_STATE_BUILDING: Its orchestrator builds it.
 * @HEARTH_ENV_STATE_READY: Its requester may go in.
 * @HEARTH_ENV_STATE_BUSY: Its requester is in.
 * @HEARTH_ENV_STATE_CLOSING: It is to end; its orchestrator takes it down.
 * @HEARTH_ENV_STATE_CLOSED: It is over. The id is free.
 * @HEARTH_ENV_STATE_FAILED: It is over, and was not built or not taken down as
 *   it should. The id is free.
 */
enum hearth_env_state {
	HEARTH_ENV_STATE_REQUESTED = 1,
	HEARTH_ENV_STATE_BUILDING,
	HEARTH_ENV_STATE_READY,
	HEARTH_ENV_STATE_BUSY,
	HEARTH_ENV_STATE_CLOSING,
	HEARTH_ENV_STATE_CLOSED,
	HEARTH_ENV_STATE_FAILED,
};

/**
 * enum hearth_env_reason - Why an env ends; the first that there was.
 * @HEARTH_ENV_REASON_BUILDING: It was not ready in time.
 * @HEARTH_ENV_REASON_ADMISSION: The requester did not come in time.
 * @HEARTH_ENV_REASON_IDLE: It was idle for too long.
 * @HEARTH_ENV_REASON_LIFE: Its time to live is over.
 * @HEARTH_ENV_REASON_CLOSING: It was not taken down in time.
 * @HEARTH_ENV_REASON_REQUESTER_GONE: The socket that asked for it was closed.
 * @HEARTH_ENV_REASON_ORCHESTRATOR_GONE: The socket that claimed it was closed.
 * @HEARTH_ENV_REASON_REQUESTER: Its user closed it.
 * @HEARTH_ENV_REASON_ORCHESTRATOR: Its orchestrator closed it.
 * @HEARTH_ENV_REASON_FAILED: Its orchestrator says that it failed.
 */
enum hearth_env_reason {
	HEARTH_ENV_REASON_BUILDING = 1,
	HEARTH_ENV_REASON_ADMISSION,
	HEARTH_ENV_REASON_IDLE,
	HEARTH_ENV_REASON_LIFE,
	HEARTH_ENV_REASON_CLOSING,
	HEARTH_ENV_REASON_REQUESTER_GONE,
	HEARTH_ENV_REASON_ORCHESTRATOR_GONE,
	HEARTH_ENV_REASON_REQUESTER,
	HEARTH_ENV_REASON_ORCHESTRATOR,
	HEARTH_ENV_REASON_FAILED,
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
	HEARTH_A_ENV_ID = 1,
	HEARTH_A_ENV_STATE,
	HEARTH_A_ENV_REASON,
	HEARTH_A_ENV_UID,
	HEARTH_A_ENV_ASSURANCE,
	HEARTH_A_ENV_GIVEN,
	HEARTH_A_ENV_MEMORY,
	HEARTH_A_ENV_TTL,
	HEARTH_A_ENV_BUILDING_TIMEOUT,
	HEARTH_A_ENV_ADMISSION_TIMEOUT,
	HEARTH_A_ENV_IDLE_TIMEOUT,
	HEARTH_A_ENV_EXPIRES,
	HEARTH_A_ENV_ADMISSION,
	HEARTH_A_ENV_FAILED,
	HEARTH_A_ENV_KEY,

	__HEARTH_A_ENV_MAX,
	HEARTH_A_ENV_MAX = (__HEARTH_A_ENV_MAX - 1)
};

enum {
	HEARTH_CMD_PEER_NEW = 1,
	HEARTH_CMD_PEER_DEL,
	HEARTH_CMD_PEER_GET,
	HEARTH_CMD_PEER_NTF,
	HEARTH_CMD_ENV_NEW,
	HEARTH_CMD_ENV_CLAIM,
	HEARTH_CMD_ENV_READY,
	HEARTH_CMD_ENV_BUSY,
	HEARTH_CMD_ENV_IDLE,
	HEARTH_CMD_ENV_CLOSE,
	HEARTH_CMD_ENV_BIND_KEY,
	HEARTH_CMD_ENV_GET,
	HEARTH_CMD_ENV_NTF,

	__HEARTH_CMD_MAX,
	HEARTH_CMD_MAX = (__HEARTH_CMD_MAX - 1)
};

#define HEARTH_MCGRP_PEERS	"peers"
#define HEARTH_MCGRP_ENVS	"envs"

#endif /* _UAPI_LINUX_HEARTH_H */
