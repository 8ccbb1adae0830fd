/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the MIME stage costs: CPU time and allocations a message, beside a
 * plain full parse of the same bytes by GMime in the same run. The targets
 * are those of a quiet machine; the ratio holds on any. */
#include "mime/mime.h"

#include "base/clock.h"

#include <gmime/gmime.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every allocation of the process passes here; GLib's as well. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *old, size_t size);

static unsigned long allocations;

void *
malloc(size_t size)
{
	allocations++;
	return __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
	allocations++;
	return __libc_calloc(count, size);
}

void *
realloc(void *old, size_t size)
{
	allocations++;
	return __libc_realloc(old, size);
}

static bool
is_hosted(void *context, struct view domain)
{
	(void)context;
	return view_equal_nocase(domain, VIEW("example.com"));
}

static const struct mime_settings settings = {
	.header_lines = 5000, .header_bytes = 256 * 1024,
	.header_field = 64 * 1024, .header_colons = 500,
	.boundary_lines = 10000, .multiparts = 100, .mime_parts = 1000,
	.mime_depth = 32, .cpu_us = 5000000, .is_hosted = is_hosted,
};

static void
add(struct chain *raw, const char *text)
{
	(void)chain_append(raw, view_of(text));
}

/* The fields that a message has when it has come a long way. */
static void
add_header(struct chain *raw)
{
	for (int i = 0; i < 4; i++)
		add(raw, "Received: from mx.example.org (mx.example.org "
			 "[192.0.2.7])\r\n\tby mail.example.com with ESMTPS "
			 "id 4a7f;\r\n\tMon, 6 Jul 2026 10:11:12 +0000\r\n");
	add(raw, "DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=k1;\r\n"
		 "\th=from:to:subject:date; bh=9o6UGuN3Tsl2zNLRTKmcGHc3Fvk=;"
		 "\r\n\tb=Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4\r\n"
		 "From: =?UTF-8?Q?J=C3=B6rg_M=C3=BCller?= "
		 "<joerg@example.org>\r\nTo: somebody@example.com\r\n"
		 "Subject: =?UTF-8?B?0J/RgNC40LLQtdGC?= and so on\r\n"
		 "Date: Mon, 6 Jul 2026 10:11:12 +0000\r\n"
		 "Message-ID: <1234567890@example.org>\r\n"
		 "MIME-Version: 1.0\r\n");
}

static void
add_lines(struct chain *raw, const char *line, size_t bytes)
{
	for (size_t n = 0; n < bytes; n += strlen(line))
		add(raw, line);
}

static const char text_line[] =
	"The quick brown fox jumps over the lazy dog, and on and on.\r\n";
static const char html_line[] =
	"<p style=3D\"margin: 0\">Gr=C3=BC=C3=9Fe, the quick brown fox =\r\n";
static const char base64_line[] =
	"JVBERi0xLjQKJcOkw7zDtsOfCjIgMCBvYmoKPDwvTGVuZ3RoIDMgMCBSL0ZpbHRl"
	"ci9GbGF0\r\n";

static void
make_text(struct chain *raw)
{
	add_header(raw);
	add(raw, "Content-Type: text/plain; charset=utf-8\r\n"
		 "Content-Transfer-Encoding: 8bit\r\n\r\n");
	add_lines(raw, text_line, 4096 - raw->len);
}

