// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

#include "../../lib/port.h"
#include "../test.h"

static struct nl_msg *message(void)
{
	struct nl_msg *msg = nlmsg_alloc();

	genlmsg_put(msg, 0, 0, 99, 0, 0, HEARTH_USB_CMD_PORT_NTF, 1);
	return msg;
}

static void port_parses_all(void)
{
	struct nl_msg *msg = message();
	struct nlattr *nest;
	struct port port;

	nla_put_u32(msg, HEARTH_USB_A_PORT_ID, 7);
	nla_put_u32(msg, HEARTH_USB_A_PORT_DEVID, 0x30002);
	nla_put_u32(msg, HEARTH_USB_A_PORT_SPEED, 3);
	nla_put_string(msg, HEARTH_USB_A_PORT_BUSID, "3-1");
	nla_put_string(msg, HEARTH_USB_A_PORT_SERVER, "node:1");
	nla_put_u32(msg, HEARTH_USB_A_PORT_STATE, 2);
	nla_put_u32(msg, HEARTH_USB_A_PORT_REASON, 3);
	nla_put_u32(msg, HEARTH_USB_A_PORT_ERROR, ETIMEDOUT);
	nla_put_u32(msg, HEARTH_USB_A_PORT_BUSNUM, 5);
	nla_put_u32(msg, HEARTH_USB_A_PORT_ROOT_PORT, 1);
	nla_put_u32(msg, HEARTH_USB_A_PORT_UNLINK_TIMEOUT, 5000);
	nla_put_flag(msg, HEARTH_USB_A_PORT_TLS);
	nla_put_flag(msg, HEARTH_USB_A_PORT_UNAUTHORIZED);
	nla_put_string(msg, HEARTH_USB_A_PORT_POSTING_OFF, "early stall");
	nla_put_u32(msg, 1000, 1);	/* of a later version */
	nest = nla_nest_start(msg, HEARTH_USB_A_PORT_STATS);
	nla_put_u64(msg, HEARTH_USB_A_STATS_SUBMITTED, 1ULL << 40);
	nla_put_u32(msg, HEARTH_USB_A_STATS_RTT, 300);
	nla_put_u32(msg, HEARTH_USB_A_STATS_WAITING, 3);
	nla_nest_end(msg, nest);

	expect(!port_parse(msg, &port));
	expect(port.id == 7 && port.devid == 0x30002 && port.speed == 3);
	expect_text(port.busid, "3-1");
	expect_text(port.server, "node:1");
	expect(port.state == HEARTH_USB_PORT_STATE_DETACHING);
	expect(port.reason == HEARTH_USB_PORT_REASON_LOST);
	expect(port.error == ETIMEDOUT);
	expect(port.busnum == 5 && port.root_port == 1 && !port.devnum);
	expect(port.unlink_timeout == 5000 && !port.stall_timeout);
	expect(port.tls && !port.no_posting && port.unauthorized);
	expect(port.stats.submitted == 1ULL << 40 && port.stats.rtt == 300);
	expect(port.stats.waiting == 3);
	expect_text(port.posting_off, "early stall");
	nlmsg_free(msg);
}

static void port_refuses_what_is_none(void)
{
	struct nl_msg *msg = message();
	struct port port;

	expect(port_parse(msg, &port) == -EBADMSG);
	nlmsg_free(msg);

	msg = message();
	nla_put(msg, HEARTH_USB_A_PORT_ID, 2, "ab");
	expect(port_parse(msg, &port) == -EBADMSG);
	nlmsg_free(msg);
}

static void port_has_words(void)
{
	uint32_t i;

	for (i = 1; i <= HEARTH_USB_PORT_STATE_LEAVING; i++)
		expect(strcmp(port_state_name(i), "unknown"));
	for (i = 1; i <= HEARTH_USB_PORT_REASON_PEER; i++) {
		expect(strcmp(port_reason_name(i), "unknown"));
		expect(!strstr(port_reason_text(i, 0), "unknown"));
	}
	expect_has(port_reason_text(HEARTH_USB_PORT_REASON_ENUMERATION,
				    ETIMEDOUT), "does not answer");
	expect_text(port_state_name(0), "unknown");
	expect_text(port_reason_name(UINT32_MAX), "unknown");
}

const struct test tests[] = {
	TEST(port_parses_all),
	TEST(port_refuses_what_is_none),
	TEST(port_has_words),
	{ 0 },
};
