// SPDX-License-Identifier: GPL-2.0
#include "utf8.h"

size_t utf8_next(const char *text, size_t size, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const uint8_t *p = (const uint8_t *)text;
	size_t n, i;

	if (!size)
		return 0;
	if (p[0] < 0x80) {
		*c = p[0];
		return 1;
	}
	n = (p[0] & 0xe0) == 0xc0 ? 2 : (p[0] & 0xf0) == 0xe0 ? 3 :
	    (p[0] & 0xf8) == 0xf0 ? 4 : 0;
	if (!n || n > size)
		return 0;
	*c = p[0] & (0x7fu >> n);
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (p[i] & 0x3fu);
	}
	if (*c < least[n] || *c > 0x10ffff || (*c >= 0xd800 && *c <= 0xdfff))
		return 0;
	return n;
}

bool utf8_valid(const char *text, size_t size)
{
	uint32_t c;
	size_t n;

	for (; size; text += n, size -= n) {
		n = utf8_next(text, size, &c);
		if (!n || !c)
			return false;
	}
	return true;
}

static bool shows(uint32_t c)
{
	static const uint32_t unseen[][2] = {
		{ 0, 0x1f }, { 0x7f, 0x9f },	/* control characters */
		{ 0xad, 0xad }, { 0x34f, 0x34f }, { 0x61c, 0x61c },
		{ 0x115f, 0x1160 }, { 0x17b4, 0x17b5 }, { 0x180b, 0x180f },
		{ 0x200b, 0x200f },		/* no width; direction */
		{ 0x2028, 0x202e },		/* lines; embedded direction */
		{ 0x2060, 0x206f }, { 0x3164, 0x3164 }, { 0xe000, 0xf8ff },
		{ 0xfdd0, 0xfdef }, { 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff },
		{ 0xffa0, 0xffa0 }, { 0xfff0, 0xfffb },
		{ 0x1d173, 0x1d17a }, { 0xe0000, 0x10ffff },
	};
	size_t i;

	for (i = 0; i < sizeof(unseen) / sizeof(*unseen); i++)
		if (c >= unseen[i][0] && c <= unseen[i][1])
			return false;
	return (c & 0xfffe) != 0xfffe;
}

bool utf8_shows(const char *text, size_t size)
{
	uint32_t c;
	size_t n;

	for (; size; text += n, size -= n) {
		n = utf8_next(text, size, &c);
		if (!n || !shows(c))
			return false;
	}
	return true;
}
