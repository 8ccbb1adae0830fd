/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hostile messages: CPU time, peak memory above the message itself and the
 * number of allocations, each in a process of its own, on a thread with 1 MB
 * of stack. */
#include "mime/mime.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Volume shapes are nothing but 25 MB of text in the costliest coding: they
 * may take 10 ns a byte, and no more however they are broken. */
enum { MB = 1024 * 1024, STACK = MB, MOST_MS = 100, MOST_MB = 32,
       VOLUME_MS = 250, MOST_ALLOCATIONS = 100000 };

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

/* A message: a beginning, a piece repeated up to a size, an end. */
static const struct shape {
	const char *name;
	const char *begin;
	const char *repeat;
	size_t size;
	const char *end;
	bool is_volume;
} shapes[] = {
	{ "delimiters only", "Content-Type: multipart/mixed; boundary=b\n\n",
	  "--b\n", 7 * MB, "", false },
	{ "delimiters, near misses",
	  "Content-Type: multipart/mixed; boundary=bbbb\n\n",
	  "--bbbc\n", 25 * MB, "", false },
	{ "dashes", "Content-Type: multipart/mixed; boundary=b\n\n", "--\n",
	  25 * MB, "", false },
	{ "empty lines in a multipart",
	  "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n", "\n",
	  25 * MB, "", false },
	{ "header lines", "", "a: b\n", 5 * MB, "\n", false },
	{ "header lines, 25 MB", "", "a:\n", 25 * MB, "", false },
	{ "header garbage", "a: b\n", "no field here\n", 25 * MB, "", false },
	{ "one header field", "Subject: ", " =?utf-8?Q?x?=\n", 25 * MB, "",
	  false },
	{ "one folded field", "From: a\n", " b,\n", 25 * MB, "", false },
	{ "one line", "Subject: ", "xxxxxxxxxxxxxxxx", 25 * MB, "", false },
	{ "To of a million", "To: ", "a@b.example, ", 13 * MB, "\n\n", false },
	{ "many To fields", "", "To: a@b.example\n", 256 * 1024, "\n", false },
	{ "nested groups", "From: ", "a:", MB, "\n\n", false },
	{ "nested comments", "From: ", "(", MB, "\n\n", false },
	{ "open quotes", "From: ", "\"\\", MB, "\n\n", false },
	{ "angles", "From: ", "<", MB, "\n\n", false },
	{ "encoded words", "Subject: ", "=?x?b?=?=", MB, "\n\n", false },
	{ "word beginnings", "Subject: ", "=?", MB, "\n\n", false },
	{ "parameters", "Content-Type: multipart/mixed", "; a=b", 64000,
	  "\n\nx", false },
	{ "continued parameters", "Content-Type: multipart/mixed",
	  "; boundary*0*=b", 64000, "\n\nx", false },
	{ "charset of 10 MB", "Content-Type: text/plain; charset=",
	  "aaaaaaaaaaaaaaaa", 10 * MB, "\n\nx", false },
	{ "multiparts in each other", "",
	  "Content-Type: multipart/mixed; boundary=b\n\n--b\n", 5 * MB, "",
	  false },
	{ "messages in each other", "", "Content-Type: message/rfc822\n\n",
	  5 * MB, "", false },
	{ "digest", "Content-Type: multipart/digest; boundary=b\n\n",
	  "--b\n\n\n", 5 * MB, "", false },
	{ "empty HTML parts",
	  "Content-Type: multipart/mixed; boundary=b\n\n",
	  "--b\nContent-Type: text/html\n\n<b></b>\n", 5 * MB, "", false },
	{ "large empty HTML", "Content-Type: text/html\n\n", "<b> </b>",
	  25 * MB, "", true },
	{ "open tags", "Content-Type: text/html\n\n", "<", 25 * MB, "", true },
	{ "plain text", "\n", "The quick brown fox jumps over it.\n", 25 * MB,
	  "", true },
	{ "8-bit text", "\n", "caf\xe9 \xff", 25 * MB, "", true },
	{ "NUL", "\n", "\0", 25 * MB, "", true },
	{ "not UTF-8", "Content-Type: text/plain; charset=utf-8\n\n", "\xff",
	  25 * MB, "", true },
	{ "cut UTF-8", "Content-Type: text/plain; charset=utf-8\n\n",
	  "\xf0\x9f\x98", 25 * MB, "", true },
	{ "not Big5", "Content-Type: text/plain; charset=big5\n\n", "\xff",
	  25 * MB, "", true },
	{ "half Big5", "Content-Type: text/plain; charset=big5\n\n",
	  "\xa4\xa4\xff", 25 * MB, "", true },
	{ "gb18030", "Content-Type: text/plain; charset=gb2312\n\n",
	  "\xc4\xe3\xba\xc3", 25 * MB, "", true },
	{ "ISO-2022-JP", "Content-Type: text/plain; charset=iso-2022-jp\n\n",
	  "\x1b$B!!", 25 * MB, "", true },
	{ "escapes undeclared", "\n", "\x1b$B\x1b(B", 25 * MB, "", true },
	{ "UTF-7", "Content-Type: text/plain; charset=utf-7\n\n", "+2D3eAA-",
	  25 * MB, "", true },
	{ "base64 text", "Content-Transfer-Encoding: base64\n\n",
	  "TG9yZW0gaXBzdW0gZG9sb3Ig\n", 25 * MB, "", true },
	{ "base64 of junk", "Content-Transfer-Encoding: base64\n\n", "!",
	  25 * MB, "", true },
	{ "base64 of padding", "Content-Transfer-Encoding: base64\n\n", "A===",
	  25 * MB, "", true },
	{ "quoted-printable",
	  "Content-Transfer-Encoding: quoted-printable\n\n", "=C3=A9",
	  25 * MB, "", true },
	{ "broken quoted-printable",
	  "Content-Transfer-Encoding: quoted-printable\n\n", "= =",
	  25 * MB, "", true },
	{ "soft breaks", "Content-Transfer-Encoding: quoted-printable\n\n",
	  "=\n", 25 * MB, "", true },
};

