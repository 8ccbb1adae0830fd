/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A connection as the loop sees it: which phase hears of an event, and what
 * happens when its deadline has passed. */
#include "worker/client.h"

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

/* The database has not answered a look-up in time: 451 4.4.3. */
static void
end_waiting(struct client *c)
{
	c->asked_ms = 0;
	if (session_want(c->session) == SESSION_WANTS_DOMAINS)
		session_domains_known(c->session, &c->out);
	else
		session_recipient_known(c->session, RECIPIENT_UNDECIDED,
					&c->out);
	client_resume(c);
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
		end_waiting(c);
		return;
	}
	bool is_slow = client_is_slow(c);
	client_log(LOG_LEVEL_INFO, c,
		   is_slow ? "timed out: data below timeouts.min_rate"
		   : c->worker->is_draining ? "idle while draining"
					    : "timed out");
	client_end(c, is_slow		       ? SESSION_END_SLOW
		      : c->worker->is_draining ? SESSION_END_STOPPING
					       : SESSION_END_IDLE);
}

static void
on_due(struct loop *loop, struct timer *timer)
{
	struct client *c = (struct client *)timer;      /* first member */

	(void)loop;
	switch (c->phase) {
	case CLIENT_PROXY:
		client_log(LOG_LEVEL_WARN, c, "no PROXY header in time");
		client_free(c);
		return;
	case CLIENT_HANDSHAKE:
		client_log(LOG_LEVEL_INFO, c, "no TLS handshake in time");
		client_free(c);
		return;
	case CLIENT_GREET_WAIT:
		client_greet(c);
		return;
	case CLIENT_TALKING:
		on_talking_due(c);
		return;
	case CLIENT_LINGERING:
		client_free(c);
		return;
	}
}

void
client_accept(struct worker *w, int fd, const struct address *peer,
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
