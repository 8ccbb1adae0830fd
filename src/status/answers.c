/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A request and its answer: what is refused, and with what; bodies that
 * answers share. */
#include "status/answers.h"

#include "base/clock.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

enum { FRESH_MS = 250 };                /* a body is shared for so long */

static struct MHD_Response *
respond(struct view body, const char *type)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(
		body.len, (void *)(uintptr_t)body.at,
		MHD_RESPMEM_MUST_COPY);

	if (r == NULL)
		return NULL;
	MHD_add_response_header(r, "Content-Type", type);
	MHD_add_response_header(r, "Cache-Control", "no-store");
	MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
	/* The icon that no page has is the one thing that is not ours. */
	MHD_add_response_header(r, "Content-Security-Policy",
				"default-src 'none'; style-src 'self'; "
				"script-src 'self'; connect-src 'self'; "
				"img-src data:; base-uri 'none'; "
				"form-action 'none'; frame-ancestors 'none'");
	/* One request a connection. */
	MHD_add_response_header(r, "Connection", "close");
	return r;
}

static_assert((int)HTTP_PAGES == (int)PAGE_OPENMETRICS, "each has a count");

static void
count_refusal(const struct answers *a, unsigned code)
{
	static const struct {
		unsigned code;
		size_t which;
	} refusals[] = {
		{ MHD_HTTP_BAD_REQUEST, HTTP_400 },
		{ MHD_HTTP_NOT_FOUND, HTTP_404 },
		{ MHD_HTTP_METHOD_NOT_ALLOWED, HTTP_405 },
		{ MHD_HTTP_CONTENT_TOO_LARGE, HTTP_413 },
		{ MHD_HTTP_URI_TOO_LONG, HTTP_414 },
		{ MHD_HTTP_MISDIRECTED_REQUEST, HTTP_421 },
		{ MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE, HTTP_431 },
		{ MHD_HTTP_HTTP_VERSION_NOT_SUPPORTED, HTTP_505 },
	};

	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++)
		if (refusals[i].code == code)
			slot_count_in(a->context->slot, SERIES_HTTP,
				      refusals[i].which);
}

static enum MHD_Result
refuse(struct answers *a, struct MHD_Connection *c, unsigned code,
       const char *text)
{
	struct MHD_Response *r = respond(view_of(text), "text/plain");

	count_refusal(a, code);
	if (r == NULL)
		return MHD_NO;
	if (code == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(r, "Allow", "GET, HEAD");
	enum MHD_Result queued = MHD_queue_response(c, code, r);
	MHD_destroy_response(r);
	return queued;
}

/* As it is now, or was a moment ago. */
static const struct shared_body *
body_of(struct answers *a, enum status_page page)
{
	struct shared_body *b = &a->bodies[page];
	int64_t now_ms = clock_ms();
	struct page_answer made;

	assert(page < STATUS_PAGES);
	if (b->response != NULL && now_ms - b->made_ms < FRESH_MS)
		return b;
	/* Those that are being sent hold it. */
	if (b->response != NULL)
		MHD_destroy_response(b->response);
	int64_t began_us = clock_us();
	page_print(page, a->context->scoreboard, a->duty, &made);
	slot_observe(a->context->slot, HISTOGRAM_RENDER,
		     clock_us() - began_us);
	*b = (struct shared_body){ respond(buf_view(&made.body), made.type),
				   made.code, now_ms };
	buf_release(&made.body);
	return b;
}

static enum MHD_Result
count_host(void *count, enum MHD_ValueKind kind, const char *name,
	   const char *value)
{
	(void)kind, (void)value;
	*(unsigned *)count += strcasecmp(name, MHD_HTTP_HEADER_HOST) == 0;
	return MHD_YES;
}

/* No word of the request stands in an answer. The parameters are the
 * library's. */
enum MHD_Result
/* NOLINTNEXTLINE(readability-function-size) */
answers_give(void *answers, struct MHD_Connection *c, const char *path,
	     const char *method, const char *version, const char *data,
	     size_t *data_len, void **state)
{
	struct answers *a = answers;
	unsigned hosts = 0;

	(void)data, (void)data_len, (void)state;
	const char *host = MHD_lookup_connection_value(c, MHD_HEADER_KIND,
						       "Host");
	const char *accept = MHD_lookup_connection_value(c, MHD_HEADER_KIND,
							 "Accept");
	/* RFC 9112 3.2: a request has one Host, and a proxy before us does not
	 * go by another one than we. HTTP/1.0 may have none. The library looks
	 * too, if asked, but sends the head of its answer twice then. */
	MHD_get_connection_values(c, MHD_HEADER_KIND, count_host, &hosts);
	if (hosts > 1 ||
	    (hosts == 0 && strcmp(version, MHD_HTTP_VERSION_1_0) != 0))
		return refuse(a, c, MHD_HTTP_BAD_REQUEST, "one Host\n");
	if (a->is_loopback && !page_host_is_good(host, a->duty->hostname))
		return refuse(a, c, MHD_HTTP_MISDIRECTED_REQUEST,
			      "another host is meant\n");
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return refuse(a, c, MHD_HTTP_METHOD_NOT_ALLOWED,
			      "GET or HEAD\n");
	int page = page_find(path, accept != NULL ? accept : "");
	if (page < 0)
		return refuse(a, c, MHD_HTTP_NOT_FOUND, "no such page\n");
	const struct shared_body *b = body_of(a, (enum status_page)page);
	if (b->response == NULL)
		return MHD_NO;
	if (page == PAGE_OPENMETRICS)
		page = PAGE_METRICS;
	if (b->code != 200)
		page = page == PAGE_HEALTHZ ? HTTP_HEALTHZ_503
					    : HTTP_READYZ_503;
	slot_count_in(a->context->slot, SERIES_HTTP, (size_t)page);
	return MHD_queue_response(c, b->code, b->response);
}

void
answers_hear_library(void *answers, const char *format, va_list values)
{
	static const char begin[] = "Error processing request (HTTP response "
				    "code is %u";

	if (strncmp(format, begin, sizeof(begin) - 1) == 0)
		count_refusal(answers, va_arg(values, unsigned));
}
