/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TLS connections: OpenSSL's answers told in five words. */
#include "net/tls.h"

#include "base/memory.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* What OpenSSL 3.0 was seen to allocate for one connection: in a handshake,
 * with a record that the socket does not take, and between records. */
enum { BYTES_SHAKING = 45 * 1024, BYTES_STUCK = 32 * 1024,
       BYTES_IDLE = 15 * 1024 };

/* Records without data, as KeyUpdate, that are taken in the handshake and
 * behind it: an honest client sends fewer than ten. */
enum { MOST_MESSAGES = 32 };

struct tls {
	SSL *ssl;
	unsigned messages;      /* in the handshake, or behind it */
	bool is_stuck;          /* holds a record not yet sent */
	const char *failure;    /* constant text; set: no more may be sent */
};

/* Told of each record as it comes: its header, and in TLS 1.3 the type that
 * was encrypted, where the header says application data. The shape of this
 * function is OpenSSL's. */
static void
/* NOLINTNEXTLINE(readability-function-size) */
on_message(int is_written, int version, int content_type, const void *bytes,
	   size_t len, SSL *ssl, void *tls)
{
	struct tls *t = tls;

	(void)version;
	if (is_written || len == 0 ||
	    (content_type != SSL3_RT_HEADER &&
	     content_type != SSL3_RT_INNER_CONTENT_TYPE) ||
	    *(const unsigned char *)bytes == SSL3_RT_APPLICATION_DATA ||
	    ++t->messages <= MOST_MESSAGES)
		return;
	/* OpenSSL reads on through some of them as long as bytes come; behind
	 * a shutdown it throws all away and returns. */
	t->failure = "too many TLS messages without data";
	SSL_set_shutdown(ssl, SSL_RECEIVED_SHUTDOWN);
}

struct tls *
tls_new(struct tls_context *c, int fd)
{
	SSL *ssl = tls_context_open(c);

	if (ssl == NULL || SSL_set_fd(ssl, fd) != 1) {
		SSL_free(ssl);
		ERR_clear_error();
		return NULL;
	}
	SSL_set_accept_state(ssl);
	struct tls *t = memory_new(1, sizeof(*t));
	t->ssl = ssl;
	SSL_set_msg_callback(ssl, on_message);
	SSL_set_msg_callback_arg(ssl, t);
	return t;
}

void
tls_free(struct tls **t)
{
	if (*t == NULL)
		return;
	SSL_free((*t)->ssl);
	free(*t);
	*t = NULL;
}

/* What a call that returned rc came to. */
static enum tls_result
outcome(struct tls *t, int rc)
{
	int error = errno;

	if (t->failure != NULL) {
		ERR_clear_error();
		return TLS_FAILED;
	}
	switch (SSL_get_error(t->ssl, rc)) {
	case SSL_ERROR_NONE:
		return TLS_OK;
	case SSL_ERROR_WANT_READ:
		return TLS_WANTS_READ;
	case SSL_ERROR_WANT_WRITE:
		return TLS_WANTS_WRITE;
	case SSL_ERROR_ZERO_RETURN:
		return TLS_EOF;
	case SSL_ERROR_SYSCALL:
		t->failure = error == ECONNRESET ? "connection reset" :
			     error == EPIPE ? "broken pipe" :
			     error == ETIMEDOUT ? "connection timed out" :
						  "socket error";
		break;
	default:
		t->failure = ERR_reason_error_string(ERR_peek_error());
		if (t->failure == NULL)
			t->failure = "TLS error";
		break;
	}
	ERR_clear_error();
	return TLS_FAILED;
}

enum tls_result
tls_accept(struct tls *t)
{
	if (t->failure != NULL)
		return TLS_FAILED;
	ERR_clear_error();
	enum tls_result r = outcome(t, SSL_accept(t->ssl));
	if (r == TLS_OK)
		t->messages = 0;
	return r;
}

enum tls_result
tls_read(struct tls *t, char *where, size_t size, size_t *len_out)
{
	if (t->failure != NULL)
		return TLS_FAILED;
	ERR_clear_error();
	return outcome(t, SSL_read_ex(t->ssl, where, size, len_out));
}

bool
tls_has_pending(const struct tls *t)
{
	return SSL_has_pending(t->ssl) == 1;
}

enum tls_result
tls_write(struct tls *t, struct view bytes, size_t *len_out)
{
	if (t->failure != NULL)
		return TLS_FAILED;
	ERR_clear_error();
	enum tls_result r = outcome(t, SSL_write_ex(t->ssl, bytes.at,
						    bytes.len, len_out));
	t->is_stuck = r == TLS_WANTS_WRITE;
	return r;
}

size_t
tls_bytes(const struct tls *t)
{
	if (!SSL_is_init_finished(t->ssl))
		return BYTES_SHAKING;
	return t->is_stuck ? BYTES_STUCK : BYTES_IDLE;
}

void
tls_close(struct tls *t)
{
	if (t->failure != NULL || !SSL_is_init_finished(t->ssl))
		return;
	ERR_clear_error();
	SSL_shutdown(t->ssl);
	ERR_clear_error();
}

size_t
tls_describe(const struct tls *t, char *out, size_t size)
{
	int len = snprintf(out, size, "%s %s", SSL_get_version(t->ssl),
			   SSL_get_cipher_name(t->ssl));

	return len < 0 ? 0 : (size_t)len < size ? (size_t)len : size - 1;
}

bool
tls_is_13(const struct tls *t)
{
	return SSL_version(t->ssl) >= TLS1_3_VERSION;
}

bool
tls_is_flood(const struct tls *t)
{
	return t->messages > MOST_MESSAGES;
}

const char *
tls_failure(const struct tls *t)
{
	return t->failure != NULL ? t->failure : "none";
}
