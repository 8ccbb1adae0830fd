/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One thread: libmicrohttpd reads requests and writes answers; we accept, so
 * that who stays longest makes room, and end what lasts too long, which its
 * own timeout, renewed by each byte, does not. */
#include "status/status.h"

#include "base/address.h"
#include "base/clock.h"
#include "base/log.h"
#include "status/pages.h"

#include <assert.h>
#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	CONNECTIONS = 32,
	REQUEST_BYTES = 8192,           /* with what the library notes */
	LONGEST_MS = 10000,             /* of a connection, in all */
	FRESH_MS = 250,                 /* a body is shared for so long */
	TURN_MS = 500,                  /* heartbeat */
	MAX_TURNS = 64,                 /* of the library at a time */
	EXIT_UNABLE = 3
};

struct visitor {
	int fd;                         /* -1: none */
	int64_t since_ms;
};

struct shared_body {
	struct MHD_Response *response;  /* NULL: none yet */
	unsigned code;
	int64_t made_ms;
};

struct status {
	const struct status_duty *duty;
	const struct child_context *context;
	struct MHD_Daemon *daemon;
	bool is_loopback;
	bool is_leaving;
	struct visitor visitors[CONNECTIONS];
	struct shared_body bodies[STATUS_PAGES];
};

/* ---- Answers ------------------------------------------------------------- */

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
count_request(const struct status *s, int which)
{
	slot_count_in(s->context->slot, SERIES_HTTP, (size_t)which);
}

static void
count_refusal(const struct status *s, unsigned code)
{
	static const struct {
		unsigned code;
		int which;
	} refusals[] = {
		{ MHD_HTTP_BAD_REQUEST, HTTP_400 },
		{ MHD_HTTP_NOT_FOUND, HTTP_404 },
		{ MHD_HTTP_METHOD_NOT_ALLOWED, HTTP_405 },
		{ MHD_HTTP_MISDIRECTED_REQUEST, HTTP_421 },
	};

	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++)
		if (refusals[i].code == code)
			count_request(s, refusals[i].which);
}

static enum MHD_Result
refuse(struct status *s, struct MHD_Connection *c, unsigned code,
       const char *text)
{
	struct MHD_Response *r = respond(view_of(text), "text/plain");

	count_refusal(s, code);
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
body_of(struct status *s, enum status_page page)
{
	struct shared_body *b = &s->bodies[page];
	int64_t now_ms = clock_ms();
	struct page_answer a;

	if (b->response != NULL && now_ms - b->made_ms < FRESH_MS)
		return b;
	/* Those that are being sent hold it. */
	if (b->response != NULL)
		MHD_destroy_response(b->response);
	int64_t began_us = clock_us();
	page_print(page, s->context->scoreboard, s->duty, &a);
	slot_observe(s->context->slot, HISTOGRAM_RENDER,
		     clock_us() - began_us);
	*b = (struct shared_body){ respond(buf_view(&a.body), a.type), a.code,
				   now_ms };
	buf_release(&a.body);
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

/* RFC 9112 3.2: a request has one Host, and a proxy before us does not go by
 * another one than we. HTTP/1.0 may have none. The library looks too, if
 * asked, but sends the head of its answer twice then. */
static bool
names_one_host(struct MHD_Connection *c, const char *version)
{
	unsigned count = 0;

	MHD_get_connection_values(c, MHD_HEADER_KIND, count_host, &count);
	return count == 1 ||
	       (count == 0 && strcmp(version, MHD_HTTP_VERSION_1_0) == 0);
}

/* No word of the request stands in an answer. The parameters are the
 * library's. */
static enum MHD_Result
/* NOLINTNEXTLINE(readability-function-size) */
answer(void *status, struct MHD_Connection *c, const char *path,
       const char *method, const char *version, const char *data,
       size_t *data_len, void **state)
{
	struct status *s = status;

	(void)data, (void)data_len, (void)state;
	const char *host = MHD_lookup_connection_value(c, MHD_HEADER_KIND,
						       "Host");
	const char *accept = MHD_lookup_connection_value(c, MHD_HEADER_KIND,
							 "Accept");
	if (!names_one_host(c, version))
		return refuse(s, c, MHD_HTTP_BAD_REQUEST, "one Host\n");
	if (s->is_loopback && !page_host_is_good(host, s->duty->hostname))
		return refuse(s, c, MHD_HTTP_MISDIRECTED_REQUEST,
			      "another host is meant\n");
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return refuse(s, c, MHD_HTTP_METHOD_NOT_ALLOWED,
			      "GET or HEAD\n");
	int page = page_find(path, accept != NULL ? accept : "");
	if (page < 0)
		return refuse(s, c, MHD_HTTP_NOT_FOUND, "no such page\n");
	const struct shared_body *b = body_of(s, (enum status_page)page);
	if (b->response == NULL)
		return MHD_NO;
	if (page == PAGE_OPENMETRICS)
		page = PAGE_METRICS;
	count_request(s, b->code == 200 ? page : page == PAGE_HEALTHZ ?
		      HTTP_HEALTHZ_503 : HTTP_READYZ_503);
	return MHD_queue_response(c, b->code, b->response);
}

/* ---- Visitors ------------------------------------------------------------ */

/* No path has an escape: none is undone, and %00 ends no path. */
static size_t
leave_escapes(void *ignored, struct MHD_Connection *c, char *text)
{
	(void)ignored, (void)c;
	return strlen(text);
}

/* The library is about to close one. */
static void
notice(void *status, struct MHD_Connection *c, void **state,
       enum MHD_ConnectionNotificationCode what)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct status *s = status;

	(void)state;
	if (what != MHD_CONNECTION_NOTIFY_CLOSED || info == NULL)
		return;
	for (size_t i = 0; i < CONNECTIONS; i++)
		if (s->visitors[i].fd == info->connect_fd)
			s->visitors[i].fd = -1;
}

/* Until it has nothing more to do by itself. */
static void
run_library(struct status *s)
{
	MHD_UNSIGNED_LONG_LONG wait_ms;

	for (int i = 0; i < MAX_TURNS; i++) {
		MHD_run(s->daemon);
		if (MHD_get_timeout(s->daemon, &wait_ms) != MHD_YES ||
		    wait_ms > 0)
			return;
	}
}

/* The library sees the end of the stream, and closes. */
static void
end(struct status *s, const struct visitor *v)
{
	shutdown(v->fd, SHUT_RDWR);
	run_library(s);
}

static struct visitor *
find_place(struct status *s)
{
	struct visitor *oldest = &s->visitors[0];

	for (size_t i = 0; i < CONNECTIONS; i++) {
		if (s->visitors[i].fd < 0)
			return &s->visitors[i];
		if (s->visitors[i].since_ms < oldest->since_ms)
			oldest = &s->visitors[i];
	}
	end(s, oldest);
	return oldest->fd < 0 ? oldest : NULL;
}

static void
welcome(struct status *s)
{
	struct sockaddr_storage from = { .ss_family = AF_UNSPEC };
	socklen_t size = sizeof(from);

	int fd = accept4(s->duty->listener, (struct sockaddr *)&from, &size,
			 SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return;
	struct visitor *v = find_place(s);
	if (v == NULL) {
		close(fd);
		return;
	}
	*v = (struct visitor){ fd, clock_ms() };
	/* A failure closes it. */
	if (MHD_add_connection(s->daemon, fd, (struct sockaddr *)&from, size)
	    != MHD_YES)
		v->fd = -1;
}

static void
end_the_slow(struct status *s)
{
	int64_t now_ms = clock_ms();

	for (size_t i = 0; i < CONNECTIONS; i++)
		if (s->visitors[i].fd >= 0 &&
		    now_ms - s->visitors[i].since_ms > LONGEST_MS)
			end(s, &s->visitors[i]);
}

/* ---- Its life ------------------------------------------------------------ */

/* End of file: the master is gone. */
static void
hear(struct status *s)
{
	char words[16];

	ssize_t n = recv(s->context->channel, words, sizeof(words),
			 MSG_DONTWAIT);
	for (ssize_t i = 0; i < n; i++)
		s->is_leaving |= words[i] == CHILD_QUIT ||
				 words[i] == CHILD_STOP ||
				 words[i] == CHILD_DRAIN;
	s->is_leaving |= n == 0;
}

static int
library_descriptor(struct status *s)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD);

	return info != NULL ? info->epoll_fd : -1;
}

