/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Certificates, keys and ticket keys. The master makes a context, which has
 * no keys, and forks with it; the signer adds them to its own. */
#ifndef NET_TLS_CONTEXT_H
#define NET_TLS_CONTEXT_H

#include "net/settings.h"

struct tls_context;

/* Loads every certificate of the settings, which has one at least, and of the
 * keys nothing: a signer is asked. NULL, and a sentence with the file, what is
 * wrong and what helps in why, where one does not load. */
struct tls_context *tls_context_new(const struct net_settings *settings,
				    char *why, size_t size);

void tls_context_free(struct tls_context **c);

/* In fd, which stays the caller's, keys that are loaded are left for the next
 * who loads those of the same certificates, and are found there. */
void tls_context_keep_keys_in(struct tls_context *c, int fd);

/* Then the keys, those of the tickets as well, for who signs: nobody is asked
 * any more. False with the reason in why. */
bool tls_context_load_keys(struct tls_context *c,
			   const struct net_settings *settings, char *why,
			   size_t size);

/* Where the signer is asked, from now on: a socket that stays the caller's. */
void tls_context_use_signer(struct tls_context *c, int fd);

/* Whether the signer did not answer of late: a handshake would fail. */
bool tls_context_is_broken(const struct tls_context *c);

/* Whether this one would load, its key too, for a check of the configuration:
 * a child looks, so that no trace of the key stays. */
bool tls_check_certificate(const struct certificate_settings *s, char *why,
			   size_t size);

/* For who answers: the private key of the number-th certificate, NULL where
 * there is none; and what tickets are made with. */
struct evp_pkey_st;
struct ticket_keys;
struct evp_pkey_st *tls_context_key(const struct tls_context *c,
				    size_t number);
struct ticket_keys *tls_context_ticket_keys(const struct tls_context *c);

/* A certificate: the name that it is served to ("": to all others), its file,
 * and when it ends (seconds since 1970, UTC). Texts live as long as the
 * context. */
struct certificate_end {
	const char *name;
	const char *file;
	int64_t end_s;
};

/* The i-th of them, the default one first; false where there is none. */
bool tls_context_certificate(const struct tls_context *c, size_t i,
			     struct certificate_end *out);

/* For tls.c: OpenSSL's connection object; NULL where there is no memory. */
struct ssl_st;
struct ssl_st *tls_context_open(struct tls_context *c);

#endif
