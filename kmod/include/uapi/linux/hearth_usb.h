/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/hearth-usb.yaml */
/* YNL-GEN uapi header */

#ifndef _UAPI_LINUX_HEARTH_USB_H
#define _UAPI_LINUX_HEARTH_USB_H

#define HEARTH_USB_FAMILY_NAME		"hearth-usb"
#define HEARTH_USB_FAMILY_VERSION	1

#define HEARTH_USB_PEER_LEN		32
#define HEARTH_USB_BUSID_MAX_LEN	31
#define HEARTH_USB_SERVER_MAX_LEN	255
#define HEARTH_USB_TIMEOUT_MAX		3600000

/**
 * enum hearth_usb_speed - Speed of a device; the numbers are those of USB/IP.
 * @HEARTH_USB_SPEED_LOW: 1.5 Mbit/s
 * @HEARTH_USB_SPEED_FULL: 12 Mbit/s
 * @HEARTH_USB_SPEED_HIGH: 480 Mbit/s
 * @HEARTH_USB_SPEED_WIRELESS: Wireless USB, gone from the kernel; refused.
 * @HEARTH_USB_SPEED_SUPER: 5 Gbit/s
 * @HEARTH_USB_SPEED_SUPER_PLUS: 10 Gbit/s or more
 */
enum hearth_usb_speed {
	HEARTH_USB_SPEED_LOW = 1,
	HEARTH_USB_SPEED_FULL,
	HEARTH_USB_SPEED_HIGH,
	HEARTH_USB_SPEED_WIRELESS,
	HEARTH_USB_SPEED_SUPER,
	HEARTH_USB_SPEED_SUPER_PLUS,
};

/**
 * enum hearth_usb_port_state - The life of a port; it never goes back to an
 *   earlier state.
 * @HEARTH_USB_PORT_STATE_ATTACHED: The device is plugged in and its connection
 *   is up.
 * @HEARTH_USB_PORT_STATE_DETACHING: The connection is down and every URB has
 *   been given back; drivers or open files still hold the device.
 * @HEARTH_USB_PORT_STATE_GONE: Nothing refers to the device any more; the port
 *   id is free.
 * @HEARTH_USB_PORT_STATE_LEAVING: Between attached and detaching: the drivers
 *   were told to let go of the device, and write back what they hold. The
 *   connection is up.
 */
enum hearth_usb_port_state {
	HEARTH_USB_PORT_STATE_ATTACHED = 1,
	HEARTH_USB_PORT_STATE_DETACHING,
	HEARTH_USB_PORT_STATE_GONE,
	HEARTH_USB_PORT_STATE_LEAVING,
};

/**
 * enum hearth_usb_port_reason - Why a port left the attached state.
 * @HEARTH_USB_PORT_REASON_REQUEST: port-detach was called.
 * @HEARTH_USB_PORT_REASON_CLOSED: The server closed the connection.
 * @HEARTH_USB_PORT_REASON_LOST: The connection broke; the attribute error
 *   tells how.
 * @HEARTH_USB_PORT_REASON_PROTOCOL: The server broke the protocol; the kernel
 *   log tells how.
 * @HEARTH_USB_PORT_REASON_UNLINK_TIMEOUT: The server did not confirm a
 *   cancelled URB in time.
 * @HEARTH_USB_PORT_REASON_STALL_TIMEOUT: The connection stood still in the
 *   middle of a message.
 * @HEARTH_USB_PORT_REASON_TLS: A TLS alert or a record that is not application
 *   data arrived.
 * @HEARTH_USB_PORT_REASON_UNLOAD: The module is being removed.
 * @HEARTH_USB_PORT_REASON_ENUMERATION: The device could not be enumerated: it
 *   left a request of the USB core unanswered (error ETIMEDOUT), or its
 *   answers were of no use (EPROTO).
 * @HEARTH_USB_PORT_REASON_SLEEP: The system went to sleep or woke up, and the
 *   server did not answer what that takes within 10 seconds.
 * @HEARTH_USB_PORT_REASON_NAMESPACE: The network namespace of the port has
 *   ended.
 * @HEARTH_USB_PORT_REASON_PEER: Its peer was removed, or has said goodbye.
 */
