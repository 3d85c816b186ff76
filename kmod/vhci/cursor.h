/* SPDX-License-Identifier: GPL-2.0 */
/* A place in an URB's buffer, linear or scattered. */
#ifndef _HEARTH_VHCI_CURSOR_H
#define _HEARTH_VHCI_CURSOR_H

#include <linux/minmax.h>
#include <linux/scatterlist.h>
#include <linux/usb.h>

struct urb_cursor {
	u8 *buf;		/* linear; NULL: scattered, or no buffer */
	struct scatterlist *sg;
	u32 sg_off;		/* bytes into @sg */
	u32 off;		/* bytes into the buffer */
};

static inline void cursor_init_buf(struct urb_cursor *c, u8 *buf)
{
	c->buf = buf;
	c->sg = NULL;
	c->sg_off = 0;
	c->off = 0;
}

static inline void cursor_init(struct urb_cursor *c, struct urb *urb)
{
	bool scattered = urb && urb->num_sgs;

	cursor_init_buf(c, urb && !scattered ? urb->transfer_buffer : NULL);
	if (scattered)
		c->sg = urb->sg;
}

/*
 * The bytes that lie together at the cursor, @left at the most. A controller
 * without DMA gets no highmem pages, so each has an address. Returns 0 where
 * the scatter list is shorter than the transfer.
 */
static inline u32 cursor_chunk(const struct urb_cursor *c, u32 left, void **p)
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
static inline void cursor_advance(struct urb_cursor *c, u32 n)
{
	c->off += n;
	if (!c->sg)
		return;
	c->sg_off += n;
	if (c->sg_off == c->sg->length) {
		c->sg = sg_next(c->sg);
		c->sg_off = 0;
	}
}

#endif /* _HEARTH_VHCI_CURSOR_H */
