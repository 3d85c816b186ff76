/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A place in a transfer's buffer, linear or scattered.
 *
 * Pure. The caller sees to it that a scatter list is as long as the transfer
 * (urb_check()); entries without bytes are stepped over.
 */
#ifndef _HEARTH_VHCI_CURSOR_H
#define _HEARTH_VHCI_CURSOR_H

#include <linux/minmax.h>
#include <linux/scatterlist.h>
#include <linux/string.h>

struct cursor {
	u8 *buf;		/* linear; NULL: scattered, or no buffer */
	struct scatterlist *sg;
	u32 sg_off;		/* bytes into @sg */
	u32 off;		/* bytes into the buffer */
};

/* To an entry with bytes, or behind the last one. */
static inline void cursor_settle(struct cursor *c)
{
	while (c->sg && c->sg_off == c->sg->length) {
		c->sg = sg_next(c->sg);
		c->sg_off = 0;
	}
}

static inline void cursor_init_buf(struct cursor *c, void *buf)
{
	c->buf = buf;
	c->sg = NULL;
	c->sg_off = 0;
	c->off = 0;
}

static inline void cursor_init_sg(struct cursor *c, struct scatterlist *sg)
{
	cursor_init_buf(c, NULL);
	c->sg = sg;
	cursor_settle(c);
}

/*
 * The bytes that lie together at the cursor, @left at the most. A controller
 * without DMA gets no highmem pages, so each has an address. Returns 0 behind
 * the end of the buffer.
 */
static inline u32 cursor_chunk(const struct cursor *c, u32 left, void **p)
{
	if (c->sg) {
		*p = sg_virt(c->sg) + c->sg_off;
		return min(left, c->sg->length - c->sg_off);
	}
	if (!c->buf)
		return 0;
	*p = c->buf + c->off;
	return left;
}

/* @n is at most what cursor_chunk() gave. */
static inline void cursor_advance(struct cursor *c, u32 n)
{
	c->off += n;
	if (!c->sg)
		return;
	c->sg_off += n;
	cursor_settle(c);
}

/* Copy @n bytes there, of which the buffer has that many behind the cursor. */
static inline void cursor_write(struct cursor *c, const u8 *from, u32 n)
{
	while (n) {
		void *p;
		u32 chunk = cursor_chunk(c, n, &p);

		if (!chunk)
			return;
		memcpy(p, from, chunk);
		cursor_advance(c, chunk);
		from += chunk;
		n -= chunk;
	}
}

#endif /* _HEARTH_VHCI_CURSOR_H */
