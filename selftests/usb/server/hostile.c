// SPDX-License-Identifier: GPL-2.0
#include <stdbool.h>
#include <string.h>

#include "hostile.h"

enum {
	DEVICE = 1,
	CONFIGURATION = 2,
	STRING = 3,
	BOS = 15,
};

/* Where fields are in the configuration that descriptor.c makes. */
#define AT_TOTAL	2
#define AT_INTERFACES	4
#define AT_ENDPOINTS	(9 + 4)
#define AT_CLASS	(9 + 5)
#define AT_FIRST_EP	18
#define AT_MAX_PACKET	4
#define AT_CONFIGURATIONS 17

#define TYPE_ENDPOINT	5

static bool is(uint16_t value, int type)
{
	return value >> 8 == type;
}

static size_t set_total(uint16_t value, uint8_t *buf, size_t len, uint16_t total)
{
	if (is(value, CONFIGURATION)) {
		buf[AT_TOTAL] = total & 0xff;
		buf[AT_TOTAL + 1] = total >> 8;
	}
	return len;
}

size_t hostile_total_long(uint16_t value, uint8_t *buf, size_t len)
{
	return set_total(value, buf, len, 0xffff);
}

size_t hostile_total_short(uint16_t value, uint8_t *buf, size_t len)
{
	return set_total(value, buf, len, 4);
}

size_t hostile_interfaces(uint16_t value, uint8_t *buf, size_t len)
{
	if (is(value, CONFIGURATION))
		buf[AT_INTERFACES] = 255;
	return len;
}

/* 255 endpoints, and the same one again and again up to the last byte. */
size_t hostile_endpoints(uint16_t value, uint8_t *buf, size_t len)
{
	if (!is(value, CONFIGURATION))
		return len;
	buf[AT_ENDPOINTS] = 255;
	while (len + 7 <= 60000) {
		memcpy(buf + len, buf + AT_FIRST_EP, 7);
		len += 7;
	}
	return set_total(value, buf, len, len);
}

size_t hostile_endpoint_short(uint16_t value, uint8_t *buf, size_t len)
{
	if (is(value, CONFIGURATION))
		buf[AT_FIRST_EP] = 1;
	return len;
}

size_t hostile_zero(uint16_t value, uint8_t *buf, size_t len)
{
	if (is(value, CONFIGURATION))
		memset(buf + 9, 0, len - 9);
	return len;
}

static size_t set_max_packet(uint16_t value, uint8_t *buf, size_t len,
			     uint8_t byte)
{
	size_t at;

	if (!is(value, CONFIGURATION))
		return len;
	for (at = AT_FIRST_EP; at < len && buf[at]; at += buf[at])
		if (buf[at + 1] == TYPE_ENDPOINT)
			memset(buf + at + AT_MAX_PACKET, byte, 2);
	return len;
}

size_t hostile_max_packet_zero(uint16_t value, uint8_t *buf, size_t len)
{
	return set_max_packet(value, buf, len, 0);
}

size_t hostile_max_packet_huge(uint16_t value, uint8_t *buf, size_t len)
{
	return set_max_packet(value, buf, len, 0xff);
}

size_t hostile_configurations(uint16_t value, uint8_t *buf, size_t len)
{
	if (is(value, DEVICE))
		buf[AT_CONFIGURATIONS] = 255;
	return len;
}

size_t hostile_device_short(uint16_t value, uint8_t *buf, size_t len)
{
	(void)buf;
	return is(value, DEVICE) ? 8 : len;
}

/* It says 255 bytes, has an odd number of them, and is no text. */
size_t hostile_string(uint16_t value, uint8_t *buf, size_t len)
{
	if (!is(value, STRING) || !(value & 0xff))
		return len;
	buf[0] = 255;
	memset(buf + 2, 0xd8, 19);
	return 21;
}

/* 255 capabilities, the first of length 0; only super speed reads it. */
size_t hostile_bos(uint16_t value, uint8_t *buf, size_t len)
{
	if (!is(value, BOS) || !len)
		return len;
	buf[2] = 0xff;
	buf[3] = 0xff;
	buf[4] = 255;
	buf[5] = 0;
	return len;
}

/* No descriptor is wrong, but this was something else before. HID 1.11, 4.1 to 4.3. */
size_t hostile_keyboard(uint16_t value, uint8_t *buf, size_t len)
{
	static const uint8_t boot_keyboard[] = { 3, 1, 1 };

	if (is(value, CONFIGURATION))
		memcpy(buf + AT_CLASS, boot_keyboard, sizeof(boot_keyboard));
	return len;
}
