/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A connection as the loop sees it: how it comes in, which phase hears of an
 * event, and what happens when its deadline has passed. */
#include "worker/client.h"

#include "base/memory.h"

#include <errno.h>
#include <sys/socket.h>

enum { ACCEPTS_A_WAKE = 8, PAUSE_MS = 250, LEAVE_MS = 2 };

static void
on_ready(struct loop *loop, struct watch *watch, short events)
{
	struct client *c = (struct client *)((char *)watch -
					     offsetof(struct client, watch));

	(void)loop;
	if ((events & (POLLERR | POLLNVAL)) != 0) {
		client_free(c);
		return;
	}
	switch (c->phase) {
	case CLIENT_PROXY:
		client_on_proxy(c);
		return;
	case CLIENT_HANDSHAKE:
		client_on_handshake(c);
		return;
	case CLIENT_GREET_WAIT:
		client_on_greet_wait(c);
		return;
	case CLIENT_TALKING:
		client_on_talking(c, events);
		return;
	case CLIENT_LINGERING:
		client_on_lingering(c);
		return;
	}
}

static void
on_talking_due(struct client *c)
{
	if (c->out.len > 0) {
		client_log(LOG_LEVEL_INFO, c, "does not read its replies");
		client_free(c);
		return;
	}
	if (c->asked_ms != 0) {
		/* The database has not answered in time: 451 4.4.3. */
		c->asked_ms = 0;
		if (session_want(c->session) == SESSION_WANTS_DOMAINS)
			session_domains_known(c->session, &c->out);
		else
			session_recipient_known(c->session,
						RECIPIENT_UNDECIDED, &c->out);
		client_resume(c);
	} else if (client_is_slow(c)) {
		client_log(LOG_LEVEL_INFO, c,
			   "timed out: data below timeouts.min_rate");
		client_end(c, SESSION_END_SLOW);
	} else if (c->worker->is_draining) {
		client_log(LOG_LEVEL_INFO, c, "idle while draining");
		client_end(c, SESSION_END_STOPPING);
	} else {
		client_log(LOG_LEVEL_INFO, c, "timed out");
		client_end(c, SESSION_END_IDLE);
	}
}

static void
on_due(struct loop *loop, struct timer *timer)
{
	struct client *c = (struct client *)timer;      /* first member */

	(void)loop;
	switch (c->phase) {
	case CLIENT_PROXY:
		client_log(LOG_LEVEL_WARN, c, "no PROXY header in time");
		break;
	case CLIENT_HANDSHAKE:
		client_count_tls_failure(c, TLS_FAILURE_TIMEOUT);
		client_log(LOG_LEVEL_INFO, c, "no TLS handshake in time");
		break;
	case CLIENT_GREET_WAIT:
		client_greet(c);
		return;
	case CLIENT_TALKING:
		on_talking_due(c);
		return;
	case CLIENT_LINGERING:
		break;
	}
	client_free(c);
}

/* A new connection: PROXY, TLS or the greeting comes first. */
static void
accept_client(struct worker *w, int fd, const struct address *peer,
	      const struct listen_settings *listener)
{
	struct client *c = client_new(w, fd, peer, listener);

	c->watch.ready = on_ready;
	c->timer.due = on_due;
	client_watch(c, POLLIN);
	if (!listener->has_proxy_protocol) {
		client_admit(c);
		return;
	}
	if (!peer->is_local && !address_in_ranges(peer,
			w->settings->net.trusted_proxies)) {
		client_log(LOG_LEVEL_WARN, c, "not among trusted_proxies");
		client_free(c);
		return;
	}
	client_enter(c, CLIENT_PROXY);
}

/* ---- The listeners that all workers share -------------------------------- */

static void
on_accept_timer(struct loop *loop, struct timer *timer)
{
	struct worker *w = worker_of(loop);

	(void)timer;
	w->is_paused = false;
	worker_update_listeners(w);
}

static void
pause_listeners(struct worker *w, int64_t ms)
{
	w->is_paused = true;
	loop_set_timer(&w->loop, &w->accept_timer, w->loop.now_ms + ms);
	worker_update_listeners(w);
}

/* By an eighth and a few, so that sessions that come and go are nothing. Who
 * is refused, or waits to be admitted, does not count. */
static bool
has_more_than_its_share(const struct worker *w)
{
	size_t all = connection_limits_total(w->connections.connection_limits);
	size_t share = all / w->settings->workers;

	return connection_count(&w->connections) > share + share / 8 + 2;
}

/* A few a wake; and whoever has more than its share leaves the next ones to
 * the others for a moment. The kernel wakes the same worker as long as it
 * sleeps: it would get every session that comes to stay. */
static void
on_listener(struct loop *loop, struct watch *watch, short events)
{
	struct worker *w = worker_of(loop);
	const struct listen_settings *listener =
		&w->settings->net.listeners[watch - w->listeners];

	(void)events;
	/* What nobody took meanwhile is ours. */
	bool leaves_some = w->settings->workers > 1 && !w->has_left_some;
	w->has_left_some = false;
	for (int i = 0; i < ACCEPTS_A_WAKE; i++) {
		struct sockaddr_storage from = { 0 };
		socklen_t len = sizeof(from);
		int fd = accept4(watch->fd, (struct sockaddr *)&from, &len,
				 SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			struct address peer = address_from_socket(&from);
			accept_client(w, fd, &peer, listener);
			if (!leaves_some || !has_more_than_its_share(w))
				continue;
			w->has_left_some = true;
			pause_listeners(w, LEAVE_MS);
			return;
		}
		/* These are of a call, or a client that left. */
		if (errno == EINTR || errno == ECONNABORTED)
			continue;
		/* Without descriptors it would be reported ready without
		 * end: a pause. */
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
		    errno == ENOMEM) {
			if (!w->is_paused)
				log_warn("no descriptor or memory for a new "
					 "connection: accepting pauses",
					 LOG_NUM("errno", errno));
			pause_listeners(w, PAUSE_MS);
		}
		return;
	}
}

void
worker_take_listeners(struct worker *w, const int *listeners)
{
	size_t count = w->settings->net.listener_count;

	w->accept_timer.due = on_accept_timer;
	w->listeners = memory_new(count, sizeof(*w->listeners));
	for (size_t i = 0; i < count; i++)
		w->listeners[i] = (struct watch){
			.fd = listeners[i], .ready = on_listener,
			.is_shared = true };
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