static void
make_alternative(struct chain *raw)
{
	add_header(raw);
	add(raw, "Content-Type: multipart/mixed; boundary=\"=_outer_1\"\r\n"
		 "\r\nThis is a message in MIME format.\r\n--=_outer_1\r\n"
		 "Content-Type: multipart/alternative; boundary=\"=_in_2\"\r\n"
		 "\r\n--=_in_2\r\n"
		 "Content-Type: text/plain; charset=utf-8\r\n\r\n");
	add_lines(raw, text_line, 3000);
	add(raw, "--=_in_2\r\nContent-Type: text/html; charset=utf-8\r\n"
		 "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
	add_lines(raw, html_line, 10000);
	add(raw, "--=_in_2--\r\n\r\n--=_outer_1\r\n"
		 "Content-Type: application/pdf; name=\"report.pdf\"\r\n"
		 "Content-Disposition: attachment; filename=\"report.pdf\"\r\n"
		 "Content-Transfer-Encoding: base64\r\n\r\n");
	add_lines(raw, base64_line, 60 * 1024 - raw->len);
	add(raw, "--=_outer_1--\r\n");
}

static void
make_large(struct chain *raw)
{
	add_header(raw);
	add(raw, "Content-Type: multipart/mixed; boundary=\"=_outer_1\"\r\n"
		 "\r\n--=_outer_1\r\n"
		 "Content-Type: text/plain; charset=utf-8\r\n\r\n");
	add_lines(raw, text_line, 3000);
	add(raw, "--=_outer_1\r\n"
		 "Content-Type: application/zip; name=\"all.zip\"\r\n"
		 "Content-Disposition: attachment; filename=\"all.zip\"\r\n"
		 "Content-Transfer-Encoding: base64\r\n\r\n");
	add_lines(raw, base64_line, 25 * 1024 * 1024 - raw->len);
	add(raw, "--=_outer_1--\r\n");
}

static void
parse_by_gmime(const struct view *flat)
{
	GMimeStream *stream = g_mime_stream_mem_new();
	GByteArray bytes = { (guint8 *)(uintptr_t)flat->at,
			     (guint)flat->len };
	g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
	g_mime_stream_mem_set_byte_array(GMIME_STREAM_MEM(stream), &bytes);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
	if (message != NULL)
		g_object_unref(message);
	g_object_unref(parser);
	g_object_unref(stream);
}

struct cost {
	double us;
	double allocations;
};

static struct cost
measure_ours(struct mime *mime, const struct message *message, int runs)
{
	struct arena arena = { 0 };
	struct mail mail = { .message = NULL };
	unsigned long before = allocations;
	int64_t start = clock_thread_cpu_us();

	for (int i = 0; i < runs; i++) {
		mime_read(mime, message, &arena, &mail);
		arena_reset(&arena);
	}
	struct cost cost = {
		(double)(clock_thread_cpu_us() - start) / runs,
		(double)(allocations - before) / runs,
	};
	arena_free(&arena);
	return cost;
}

static struct cost
measure_gmime(struct view flat, int runs)
{
	unsigned long before = allocations;
	int64_t start = clock_thread_cpu_us();

	for (int i = 0; i < runs; i++)
		parse_by_gmime(&flat);
	return (struct cost){
		(double)(clock_thread_cpu_us() - start) / runs,
		(double)(allocations - before) / runs,
	};
}

static const struct kind {
	const char *name;
	void (*make)(struct chain *raw);
	int runs;
	int gmime_runs;
	double target_us;
} kinds[] = {
	{ "4 KB text", make_text, 20000, 5000, 6.5 },
	{ "60 KB alternative, attachment", make_alternative, 5000, 2000, 33 },
	{ "25 MB attachment", make_large, 200, 10, 110 },
};

static void
show(struct mime *mime, const struct kind *kind)
{
	struct message message = { .envelope.sender = VIEW("a@example.org") };

	kind->make(&message.raw);
	char *bytes = malloc(message.raw.len);
	struct view flat = { bytes, chain_copy(&message.raw, 0,
					       message.raw.len, bytes) };
	(void)measure_ours(mime, &message, kind->runs / 10);
	(void)measure_gmime(flat, kind->gmime_runs / 10);
	struct cost ours = measure_ours(mime, &message, kind->runs);
	struct cost gmime = measure_gmime(flat, kind->gmime_runs);
	printf("%-30s %8.1f us %6.1f   %9.1f us %7.1f   %6.3f   %s %.1f us\n",
	       kind->name, ours.us, ours.allocations, gmime.us,
	       gmime.allocations, ours.us / gmime.us,
	       ours.us <= kind->target_us ? "within" : "OVER",
	       kind->target_us);
	free(bytes);
	chain_free(&message.raw);
}

int
main(void)
{
	g_mime_init();
	struct mime *mime = mime_new(&settings);

	printf("%-30s %11s %6s   %12s %7s   %6s   %s\n", "message",
	       "row", "allocs", "GMime parse", "allocs", "ratio", "target");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		show(mime, &kinds[i]);
	mime_free(&mime);
	g_mime_shutdown();
	return 0;
}
