/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Certificates, keys and ticket keys. A context is made by the master before
 * it forks, so that all workers of a generation take each other's session
 * tickets; a reload makes another, which may go on with those. */
#ifndef NET_TLS_CONTEXT_H
#define NET_TLS_CONTEXT_H

#include "net/settings.h"

struct tls_context;

/* Loads every certificate of the settings, which has one at least. NULL, and
 * a sentence with the file, what is wrong and what helps in why, where one
 * does not load. */
struct tls_context *tls_context_new(const struct net_settings *settings,
				    char *why, size_t size);
void tls_context_free(struct tls_context **c);

/* Whether this one would load, for a check of the configuration. */
bool tls_check_certificate(const struct certificate_settings *s, char *why,
			   size_t size);

/* Goes on with the ticket keys of the one before a reload, so that clients of
 * that resume their sessions; where a file gives them it does already. */
void tls_context_keep_keys(struct tls_context *c,
			   const struct tls_context *older);

/* Forgets ticket keys that are too old by now: for the master, at times, as
 * it forks what it knows. Workers do it by themselves. */
void tls_context_turn_keys(struct tls_context *c);

/* When the first of the certificates ends (seconds since 1970, UTC), and the
 * file it is in, which lives as long as the context. */
int64_t tls_context_expiry(const struct tls_context *c,
			   const char **file_out);

/* For tls.c: OpenSSL's connection object; NULL where there is no memory. */
struct ssl_st;
struct ssl_st *tls_context_open(struct tls_context *c);

#endif
