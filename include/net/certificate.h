/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One certificate with its key, for tls_context.c. */
#ifndef NET_CERTIFICATE_H
#define NET_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "net/signing.h"

struct evp_pkey_st;
struct ssl_ctx_st;

struct certificate {
	char *name;             /* A-labels in lower case; "" for the first */
	char *file;
	struct ssl_ctx_st *ssl;
	struct evp_pkey_st *key;
	int64_t expires;        /* seconds since 1970, UTC */
	int kind;               /* of its key, as OpenSSL counts them */
};

/* Where a fault goes. */
struct tls_error {
	char *text;
	size_t size;
};

/* Writes "file: sentence" there; false, for its caller to return. */
bool tls_refuse(const struct tls_error *w, const char *file,
		const char *sentence);

/* Loads c->file, a chain in PEM, into c->ssl; fills expires and kind. False,
 * with the reason in w, where it is no good. What was loaded is released by
 * who owns c->ssl and c->key. */
bool certificate_load(struct certificate *c, const struct tls_error *w);

/* Then its key, from a file. */
bool certificate_load_key(struct certificate *c, const char *file,
			  const struct tls_error *w);

/* The same from and to a file of several keys, one after another; false where
 * there is none that fits. */
bool certificate_recall_key(struct certificate *c, FILE *kept);
bool certificate_keep_key(const struct certificate *c, FILE *kept);

/* Or one that the signer has, as the number-th. */
bool certificate_use_signer(struct certificate *c,
			    struct signing_client *signer, uint32_t number,
			    const struct tls_error *w);

#endif
