// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "utf8.h"

#define ATTR_HEADER	4u

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, (uint16_t)(v >> 16));
	put16(p + 2, (uint16_t)v);
}

static size_t padded(size_t size)
{
	return (size + 3) & ~(size_t)3;
}

/* --- reading ----------------------------------------------------------------- */

long frame_next(const uint8_t *data, size_t size, struct frame *frame,
		struct error *err)
{
	uint32_t len, most;

	if (size < FRAME_HEADER)
		return 0;
	len = get32(data);
	frame->type = get16(data + 4);
	frame->flags = get16(data + 6);
	frame->id = get32(data + 8);
	if (frame->flags & ~FRAME_DATA)
		return error_set(err, EPROTO, "a frame has unknown flags %#x",
				 (unsigned int)frame->flags);
	most = frame->flags & FRAME_DATA ? FRAME_HEADER + FRAME_DATA_MAX :
					   FRAME_MAX;
	if (len < FRAME_HEADER || len > most)
		return error_set(err, EPROTO, "a frame of %u bytes", len);
	if (size < len)
		return 0;
	frame->body = data + FRAME_HEADER;
	frame->size = len - FRAME_HEADER;
	return (long)len;
}

/* An attribute where it lies. */
struct raw {
	uint16_t type;
	const uint8_t *data;
	size_t size;
};

/* Takes one off at *at. Returns 1, 0 at the end, or -EPROTO. */
static int raw_next(const uint8_t *body, size_t size, size_t *at,
		    struct raw *raw, struct error *err)
{
	size_t left = size - *at, len, i;

	if (!left)
		return 0;
	if (left < ATTR_HEADER)
		return error_set(err, EPROTO, "half an attribute");
	raw->type = get16(body + *at);
	len = get16(body + *at + 2);
	if (len < ATTR_HEADER || padded(len) > left)
		return error_set(err, EPROTO,
				 "an attribute of %zu bytes where %zu are left",
				 len, left);
	raw->data = body + *at + ATTR_HEADER;
	raw->size = len - ATTR_HEADER;
	for (i = len; i < padded(len); i++)
		if (body[*at + i])
			return error_set(err, EPROTO,
					 "an attribute's padding is not zero");
	*at += padded(len);
	return 1;
}

static int parse(const struct frame_policy *policy, const uint8_t *body,
		 size_t size, int depth, struct frame_value *values,
		 struct error *err);

static int take_number(const struct frame_attr *attr, const struct raw *raw,
		       uint64_t *number, struct error *err)
{
	size_t want = attr->kind == FRAME_U32 ? 4 : 8;

	if (raw->size != want)
		return error_set(err, EPROTO, "%s has %zu bytes, not %zu",
				 attr->name, raw->size, want);
	*number = get32(raw->data);
	if (want == 8)
		*number = *number << 32 | get32(raw->data + 4);
	if (*number < attr->min || *number > attr->max)
		return error_set(err, ERANGE, "%s is %llu", attr->name,
				 (unsigned long long)*number);
	return 0;
}

/* Holds one attribute against its line in the table. */
static int take(const struct frame_attr *attr, const struct raw *raw, int depth,
		uint64_t *number, struct error *err)
{
	struct frame_value values[FRAME_ATTRS];

	switch (attr->kind) {
	case FRAME_U32:
	case FRAME_U64:
		return take_number(attr, raw, number, err);
	case FRAME_NEST:
		if (depth == FRAME_DEPTH)
			return error_set(err, EPROTO, "%s nests too deep",
					 attr->name);
		return parse(attr->nest, raw->data, raw->size, depth + 1,
			     values, err);
	default:
		break;
	}
	if (raw->size < attr->min || raw->size > attr->max)
		return error_set(err, EPROTO, "%s has %zu bytes", attr->name,
				 raw->size);
	if (attr->kind == FRAME_TEXT &&
	    !utf8_valid((const char *)raw->data, raw->size))
		return error_set(err, EPROTO, "%s is no text", attr->name);
	return 0;
}

/* The place of @type in the table, or its size. */
static size_t place(const struct frame_policy *policy, uint16_t type)
{
	size_t i;

	for (i = 0; i < policy->n; i++)
		if (policy->attrs[i].type == type)
			break;
	return i;
}

static int parse_one(const struct frame_policy *policy, const struct raw *raw,
		     int depth, struct frame_value *values, struct error *err)
{
	uint16_t type = raw->type & (uint16_t)~FRAME_MANDATORY;
	size_t i = place(policy, type);
	uint64_t number = 0;

	if (i == policy->n) {
		if (!(raw->type & FRAME_MANDATORY))
			return 0;
		return error_set(err, EOPNOTSUPP,
				 "%s has an attribute %u that this program does not know and must",
				 policy->name, type);
	}
	if (values[i].count && !policy->attrs[i].many)
		return error_set(err, EPROTO, "%s has %s twice", policy->name,
				 policy->attrs[i].name);
	if (take(&policy->attrs[i], raw, depth, &number, err))
		return -err->code;
	if (!values[i].count++) {
		values[i].number = number;
		values[i].data = raw->data;
		values[i].size = raw->size;
	}
	return 0;
}

