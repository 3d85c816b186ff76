// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "../../cli/out.h"
#include "../test.h"

static char *buf;
static size_t len;

static void begin(struct out *out, bool json)
{
	out_init(out, open_memstream(&buf, &len), json, false);
}

static void end(struct out *out, const char *want)
{
	expect(!out_flush(out));
	fclose(out->file);
	expect_text(buf, want);
	free(buf);
}

static void show(struct out *out, const char *name)
{
	out_array_begin(out, NULL);
	out_object_begin(out, NULL);
	out_uint(out, "port", "port %llu:", 18446744073709551ULL);
	out_string(out, "name", " %s", name);
	out_bool(out, "tls", ", TLS", true);
	out_object_begin(out, "in");
	out_uint(out, "n", NULL, 7);
	out_object_end(out);
	out_string(out, NULL, " %s", "only text");
	out_text(out, "\n");
	out_object_end(out);
	out_array_end(out);
}

static void out_prints_both(void)
{
	struct out out;

	begin(&out, false);
	show(&out, "a");
	end(&out, "port 18446744073709551: a, TLS only text\n");

	begin(&out, true);
	show(&out, "a");
	end(&out, "[{\"port\":18446744073709551,\"name\":\"a\",\"tls\":true,\"in\":{\"n\":7}}]\n");
}

static void out_cleans_strings(void)
{
	struct out out;

	begin(&out, false);
	show(&out, "\x1b[2J\n");
	end(&out, "port 18446744073709551: ?[2J?, TLS only text\n");

	begin(&out, true);
	out_object_begin(&out, NULL);
	out_string(&out, "bad", "%s", "\xff\"x");
	out_string(&out, "good", "%s", "\xc3\xa4");
	out_object_end(&out);
	end(&out, "{\"bad\":\"?\\\"x\",\"good\":\"\xc3\xa4\"}\n");
}

static void out_drops(void)
{
	struct out out;

	begin(&out, true);
	out_array_begin(&out, NULL);
	out_object_begin(&out, NULL);
	out_drop(&out);
	end(&out, "");
}

static void out_tells_write_errors(void)
{
	struct out out;

	out_init(&out, fopen("/dev/full", "w"), false, false);
	out_text(&out, "text");
	expect(out_flush(&out));
	fclose(out.file);
}

const struct test tests[] = {
	TEST(out_prints_both),
	TEST(out_cleans_strings),
	TEST(out_drops),
	TEST(out_tells_write_errors),
	{ 0 },
};
