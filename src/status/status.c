/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One thread: libmicrohttpd reads requests and writes answers; we accept, so
 * that who stays longest makes room, and end what lasts too long, which its
 * own timeout, renewed by each byte, does not. */
#include "status/status.h"

#include "base/address.h"
#include "base/clock.h"
#include "base/log.h"
#include "status/answers.h"
#include "status/cpu_share.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	CONNECTIONS = 32,
	REQUEST_BYTES = 8192,           /* with what the library notes */
	LONGEST_MS = 10000,             /* of a connection, in all */
	TURN_MS = 500,                  /* heartbeat */
	MAX_TURNS = 64,                 /* of the library at a time */
	EXIT_UNABLE = 3
};

struct visitor {
	int fd;                         /* -1: none */
	int64_t since_ms;
};

struct status {
	const struct status_duty *duty;
	const struct child_context *context;
	struct MHD_Daemon *daemon;
	bool is_leaving;
	struct visitor visitors[CONNECTIONS];
	struct answers answers;
};

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
	assert(v->fd >= 0);
	shutdown(v->fd, SHUT_RDWR);
	run_library(s);
}

/* Who has no place is given that of the one that has been here longest. */
static void
welcome(struct status *s)
{
	struct visitor *v = &s->visitors[0];
	struct sockaddr_storage from = { .ss_family = AF_UNSPEC };
	socklen_t size = sizeof(from);

	int fd = accept4(s->duty->listener, (struct sockaddr *)&from, &size,
			 SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return;
	for (size_t i = 1; i < CONNECTIONS && v->fd >= 0; i++)
		if (s->visitors[i].fd < 0 ||
		    s->visitors[i].since_ms < v->since_ms)
			v = &s->visitors[i];
	if (v->fd >= 0)
		end(s, v);
	if (v->fd >= 0) {
		close(fd);
		return;
	}
	*v = (struct visitor){ fd, clock_ms() };
	/* A failure closes it. */
	if (MHD_add_connection(s->daemon, fd, (struct sockaddr *)&from, size)
	    != MHD_YES)
		v->fd = -1;
}

/* ---- Its life ------------------------------------------------------------ */

static void
serve(struct status *s)
{
	const union MHD_DaemonInfo *library =
		MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	struct pollfd polls[] = {
		{ .fd = s->context->channel, .events = POLLIN },
		{ .fd = s->duty->listener, .events = POLLIN },
		{ .fd = library != NULL ? library->epoll_fd : -1,
		  .events = POLLIN },
	};
	struct cpu_share share = { .left_us = 0 };
	char words[16];

	while (!s->is_leaving) {
		slot_beat(s->context->slot, SLOT_LOOP);
		int rest_ms = cpu_share_rest_ms(&share, clock_us(),
						clock_thread_cpu_us());
		int n = poll(polls, rest_ms > 0 ? 1 : 3,
			     rest_ms > 0 ? rest_ms : TURN_MS);
		if (n < 0)
			continue;
		if (polls[0].revents != 0) {
			ssize_t heard = recv(polls[0].fd, words, sizeof(words),
					     MSG_DONTWAIT);
			for (ssize_t i = 0; i < heard; i++)
				s->is_leaving |= words[i] == CHILD_QUIT ||
						 words[i] == CHILD_STOP ||
						 words[i] == CHILD_DRAIN;
			/* End of file: the master is gone. */
			s->is_leaving |= heard == 0;
		}
		if (rest_ms > 0)
			continue;
		if (polls[1].revents != 0)
			welcome(s);
		run_library(s);
		int64_t now_ms = clock_ms();
		for (size_t i = 0; i < CONNECTIONS; i++)
			if (s->visitors[i].fd >= 0 &&
			    now_ms - s->visitors[i].since_ms > LONGEST_MS)
				end(s, &s->visitors[i]);
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

int
status_run(const struct status_duty *duty, const struct child_context *context)
{
	static const char ready = CHILD_READY;
	struct status s = { .duty = duty, .context = context };

	for (size_t i = 0; i < CONNECTIONS; i++)
		s.visitors[i].fd = -1;
	s.answers = (struct answers){ .duty = duty,
				      .context = context,
				      .is_loopback = is_loopback(
					      duty->listener) };
	s.daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG,
		0, NULL, NULL, answers_give, &s.answers,
		MHD_OPTION_EXTERNAL_LOGGER, answers_hear_library, &s.answers,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_BYTES,
		MHD_OPTION_NOTIFY_CONNECTION, notice, &s,
		MHD_OPTION_UNESCAPE_CALLBACK, leave_escapes, NULL,
		MHD_OPTION_END);
	if (s.daemon == NULL) {
		log_error("the library of HTTP does not start",
			  LOG_STR("error", strerror(errno)));
		return EXIT_UNABLE;
	}
	if (child_enter_sandbox(context) != 0)
		return EXIT_UNABLE;
	slot_set_state(context->slot, SLOT_READY);
	send(context->channel, &ready, 1, MSG_NOSIGNAL);
	serve(&s);
	return EXIT_SUCCESS;
}