static int parse(const struct frame_policy *policy, const uint8_t *body,
		 size_t size, int depth, struct frame_value *values,
		 struct error *err)
{
	struct raw raw;
	size_t at = 0, i;
	int ret;

	memset(values, 0, policy->n * sizeof(*values));
	while ((ret = raw_next(body, size, &at, &raw, err)) > 0) {
		ret = parse_one(policy, &raw, depth, values, err);
		if (ret)
			return ret;
	}
	if (ret)
		return ret;
	for (i = 0; i < policy->n; i++)
		if (policy->attrs[i].required && !values[i].count)
			return error_set(err, EPROTO, "%s lacks %s",
					 policy->name, policy->attrs[i].name);
	return 0;
}

int frame_parse(const struct frame_policy *policy, const struct frame *frame,
		struct frame_value *values, struct error *err)
{
	if (frame->type != policy->type || frame->flags & FRAME_DATA)
		return error_set(err, EPROTO,
				 "a frame of type %u where %s is due",
				 frame->type, policy->name);
	return parse(policy, frame->body, frame->size, 0, values, err);
}

int frame_parse_nest(const struct frame_policy *policy,
		     const struct frame_value *nest, struct frame_value *values,
		     struct error *err)
{
	return parse(policy, nest->data, nest->size, 1, values, err);
}

bool frame_each(const struct frame_attr *attr, const uint8_t *body, size_t size,
		size_t *at, struct frame_value *value)
{
	struct error err;
	struct raw raw;

	while (raw_next(body, size, at, &raw, &err) > 0) {
		if ((raw.type & ~FRAME_MANDATORY) != attr->type)
			continue;
		*value = (struct frame_value){
			.count = 1, .data = raw.data, .size = raw.size,
		};
		return !take(attr, &raw, 0, &value->number, &err);
	}
	return false;
}

/* --- writing ------------------------------------------------------------------ */

/* Room for @size more bytes, or NULL. */
static uint8_t *grow(struct frame_out *out, size_t size)
{
	uint8_t *at = out->data + out->size;

	if (out->failed || size > out->room - out->size) {
		out->failed = true;
		return NULL;
	}
	out->size += size;
	return at;
}

void frame_begin(struct frame_out *out, void *data, size_t room, uint16_t type,
		 uint16_t flags, uint32_t id)
{
	uint8_t *at;

	memset(out, 0, sizeof(*out));
	out->data = data;
	out->room = room < FRAME_MAX ? room : FRAME_MAX;
	at = grow(out, FRAME_HEADER);
	if (!at)
		return;
	put16(at + 4, type);
	put16(at + 6, flags);
	put32(at + 8, id);
}

void frame_put(struct frame_out *out, const struct frame_attr *attr,
	       const void *data, size_t size)
{
	uint8_t *at;

	if (size > UINT16_MAX - ATTR_HEADER) {
		out->failed = true;
		return;
	}
	at = grow(out, padded(ATTR_HEADER + size));
	if (!at)
		return;
	put16(at, attr->type);
	put16(at + 2, (uint16_t)(ATTR_HEADER + size));
	if (size)
		memcpy(at + ATTR_HEADER, data, size);
	memset(at + ATTR_HEADER + size, 0, padded(size) - size);
}

void frame_put_number(struct frame_out *out, const struct frame_attr *attr,
		      uint64_t number)
{
	uint8_t bytes[8];

	put32(bytes, (uint32_t)(number >> 32));
	put32(bytes + 4, (uint32_t)number);
	if (attr->kind == FRAME_U32)
		frame_put(out, attr, bytes + 4, 4);
	else
		frame_put(out, attr, bytes, 8);
}

void frame_nest_begin(struct frame_out *out, const struct frame_attr *attr)
{
	if (out->depth == FRAME_DEPTH) {
		out->failed = true;
		return;
	}
	out->nest[out->depth++] = out->size;
	frame_put(out, attr, NULL, 0);
}

void frame_nest_end(struct frame_out *out)
{
	size_t begin, size;

	if (out->failed)
		return;
	begin = out->nest[--out->depth];
	size = out->size - begin;
	if (size > UINT16_MAX)
		out->failed = true;
	else
		put16(out->data + begin + 2, (uint16_t)size);
}

size_t frame_end(struct frame_out *out)
{
	if (out->failed || out->depth)
		return 0;
	put32(out->data, (uint32_t)out->size);
	return out->size;
}

const struct frame_attr *frame_attr(const struct frame_policy *policy,
				    uint16_t type)
{
	size_t i = place(policy, type);

	if (i == policy->n)
		abort();
	return &policy->attrs[i];
}
