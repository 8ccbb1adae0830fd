/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TLS 1.2 and 1.3 for the side that accepts, non-blocking. */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "net/settings.h"

/* Certificates, keys and ticket keys. Made by the master before it forks, so
 * that all workers of a generation take each other's session tickets. */
struct tls_context;
struct tls;

/* Loads every certificate of the settings. NULL, and a sentence with the
 * file, what is wrong and what helps in why, where one does not load. */
struct tls_context *tls_context_new(const struct net_settings *settings,
				    char *why, size_t size);
void tls_context_free(struct tls_context **c);

/* Whether this one would load, for a check of the configuration. */
bool tls_check_certificate(const struct certificate_settings *s, char *why,
			   size_t size);

/* When the first of the certificates ends (seconds since 1970, UTC), and the
 * file it is in, which lives as long as the context. */
int64_t tls_context_expiry(const struct tls_context *c,
			   const char **file_out);

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

/* OK with *len_out > 0. Read until it wants: poll() does not know of bytes
 * that are decrypted already. */
enum tls_result tls_read(struct tls *t, char *where, size_t size,
			 size_t *len_out);

/* OK with *len_out > 0, which may be less than bytes.len. After WANTS_* the
 * next call begins with the same bytes (they may lie elsewhere). */
enum tls_result tls_write(struct tls *t, struct view bytes, size_t *len_out);

/* Sends close_notify as far as the socket takes it; waits for nothing. */
void tls_close(struct tls *t);

/* "TLSv1.3 TLS_AES_256_GCM_SHA384", NUL-terminated; its length. */
enum { TLS_DESCRIPTION_SIZE = 64 };
size_t tls_describe(const struct tls *t, char *out, size_t size);

/* Whether an old session was resumed by a ticket. */
bool tls_is_resumed(const struct tls *t);

/* Why it FAILED, for the log; never NULL. */
const char *tls_failure(const struct tls *t);

#endif
