/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TLS 1.2 and 1.3 for the side that accepts, non-blocking. */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "base/view.h"
#include "net/tls_context.h"

struct tls;

enum tls_result {
	TLS_OK,
	TLS_WANTS_READ,         /* poll for POLLIN, then call again */
	TLS_WANTS_WRITE,        /* poll for POLLOUT, then call again */
	TLS_EOF,                /* the peer closed */
	TLS_FAILED              /* tls_failure says why: close the socket */
};

/* A connection on a non-blocking socket, which stays the caller's. The
 * context must outlive it. NULL where there is no memory. SIGPIPE must be
 * ignored by the process. */
struct tls *tls_new(struct tls_context *c, int fd);
void tls_free(struct tls **t);

/* The handshake; OK when it is done. */
enum tls_result tls_accept(struct tls *t);

/* OK with *len_out > 0. Bytes of one record at most. */
enum tls_result tls_read(struct tls *t, char *where, size_t size,
			 size_t *len_out);

/* Whether bytes lie here that poll() does not know of, read off the socket
 * with those before: tls_read() next, which WANTS_READ where they are but a
 * part of a record. After WANTS_READ nothing is to be had from them. */
bool tls_has_pending(const struct tls *t);

/* OK with *len_out > 0, which may be less than bytes.len. After WANTS_* the
 * next call begins with the same bytes (they may lie elsewhere). */
enum tls_result tls_write(struct tls *t, struct view bytes, size_t *len_out);

/* Memory that the connection holds now, about: measured, for a budget. */
size_t tls_bytes(const struct tls *t);

/* Sends close_notify as far as the socket takes it; waits for nothing. */
void tls_close(struct tls *t);

/* "TLSv1.3 TLS_AES_256_GCM_SHA384", NUL-terminated; its length. */
enum { TLS_DESCRIPTION_SIZE = 64 };
size_t tls_describe(const struct tls *t, char *out, size_t size);

/* Once accepted: TLS 1.3, or what came before. */
bool tls_is_13(const struct tls *t);

/* Whether it FAILED as the peer sent TLS messages without data, KeyUpdate for
 * one, and no end of them. */
bool tls_is_flood(const struct tls *t);

/* Why it FAILED, for the log; never NULL. */
const char *tls_failure(const struct tls *t);

#endif
