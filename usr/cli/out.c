// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "out.h"

void out_init(struct out *out, FILE *file, bool json, bool pretty)
{
	memset(out, 0, sizeof(*out));
	out->file = file;
	out->json = json;
	out->pretty = pretty;
}

static void out_add(struct out *out, const char *key, json_t *value)
{
	json_t *top = out->depth ? out->stack[out->depth - 1] : NULL;

	if (json_is_object(top) && key)
		json_object_set_new(top, key, value);
	else if (json_is_array(top))
		json_array_append_new(top, value);
	else
		json_decref(value);
}

static void out_push(struct out *out, const char *key, json_t *value)
{
	if (!out->json) {
		json_decref(value);
		return;
	}
	if (out->depth == OUT_DEPTH || !value)
		abort();
	/* The stack holds references of its own. */
	if (out->depth)
		out_add(out, key, json_incref(value));
	out->stack[out->depth++] = value;
}

static void out_pop(struct out *out)
{
	json_t *value;

	if (!out->json)
		return;
	value = out->stack[--out->depth];
	if (!out->depth) {
		json_dumpf(value, out->file,
			   out->pretty ? JSON_INDENT(4) : JSON_COMPACT);
		fputc('\n', out->file);
	}
	json_decref(value);
}

void out_array_begin(struct out *out, const char *key)
{
	out_push(out, key, json_array());
}

void out_array_end(struct out *out)
{
	out_pop(out);
}

void out_object_begin(struct out *out, const char *key)
{
	out_push(out, key, json_object());
}

void out_object_end(struct out *out)
{
	out_pop(out);
}

void out_drop(struct out *out)
{
	while (out->depth)
		json_decref(out->stack[--out->depth]);
}

void out_uint(struct out *out, const char *key, const char *fmt, uint64_t v)
{
	if (out->json)
		out_add(out, key, json_integer((json_int_t)v));
	else if (fmt)
		fprintf(out->file, fmt, (unsigned long long)v);
}

/* A string from elsewhere must not steer a terminal or break the JSON. */
static void clean(char *s, bool ascii)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f ||
		    (ascii && (unsigned char)*s > 0x7f))
			*s = '?';
}

void out_string(struct out *out, const char *key, const char *fmt,
		const char *v)
{
	char *copy = strdup(v);
	json_t *value;

	if (!copy)
		abort();
	clean(copy, false);
	value = json_string(copy);
	if (!value) {
		clean(copy, true);
		value = json_string(copy);
	}
	if (out->json)
		out_add(out, key, json_incref(value));
	else if (fmt)
		fprintf(out->file, fmt, copy);
	json_decref(value);
	free(copy);
}

void out_bool(struct out *out, const char *key, const char *text, bool v)
{
	if (out->json)
		out_add(out, key, json_boolean(v));
	else if (v && text)
		fputs(text, out->file);
}

void out_text(struct out *out, const char *text)
{
	if (!out->json)
		fputs(text, out->file);
}

int out_flush(struct out *out)
{
	if (fflush(out->file))
		return -errno;
	return ferror(out->file) ? -EIO : 0;
}