static void
build(const struct shape *shape, struct chain *raw)
{
	char block[4096];
	size_t unit = strlen(shape->repeat), len = 0;

	if (unit == 0)
		unit = 1;       /* a NUL */
	while (len + unit <= sizeof(block)) {
		memcpy(block + len, shape->repeat, unit);
		len += unit;
	}
	(void)chain_append(raw, view_of(shape->begin));
	while (raw->len < shape->size)
		(void)chain_append(raw, (struct view){ block, len });
	(void)chain_append(raw, view_of(shape->end));
}

/* Resident bytes now, and at most since the process began. */
static long
peak_kb(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

struct outcome {
	double ms;
	double mb;
	unsigned long allocations;
	unsigned limits_met;
	size_t body;
};

struct job {
	const struct shape *shape;
	struct outcome outcome;
};

static void *
read_one(void *context)
{
	struct job *job = context;
	struct message message = { .envelope.sender = VIEW("a@example.org") };
	struct mime *mime = mime_new(&settings);
	struct arena arena = { 0 };
	struct mail mail = { .message = &message };

	mime_warm_up();
	build(job->shape, &message.raw);
	long before = peak_kb();
	unsigned long made = allocations;
	int64_t start = clock_thread_cpu_us();
	mime_read(mime, &message, &arena, &mail);
	job->outcome = (struct outcome){
		(double)(clock_thread_cpu_us() - start) / 1000,
		(double)(peak_kb() - before) / 1024, allocations - made,
		mail.limits_met, mail.body.len,
	};
	arena_free(&arena);
	chain_free(&message.raw);
	mime_free(&mime);
	return NULL;
}

static void
run_thread(struct job *job)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK);
	if (pthread_create(&thread, &attributes, read_one, job) != 0)
		_exit(1);
	pthread_join(thread, NULL);
	pthread_attr_destroy(&attributes);
}

/* False where the process that tried it died. */
static bool
try_shape(const struct shape *shape, struct outcome *out)
{
	int ends[2];

	if (pipe(ends) != 0)
		return false;
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		struct job job = { .shape = shape };
		run_thread(&job);
		ssize_t n = write(ends[1], &job.outcome, sizeof(job.outcome));
		_exit(n == (ssize_t)sizeof(job.outcome) ? 0 : 1);
	}
	close(ends[1]);
	int status = 0;
	bool is_read = read(ends[0], out, sizeof(*out)) == sizeof(*out);
	close(ends[0]);
	(void)waitpid(pid, &status, 0);
	return is_read && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* An argument: only the shapes whose name begins so. */
int
main(int argc, char **argv)
{
	const char *only = argc > 1 ? argv[1] : "";
	size_t count = sizeof(shapes) / sizeof(shapes[0]);
	int passed = 0, failed = 0;

	printf("%-28s %8s %16s %9s %7s %10s  %s\n", "shape", "size", "CPU",
	       "peak", "allocs", "body", "limits");
	for (size_t i = 0; i < count; i++) {
		const struct shape *shape = &shapes[i];
		struct outcome out = { 0 };
		if (strncmp(shape->name, only, strlen(only)) != 0)
			continue;
		bool is_alive = try_shape(shape, &out);
		int most_ms = shape->is_volume ? VOLUME_MS : MOST_MS;
		bool is_good = is_alive && out.ms < most_ms &&
			       out.mb < MOST_MB &&
			       out.allocations < MOST_ALLOCATIONS;
		printf("%-28s %5.1f MB %6.1f of %3d ms %6.1f MB %7lu "
		       "%10zu  0x%03x%s\n",
		       shape->name, (double)shape->size / MB, out.ms, most_ms,
		       out.mb, out.allocations, out.body, out.limits_met,
		       is_good ? "" : is_alive ? "  OVER" : "  DIED");
		passed += is_good;
		failed += !is_good;
	}
	printf("%d passed, %d failed\n", passed, failed);
	return failed > 0;
}