static void
serve(struct status *s)
{
	struct pollfd polls[] = {
		{ .fd = s->context->channel, .events = POLLIN },
		{ .fd = s->duty->listener, .events = POLLIN },
		{ .fd = library_descriptor(s), .events = POLLIN },
	};

	while (!s->is_leaving) {
		slot_beat(s->context->slot, SLOT_LOOP);
		if (poll(polls, 3, TURN_MS) < 0)
			continue;
		if (polls[0].revents != 0)
			hear(s);
		if (polls[1].revents != 0)
			welcome(s);
		run_library(s);
		end_the_slow(s);
	}
}

static bool
is_loopback(int listener)
{
	struct sockaddr_storage at = { .ss_family = AF_UNSPEC };
	socklen_t size = sizeof(at);

	if (getsockname(listener, (struct sockaddr *)&at, &size) != 0 ||
	    at.ss_family == AF_UNIX)
		return false;
	struct address a = address_from_socket(&at);
	return address_is_loopback(&a);
}

static struct MHD_Daemon *
start_library(struct status *s)
{
	return MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET, 0, NULL, NULL,
		answer, s,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_BYTES,
		MHD_OPTION_NOTIFY_CONNECTION, notice, s,
		MHD_OPTION_UNESCAPE_CALLBACK, leave_escapes, NULL,
		MHD_OPTION_END);
}

int
status_run(const struct status_duty *duty, const struct child_context *context)
{
	static const char ready = CHILD_READY;
	struct status s = { .duty = duty, .context = context };

	for (size_t i = 0; i < CONNECTIONS; i++)
		s.visitors[i].fd = -1;
	s.is_loopback = is_loopback(duty->listener);
	s.daemon = start_library(&s);
	if (s.daemon == NULL) {
		log_error("the library of HTTP does not start",
			  LOG_STR("error", strerror(errno)));
		return EXIT_UNABLE;
	}
	if (sandbox_enter(context->sandbox, context->slot) != 0) {
		log_error("the sandbox cannot be entered",
			  LOG_STR("error", strerror(errno)));
		return EXIT_UNABLE;
	}
	slot_set_state(context->slot, SLOT_READY);
	send(context->channel, &ready, 1, MSG_NOSIGNAL);
	serve(&s);
	return EXIT_SUCCESS;
}
