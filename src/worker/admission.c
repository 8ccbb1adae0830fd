/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What comes before the session talks: the PROXY header, the limits, the TLS
 * handshake, the silence of greet_delay. */
#include "worker/client.h"

#include "net/proxy_protocol.h"
#include "worker/mail_log.h"

#include <errno.h>

void
client_greet(struct client *c)
{
	client_enter(c, CLIENT_TALKING);
	if (c->worker->state.is_store_away) {
		client_count_refused(c, REFUSED_NO_STORE);
		session_end(c->session, SESSION_END_NO_STORE, &c->out);
	} else {
		session_greet(c->session, &c->out);
	}
	client_resume(c);
}

static void
begin(struct client *c)
{
	if (c->worker->settings->greet_delay_ms == 0) {
		client_greet(c);
		return;
	}
	client_watch(c, POLLIN);
	client_enter(c, CLIENT_GREET_WAIT);
	/* It may have spoken right behind its handshake. */
	if (c->has_unread)
		client_on_greet_wait(c);
}

void
client_on_greet_wait(struct client *c)
{
	char first;
	ssize_t n = client_read(c, &first, 1);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		client_free(c);
		return;
	}
	client_log(LOG_LEVEL_INFO, c, "spoke before the greeting");
	client_count_refused(c, REFUSED_EARLY);
	client_enter(c, CLIENT_TALKING);
	client_end(c, SESSION_END_EARLY);
}

/* ---- TLS --------------------------------------------------------------- */

static void
finish_handshake(struct client *c)
{
	char description[TLS_DESCRIPTION_SIZE];
	size_t len = tls_describe(c->tls, description, sizeof(description));

	slot_count(c->worker->context->slot, COUNT_TLS_HANDSHAKES, 1);
	slot_count_in(c->worker->context->slot, SERIES_TLS_HANDSHAKES,
		      tls_is_13(c->tls) ? TLS_VERSION_13 : TLS_VERSION_12);
	session_tls_started(c->session, (struct view){ description, len });
	c->has_unread = tls_has_pending(c->tls);
	if (c->listener->tls == LISTEN_IMPLICIT_TLS) {
		begin(c);
		return;
	}
	client_enter(c, CLIENT_TALKING);
	client_resume(c);
}

void
client_on_handshake(struct client *c)
{
	/* Nothing is spent on TLS before the client says something. */
	if (c->tls == NULL) {
		if (c->worker->context->tls != NULL)
			c->tls = tls_new(c->worker->context->tls, c->watch.fd);
		if (c->tls == NULL || !client_charge(c)) {
			client_log(LOG_LEVEL_WARN, c, "no memory for TLS");
			client_free(c);
			return;
		}
	}
	enum tls_result result = tls_accept(c->tls);
	switch (result) {
	case TLS_OK:
		finish_handshake(c);
		return;
	case TLS_WANTS_READ:
		client_watch(c, POLLIN);
		return;
	case TLS_WANTS_WRITE:
		client_watch(c, POLLOUT);
		return;
	case TLS_EOF:
	case TLS_FAILED:
		break;
	}
	char address[ADDRESS_TEXT_SIZE];
	mail_log_client(&c->peer, address);
	client_count_tls_failure(c, result == TLS_EOF ? TLS_FAILURE_CLOSED
						      : TLS_FAILURE_HANDSHAKE);
	log_info("TLS handshake failed", LOG_STR("client", address),
		 LOG_STR("why", result == TLS_EOF ? "closed by the client"
						  : tls_failure(c->tls)));
	client_free(c);
}

/* ---- Who may come in --------------------------------------------------- */

static void
admit(struct client *c, bool may_xclient)
{
	struct worker *w = c->worker;
	enum session_end why;

	c->session = session_new(&w->settings->smtp, &w->state, &w->budget,
				 &c->peer);
	session_set_owner(c->session, c);
	if (may_xclient &&
	    address_in_ranges(&c->peer, w->settings->net.xclient_hosts))
		session_allow_xclient(c->session);
	if (c->listener->tls == LISTEN_CLEAR)
		session_forbid_starttls(c->session);
	slot_count(w->context->slot, COUNT_CONNECTIONS, 1);
	bool is_tls = c->listener->tls == LISTEN_IMPLICIT_TLS;
	if (client_may_enter(c, &why)) {
		if (is_tls)
			client_enter(c, CLIENT_HANDSHAKE);
		else
			begin(c);
		return;
	}
	/* One reply, without waiting for it to be read: nothing is kept of a
	 * client that is one too many. */
	if (!is_tls) {
		session_end(c->session, why, &c->out);
		client_flush(c);
	}
	client_free(c);
}

void
client_admit(struct client *c)
{
	admit(c, true);
}

void
client_on_proxy(struct client *c)
{
	struct proxy_header header;

	switch (proxy_receive(c->watch.fd, &c->in, &header)) {
	case PROXY_NEEDS_MORE:
		return;
	case PROXY_CLIENT:
		c->peer = header.client;
		buf_release(&c->in);
		admit(c, true);
		return;
	case PROXY_LOCAL:
		/* It speaks for itself, and may ask for more than a header:
		 * a probe that got no greeting would find us dead. */
		client_log(LOG_LEVEL_DEBUG, c, "probe of a balancer");
		/* fall through */
	case PROXY_UNKNOWN:
		/* Somebody, whom the balancer does not vouch for. */
		buf_release(&c->in);
		admit(c, false);
		return;
	case PROXY_CLOSED:
		client_log(c->in.len == 0 ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARN,
			   c, "closed before its PROXY header");
		break;
	case PROXY_BAD:
		client_log(LOG_LEVEL_WARN, c, "no valid PROXY header");
		break;
	}
	client_free(c);
}
