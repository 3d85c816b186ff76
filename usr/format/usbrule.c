// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "usbrule.h"
#include "utf8.h"

#define CLASS	"class:"

/* Takes @digits hexadecimal ones off. */
static bool take_hex(const char **text, unsigned int digits, unsigned int *value)
{
	unsigned int i;

	*value = 0;
	for (i = 0; i < digits; i++, (*text)++) {
		int c = tolower((unsigned char)**text);

		if (!isxdigit(c))
			return false;
		*value = *value << 4 |
			 (unsigned int)(isdigit(c) ? c - '0' : c - 'a' + 10);
	}
	return true;
}

static int parse_class(const char *text, struct usbrule *rule,
		       struct error *err)
{
	unsigned int class;

	if (!take_hex(&text, 2, &class) || *text)
		return error_set(err, EINVAL,
				 "a class has two hexadecimal digits, as class:08");
	rule->kind = USBRULE_CLASS;
	rule->class = (uint8_t)class;
	return 0;
}

static int parse_serial(const char *text, struct usbrule *rule,
			struct error *err)
{
	size_t len = strlen(text);

	if (!len || len >= sizeof(rule->serial) || !utf8_valid(text, len) ||
	    !utf8_shows(text, len))
		return error_set(err, EINVAL,
				 "a serial number is 1 to %u bytes that a terminal can show",
				 USBRULE_SERIAL - 1);
	memcpy(rule->serial, text, len + 1);
	return 0;
}

/* Returns false where it is no VID:PID at all. */
static bool parse_id(const char *text, struct usbrule *rule, int *ret,
		     struct error *err)
{
	unsigned int vendor, product;

	if (!take_hex(&text, 4, &vendor) || *text++ != ':' ||
	    !take_hex(&text, 4, &product) || (*text && *text != ':'))
		return false;
	rule->kind = USBRULE_ID;
	rule->vendor = (uint16_t)vendor;
	rule->product = (uint16_t)product;
	*ret = *text ? parse_serial(text + 1, rule, err) : 0;
	return true;
}

/* "3-1.2": a bus, and ports from its root on */
static bool is_busid(const char *text)
{
	size_t bus = strspn(text, "0123456789");

	return usbip_busid_valid(text) && bus && text[bus] == '-' &&
	       strspn(text + bus + 1, "0123456789.") == strlen(text + bus + 1) &&
	       isdigit((unsigned char)text[bus + 1]);
}

int usbrule_parse(const char *text, struct usbrule *rule, struct error *err)
{
	int ret;

	memset(rule, 0, sizeof(*rule));
	if (!strncmp(text, CLASS, strlen(CLASS)))
		return parse_class(text + strlen(CLASS), rule, err);
	if (parse_id(text, rule, &ret, err))
		return ret;
	if (!is_busid(text))
		return error_set(err, EINVAL,
				 "\"%s\" names no USB devices: BUSID (3-1.2), VID:PID[:SERIAL] (46f4:0001) and class:CC (class:08) do",
				 text);
	rule->kind = USBRULE_BUSID;
	strcpy(rule->busid, text);
	return 0;
}

void usbrule_text(const struct usbrule *rule, char text[static USBRULE_TEXT])
{
	switch (rule->kind) {
	case USBRULE_BUSID:
		snprintf(text, USBRULE_TEXT, "%s", rule->busid);
		break;
	case USBRULE_ID:
		snprintf(text, USBRULE_TEXT, "%04x:%04x%s%s", rule->vendor,
			 rule->product, *rule->serial ? ":" : "", rule->serial);
		break;
	case USBRULE_CLASS:
		snprintf(text, USBRULE_TEXT, CLASS "%02x", rule->class);
		break;
	}
}

static bool has_class(const struct usbip_device *about, uint8_t class)
{
	unsigned int i;

	if (about->class == class)
		return true;
	for (i = 0; i < about->n_interfaces; i++)
		if (about->interfaces[i].class == class)
			return true;
	return false;
}

bool usbrule_matches(const struct usbrule *rule,
		     const struct usbip_device *about, const char *serial)
{
	switch (rule->kind) {
	case USBRULE_BUSID:
		return !strcmp(rule->busid, about->busid);
	case USBRULE_ID:
		return rule->vendor == about->vendor &&
		       rule->product == about->product &&
		       (!*rule->serial || !strcmp(rule->serial, serial));
	case USBRULE_CLASS:
		return has_class(about, rule->class);
	}
	return false;
}
