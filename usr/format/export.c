// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "export.h"
#include "utf8.h"

#define WORD_RELEASE	1u
#define PLAIN		"plain"

static uint32_t get_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static void put_be32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

int export_parse_order(const void *data, size_t size, struct usbip_device *dev,
		       uint32_t *devid, struct error *err)
{
	const uint8_t *p = data;
	int ret;

	if (size != EXPORT_ORDER)
		return error_set(err, EPROTO, "%zu bytes are no order", size);
	ret = usbip_parse_op(p, USBIP_OP_REP_IMPORT, err);
	if (!ret)
		ret = usbip_parse_device(p + USBIP_OP_SIZE, dev, err);
	return ret ? -EPROTO : usbip_devid(dev, devid, err);
}

void export_pack_release(uint8_t buf[static EXPORT_RELEASE])
{
	put_be32(buf, WORD_RELEASE);
}

bool export_is_release(const void *data, size_t size)
{
	return size == EXPORT_RELEASE && get_be32(data) == WORD_RELEASE;
}

size_t export_pack_report(uint8_t buf[static EXPORT_REPORT_MAX],
			  const struct export_report *report)
{
	size_t len = strnlen(report->text, EXPORT_TEXT - 1);

	put_be32(buf, report->state);
	put_be32(buf + 4, report->status);
	memcpy(buf + 8, report->text, len);
	return 8 + len;
}

int export_parse_report(const void *data, size_t size,
			struct export_report *report, struct error *err)
{
	const uint8_t *p = data;

	memset(report, 0, sizeof(*report));
	if (size < 8 || size > EXPORT_REPORT_MAX)
		return error_set(err, EPROTO, "%zu bytes are no report", size);
	if (get_be32(p) > EXPORT_ENDED || get_be32(p + 4) > USBIP_ST_ERROR)
		return error_set(err, EPROTO, "a report of what is not known");
	report->state = get_be32(p);
	report->status = get_be32(p + 4);
	if (!utf8_valid((const char *)p + 8, size - 8) ||
	    !utf8_shows((const char *)p + 8, size - 8))
		return error_set(err, EPROTO, "a report that is no text");
	memcpy(report->text, p + 8, size - 8);
	return 0;
}

void export_name(char name[static EXPORT_NAME], const char *busid,
		 const uint8_t *id)
{
	char text[PEER_ID_TEXT] = PLAIN;

	if (id)
		peer_id_text(id, text);
	snprintf(name, EXPORT_NAME, "%s_%s", busid, text);
}

bool export_parse_name(const char *name, char busid[static USBIP_BUSID_SIZE],
		       bool *plain, uint8_t id[static PEER_ID])
{
	const char *behind = strrchr(name, '_');
	size_t len = behind ? (size_t)(behind - name) : 0;

	if (!len || len >= USBIP_BUSID_SIZE)
		return false;
	memcpy(busid, name, len);
	busid[len] = '\0';
	*plain = !strcmp(behind + 1, PLAIN);
	return usbip_busid_valid(busid) &&
	       (*plain || peer_id_parse(behind + 1, id));
}