enum hearth_usb_port_reason {
	HEARTH_USB_PORT_REASON_REQUEST = 1,
	HEARTH_USB_PORT_REASON_CLOSED,
	HEARTH_USB_PORT_REASON_LOST,
	HEARTH_USB_PORT_REASON_PROTOCOL,
	HEARTH_USB_PORT_REASON_UNLINK_TIMEOUT,
	HEARTH_USB_PORT_REASON_STALL_TIMEOUT,
	HEARTH_USB_PORT_REASON_TLS,
	HEARTH_USB_PORT_REASON_UNLOAD,
	HEARTH_USB_PORT_REASON_ENUMERATION,
	HEARTH_USB_PORT_REASON_SLEEP,
	HEARTH_USB_PORT_REASON_NAMESPACE,
	HEARTH_USB_PORT_REASON_PEER,
};

enum {
	HEARTH_USB_A_STATS_PAD = 1,
	HEARTH_USB_A_STATS_SUBMITTED,
	HEARTH_USB_A_STATS_COMPLETED,
	HEARTH_USB_A_STATS_ERRORS,
	HEARTH_USB_A_STATS_UNLINKED,
	HEARTH_USB_A_STATS_IN_FLIGHT,
	HEARTH_USB_A_STATS_TX_BYTES,
	HEARTH_USB_A_STATS_RX_BYTES,
	HEARTH_USB_A_STATS_RTT,
	HEARTH_USB_A_STATS_WAITING,

	__HEARTH_USB_A_STATS_MAX,
	HEARTH_USB_A_STATS_MAX = (__HEARTH_USB_A_STATS_MAX - 1)
};

enum {
	HEARTH_USB_A_PORT_PAD = 1,
	HEARTH_USB_A_PORT_ID,
	HEARTH_USB_A_PORT_SOCKET_FD,
	HEARTH_USB_A_PORT_DEVID,
	HEARTH_USB_A_PORT_SPEED,
	HEARTH_USB_A_PORT_BUSID,
	HEARTH_USB_A_PORT_SERVER,
	HEARTH_USB_A_PORT_STATE,
	HEARTH_USB_A_PORT_REASON,
	HEARTH_USB_A_PORT_ERROR,
	HEARTH_USB_A_PORT_BUSNUM,
	HEARTH_USB_A_PORT_ROOT_PORT,
	HEARTH_USB_A_PORT_DEVNUM,
	HEARTH_USB_A_PORT_STATS,
	HEARTH_USB_A_PORT_UNLINK_TIMEOUT,
	HEARTH_USB_A_PORT_STALL_TIMEOUT,
	HEARTH_USB_A_PORT_PEER_TIMEOUT,
	HEARTH_USB_A_PORT_TLS,
	HEARTH_USB_A_PORT_NO_POSTING,
	HEARTH_USB_A_PORT_NOW,
	HEARTH_USB_A_PORT_DETACH_TIMEOUT,
	HEARTH_USB_A_PORT_POSTING_OFF,
	HEARTH_USB_A_PORT_PEER,
	HEARTH_USB_A_PORT_UNAUTHORIZED,

	__HEARTH_USB_A_PORT_MAX,
	HEARTH_USB_A_PORT_MAX = (__HEARTH_USB_A_PORT_MAX - 1)
};

enum {
	HEARTH_USB_CMD_PORT_ATTACH = 1,
	HEARTH_USB_CMD_PORT_DETACH,
	HEARTH_USB_CMD_PORT_GET,
	HEARTH_USB_CMD_PORT_NTF,
	HEARTH_USB_CMD_PORT_AUTHORIZE,

	__HEARTH_USB_CMD_MAX,
	HEARTH_USB_CMD_MAX = (__HEARTH_USB_CMD_MAX - 1)
};

#define HEARTH_USB_MCGRP_PORTS	"ports"

#endif /* _UAPI_LINUX_HEARTH_USB_H */
