/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One printer for text and JSON: each value is named once, with its key in
 * JSON and its format in text. A NULL key is shown in text alone, a NULL
 * format in JSON alone. Keys only count inside an object; in an array they are
 * ignored.
 */
#ifndef HEARTH_OUT_H
#define HEARTH_OUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define OUT_DEPTH	8

struct out {
	FILE *file;
	bool json;
	bool pretty;
	json_t *stack[OUT_DEPTH];
	int depth;
};

void out_init(struct out *out, FILE *file, bool json, bool pretty);

/* The outermost end prints the JSON, on a line of its own unless pretty. */
void out_array_begin(struct out *out, const char *key);
void out_array_end(struct out *out);
void out_object_begin(struct out *out, const char *key);
void out_object_end(struct out *out);

/* Throws away what was begun and not ended. */
void out_drop(struct out *out);

/* @fmt has one conversion: of unsigned long long, of a string, of none. */
void out_uint(struct out *out, const char *key, const char *fmt, uint64_t v);
void out_string(struct out *out, const char *key, const char *fmt,
		const char *v);
void out_bool(struct out *out, const char *key, const char *text, bool v);
void out_text(struct out *out, const char *text);

/* Returns 0, or a negative errno if something could not be written. */
int out_flush(struct out *out);

#endif
