/* SPDX-License-Identifier: GPL-3.0-or-later */
/* New connections from the listeners that all workers share. A few a wake,
 * so that the others get theirs; a pause when descriptors run out, as they
 * would be reported ready without end. */
#include "worker/client.h"

#include <errno.h>
#include <sys/socket.h>

enum {
	ACCEPTS_A_WAKE = 8,
	PAUSE_MS = 250
};

static void
pause_listeners(struct worker *w, int error)
{
	if (!w->is_paused)
		log_warn("no descriptor or memory for a new connection: "
			 "accepting pauses", LOG_NUM("errno", error));
	w->is_paused = true;
	loop_set_timer(&w->loop, &w->accept_timer, w->loop.now_ms + PAUSE_MS);
	worker_update_listeners(w);
}

void
worker_on_accept_timer(struct loop *loop, struct timer *timer)
{
	struct worker *w = worker_of(loop);

	(void)timer;
	w->is_paused = false;
	worker_update_listeners(w);
}

/* 1: one accepted; 0: none waits; -1: none can be taken now. */
static int
accept_one(struct worker *w, const struct watch *listener)
{
	struct sockaddr_storage from = { 0 };
	socklen_t len = sizeof(from);
	int fd = accept4(listener->fd, (struct sockaddr *)&from, &len,
			 SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
		    errno == ENOMEM)
			pause_listeners(w, errno);
		/* Others (ECONNABORTED, EPROTO) are of a client that left. */
		return errno == EINTR || errno == ECONNABORTED ? 1 : 0;
	}
	struct address peer = address_from_socket(&from);
	client_accept(w, fd, &peer, &w->settings->net
			      .listeners[listener - w->listeners]);
	return 1;
}

void
worker_on_listener(struct loop *loop, struct watch *watch, short events)
{
	struct worker *w = worker_of(loop);

	(void)events;
	for (int i = 0; i < ACCEPTS_A_WAKE; i++)
		if (accept_one(w, watch) <= 0)
			return;
}

void
worker_update_listeners(struct worker *w)
{
	bool may_listen = w->is_ready && !w->is_draining && !w->is_paused &&
			  !w->state.is_memory_tight && !w->is_store_behind;

	if (may_listen == w->is_listening)
		return;
	w->is_listening = may_listen;
	for (size_t i = 0; i < w->settings->net.listener_count; i++) {
		if (may_listen)
			loop_watch(&w->loop, &w->listeners[i], POLLIN);
		else
			loop_forget(&w->loop, &w->listeners[i]);
	}
}

void
worker_close_listeners(struct worker *w)
{
	worker_update_listeners(w);
	for (size_t i = 0; i < w->settings->net.listener_count; i++)
		loop_close(&w->loop, &w->listeners[i]);
}
