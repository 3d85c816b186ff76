/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The wire between our own programs, as bytes: frames of
 *
 *	be32 length | be16 type | be16 flags | be32 id | attributes
 *
 * and attributes of "be16 type | be16 length | data, padded with zeros to 4". Both
 * lengths count their header, not the padding. Of an attribute's type the highest
 * bit says that who does not know it must refuse the frame; others that are not
 * known are skipped. A frame with the flag FRAME_DATA has bytes for a body.
 *
 * What a message may hold is a table (struct frame_policy): nothing else gets past
 * frame_parse().
 */
#ifndef HEARTH_FRAME_H
#define HEARTH_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

#define FRAME_HEADER	12u		/* bytes */
#define FRAME_MAX	65536u		/* bytes of a frame, header and all */
#define FRAME_DATA_MAX	(1u << 20)	/* bytes of the body of a data frame */
#define FRAME_DEPTH	2		/* attributes in attributes in a frame */
#define FRAME_ATTRS	16		/* that a table may have */

#define FRAME_DATA	0x0001		/* flag: the body is data */
#define FRAME_MANDATORY	0x8000		/* of an attribute's type */

/* One frame, where it was received. */
struct frame {
	uint16_t type;
	uint16_t flags;
	uint32_t id;
	const uint8_t *body;
	size_t size;		/* bytes of the body */
};

enum frame_kind {
	FRAME_U32,
	FRAME_U64,
	FRAME_TEXT,		/* UTF-8 without a zero */
	FRAME_BYTES,
	FRAME_NEST,		/* attributes */
};

struct frame_policy;

struct frame_attr {
	uint16_t type;		/* without FRAME_MANDATORY */
	enum frame_kind kind;
	const char *name;
	uint64_t min, max;	/* of a number, or bytes of a text or of bytes */
	bool required;
	bool many;		/* may be there more than once */
	const struct frame_policy *nest;
};

/* What a frame of this type, or an attribute that nests, may hold. */
struct frame_policy {
	uint16_t type;
	const char *name;
	size_t n;		/* at most FRAME_ATTRS */
	const struct frame_attr *attrs;
};

/* What was found of the attribute with the same place in the table. */
struct frame_value {
	unsigned int count;	/* 0: it was not there */
	uint64_t number;	/* of the first, as the rest */
	const uint8_t *data;
	size_t size;
};

/*
 * Takes a frame off the @size bytes at @data. Returns how many bytes it has, 0
 * where more are needed, or -EPROTO for what can't become one.
 */
long frame_next(const uint8_t *data, size_t size, struct frame *frame,
		struct error *err);

/*
 * Holds @frame against @policy, nested attributes and all, and fills in as many
 * @values as the table has attributes. Returns 0 or -EPROTO.
 */
int frame_parse(const struct frame_policy *policy, const struct frame *frame,
		struct frame_value *values, struct error *err);

/* The same of a nested attribute, which frame_parse() has let pass. */
int frame_parse_nest(const struct frame_policy *policy,
		     const struct frame_value *nest, struct frame_value *values,
		     struct error *err);

/*
 * The attributes of one line of a table, one after the other, of a body that has been
 * parsed: begin with @at = 0. Returns false behind the last, and at one that is not
 * as the line says.
 */
bool frame_each(const struct frame_attr *attr, const uint8_t *body, size_t size,
		size_t *at, struct frame_value *value);

/* A frame that is being written. */
struct frame_out {
	uint8_t *data;
	size_t room;
	size_t size;		/* so far */
	size_t nest[FRAME_DEPTH];
	int depth;
	bool failed;		/* it did not fit; frame_end() says so */
};

/* @data has room for @room bytes. */
void frame_begin(struct frame_out *out, void *data, size_t room, uint16_t type,
		 uint16_t flags, uint32_t id);
void frame_put_number(struct frame_out *out, const struct frame_attr *attr,
		      uint64_t number);
void frame_put(struct frame_out *out, const struct frame_attr *attr,
	       const void *data, size_t size);
void frame_nest_begin(struct frame_out *out, const struct frame_attr *attr);
void frame_nest_end(struct frame_out *out);

/* Returns the frame's size, or 0 where it did not fit. */
size_t frame_end(struct frame_out *out);

/* The attribute of this type in a table that has it. */
const struct frame_attr *frame_attr(const struct frame_policy *policy,
				    uint16_t type);

#endif
