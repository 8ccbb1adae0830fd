/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes of a session of the load, in clear or by TLS from the first byte: a
 * whole handshake for each connection, or the last ticket that came. */
#include "../smtp_load.h"

#include <openssl/ssl.h>

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static SSL_SESSION *last;

static int
keep(SSL *tls, SSL_SESSION *session)
{
	(void)tls;
	SSL_SESSION_free(last);
	last = session;
	return 1;
}

static SSL_CTX *
client_context(void)
{
	static SSL_CTX *context;

	if (context == NULL) {
		context = SSL_CTX_new(TLS_client_method());
		SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
		SSL_CTX_set_session_cache_mode(
			context, SSL_SESS_CACHE_CLIENT |
				 SSL_SESS_CACHE_NO_INTERNAL_STORE);
		SSL_CTX_sess_set_new_cb(context, keep);
	}
	return context;
}

void
transport_open(struct session_slot *s)
{
	if (!s->load->by_tls)
		return;
	s->tls = SSL_new(client_context());
	SSL_set_fd(s->tls, s->fd);
	SSL_set_connect_state(s->tls);
	if (s->load->resumes && last != NULL) {
		/* A handshake writes into the session that it resumes. */
		SSL_SESSION *own = SSL_SESSION_dup(last);
		SSL_set_session(s->tls, own);
		SSL_SESSION_free(own);
	}
	/* The rest of the handshake goes along with what is read. */
	SSL_do_handshake(s->tls);
}

void
transport_close(struct session_slot *s)
{
	if (s->tls != NULL) {
		s->load->resumed += SSL_session_reused(s->tls) == 1;
		/* Else its ticket could not be used any more. */
		SSL_set_shutdown(s->tls, SSL_SENT_SHUTDOWN);
	}
	SSL_free(s->tls);
	s->tls = NULL;
	close(s->fd);
	s->fd = -1;
}

/* As a system call would say it. */
static ssize_t
outcome(struct session_slot *s, int n)
{
	if (n > 0)
		return n;
	switch (SSL_get_error(s->tls, n)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		errno = EAGAIN;
		return -1;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	default:
		errno = EPROTO;
		return -1;
	}
}

ssize_t
transport_send(struct session_slot *s, const char *bytes, size_t len)
{
	if (s->tls == NULL)
		return send(s->fd, bytes, len, MSG_NOSIGNAL);
	return outcome(s, SSL_write(s->tls, bytes, (int)len));
}

ssize_t
transport_recv(struct session_slot *s, char *bytes, size_t len)
{
	if (s->tls == NULL)
		return recv(s->fd, bytes, len, 0);
	return outcome(s, SSL_read(s->tls, bytes, (int)len));
}
