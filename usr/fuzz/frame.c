// SPDX-License-Identifier: GPL-2.0
/*
 * Frames that follow the tables, nearly: the input chooses a table, and then for
 * attributes of it, and for some that are in none, how they are right or wrong.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../format/frame.h"
#include "../format/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct frame_policy inner;
static const struct frame_attr inner_attrs[] = {
	{ 1, FRAME_U64, "number", 5, 500, true, true, NULL },
	{ 2, FRAME_NEST, "inner", 0, 0, false, true, &inner },
	{ 3, FRAME_TEXT, "text", 0, 100, false, false, NULL },
};
static const struct frame_policy inner = { 99, "inner", 3, inner_attrs };

struct input {
	const uint8_t *at;
	size_t left;
};

static unsigned int take(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->at++;
}

static const struct frame_policy *choose(struct input *in)
{
	const struct frame_policy *policy = wire_policies;
	unsigned int n = take(in) % 10;

	while (policy->name && n--)
		policy++;
	return policy->name ? policy : &inner;
}

/* An attribute of the table: as it has to be, at its bounds, or beyond. */
static void put(struct frame_out *out, const struct frame_attr *attr,
		struct input *in)
{
	struct frame_attr wrong = *attr;
	uint64_t number = attr->min + take(in) - (take(in) & 1);
	uint8_t bytes[600];
	size_t size = take(in) & 1 ? (size_t)attr->max : (size_t)attr->min;

	size += take(in) % 3;
	memset(bytes, 'a', sizeof(bytes));
	bytes[0] = (uint8_t)take(in);
	if (take(in) & 1)
		wrong.type |= FRAME_MANDATORY;
	if (take(in) % 16 == 1)
		wrong.type ^= 64;
	if (attr->kind == FRAME_NEST && out->depth < FRAME_DEPTH) {
		unsigned int n = take(in) % 4;

		frame_nest_begin(out, &wrong);
		while (n--)
			put(out, &attr->nest->attrs[take(in) % attr->nest->n], in);
		frame_nest_end(out);
	} else if (attr->kind <= FRAME_U64 && take(in) % 8) {
		frame_put_number(out, &wrong, take(in) & 1 ? attr->max : number);
	} else {
		frame_put(out, &wrong, bytes, size % sizeof(bytes));
	}
}

/* What was let pass is as the table says. */
static void hold(const struct frame_policy *policy,
		 const struct frame_value *values)
{
	struct frame_value below[FRAME_ATTRS];
	struct error err;
	size_t i;

	for (i = 0; i < policy->n; i++) {
		const struct frame_attr *attr = &policy->attrs[i];
		uint64_t n = attr->kind <= FRAME_U64 ? values[i].number :
						       values[i].size;

		if ((attr->required && !values[i].count) ||
		    (values[i].count > 1 && !attr->many))
			abort();
		if (values[i].count && attr->kind != FRAME_NEST &&
		    (n < attr->min || n > attr->max))
			abort();
		if (values[i].count && attr->kind == FRAME_NEST &&
		    frame_parse_nest(attr->nest, &values[i], below, &err) &&
		    err.code != EPROTO)
			abort();
	}
}

static void try(const struct frame_policy *policy, const uint8_t *bytes,
		size_t size)
{
	struct frame_value values[FRAME_ATTRS];
	uint8_t *copy = malloc(size ? size : 1);	/* whose end is seen */
	struct frame frame;
	struct error err;
	long n;

	memcpy(copy, bytes, size);
	n = frame_next(copy, size, &frame, &err);
	if (n > 0 && ((size_t)n > size || frame.size != (size_t)n - FRAME_HEADER))
		abort();
	if (n > 0 && !frame_parse(policy, &frame, values, &err))
		hold(policy, values);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	const struct frame_policy *policy = choose(&in);
	uint8_t bytes[4096];
	struct frame_out out;
	size_t len;

	try(policy, in.at, in.left);
	frame_begin(&out, bytes, sizeof(bytes), policy->type, 0, take(&in));
	while (in.left && !out.failed)
		put(&out, &policy->attrs[take(&in) % policy->n], &in);
	len = frame_end(&out);
	if (len) {
		try(policy, bytes, len);
		bytes[take(&in) % len] ^= (uint8_t)take(&in);
		try(policy, bytes, len);
	}
	return 0;
}
