// SPDX-License-Identifier: GPL-2.0
#include "../format/uevent.h"
#include "test.h"

static void uevent_tells_its_subsystem(void)
{
	static const char add[] = "add@/devices/x\0ACTION=add\0SUBSYSTEM=usb\0SEQNUM=7";

	expect(uevent_is_of(add, sizeof(add), "usb"));
	expect(!uevent_is_of(add, sizeof(add), "us"));
	expect(!uevent_is_of(add, sizeof(add), "usb_device"));
	expect(!uevent_is_of(add, sizeof(add), "block"));
}

static void uevent_has_to_end(void)
{
	static const char cut[] = { 'a', 0, 'S', 'U', 'B', 'S', 'Y', 'S', 'T', 'E',
				    'M', '=', 'u', 's', 'b' };
	static const char other[] = "a\0XSUBSYSTEM=usb\0SUBSYSTE";

	expect(!uevent_is_of(cut, sizeof(cut), "usb"));
	expect(!uevent_is_of(other, sizeof(other), "usb"));
	expect(!uevent_is_of(other, 0, "usb"));
}

const struct test tests[] = {
	TEST(uevent_tells_its_subsystem),
	TEST(uevent_has_to_end),
	{ 0 },
};
