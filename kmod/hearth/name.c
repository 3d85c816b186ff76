// SPDX-License-Identifier: GPL-2.0
/*
 * Names are shown on terminals, in logs and in lists. They come from other nodes, so
 * one that steers a terminal, or that shows as another's, is none.
 */
#ifdef __KERNEL__
#include <linux/kernel.h>
#include <uapi/linux/hearth.h>
#else
#include <linux/hearth.h>
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof(*(a)))
#endif

#include "name.h"

/* So many hexadecimal digits, and nothing else, would read as an id. */
#define NAME_LIKE_ID	8

/*
 * Takes a character off the @size bytes of UTF-8 (RFC 3629) at @p, of which there is
 * one. Returns how many bytes it has, or 0 if it is none.
 */
static size_t name_next(const u8 *p, size_t size, u32 *c)
{
	static const u32 least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n, i;

	if (p[0] < 0x80) {
		*c = p[0];
		return 1;
	}
	if ((p[0] & 0xe0) == 0xc0)
		n = 2;
	else if ((p[0] & 0xf0) == 0xe0)
		n = 3;
	else if ((p[0] & 0xf8) == 0xf0)
		n = 4;
	else
		return 0;
	if (n > size)
		return 0;
	*c = p[0] & (0x7f >> n);
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (p[i] & 0x3f);
	}
	/* in a longer form than it needs; not in Unicode; half of a pair */
	if (*c < least[n] || *c > 0x10ffff || (*c >= 0xd800 && *c <= 0xdfff))
		return 0;
	return n;
}

static bool name_shows(u32 c)
{
	static const struct {
		u32 first;
		u32 last;
	} unseen[] = {
		{ 0, 0x1f }, { 0x7f, 0x9f },		/* control characters */
		{ 0xad, 0xad }, { 0x34f, 0x34f }, { 0x61c, 0x61c },
		{ 0x115f, 0x1160 }, { 0x17b4, 0x17b5 }, { 0x180b, 0x180f },
		{ 0x200b, 0x200f },			/* no width; direction */
		{ 0x2028, 0x202e },			/* lines; direction */
		{ 0x2060, 0x206f }, { 0x3164, 0x3164 },
		{ 0xe000, 0xf8ff },			/* private use */
		{ 0xfdd0, 0xfdef }, { 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff },
		{ 0xffa0, 0xffa0 }, { 0xfff0, 0xfffb },
		{ 0x1d173, 0x1d17a },
		{ 0xe0000, 0x10ffff },			/* tags; private use */
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(unseen); i++)
		if (c >= unseen[i].first && c <= unseen[i].last)
			return false;
	return (c & 0xfffe) != 0xfffe;
}

static bool name_is_hex(u32 c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
	       (c >= 'A' && c <= 'F');
}

/**
 * name_valid() - may a node be called so?
 * @name: the text, which need not end with a NUL
 * @size: its bytes
 *
 * Return: whether it has 1 to HEARTH_NAME_MAX_LEN bytes of UTF-8 that a terminal shows
 * as they are, no space at either end, no "-" in front, and does not read as an id.
 */
bool name_valid(const char *name, size_t size)
{
	const u8 *p = (const u8 *)name;
	bool hex = true;
	size_t at, n;
	u32 c;

	if (!size || size > HEARTH_NAME_MAX_LEN)
		return false;
	for (at = 0; at < size; at += n) {
		n = name_next(p + at, size - at, &c);
		if (!n || !name_shows(c))
			return false;
		hex &= name_is_hex(c);
	}
	if (p[0] == ' ' || p[0] == '-' || p[size - 1] == ' ')
		return false;
	return !hex || size < NAME_LIKE_ID;
}
