/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One certificate with its key, for tls_context.c. */
#ifndef NET_CERTIFICATE_H
#define NET_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ssl_ctx_st;

struct certificate {
	char *name;             /* A-labels in lower case; "" for the first */
	char *file;
	struct ssl_ctx_st *ssl;
	int64_t expires;
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

/* Loads c->file, a chain in PEM, and the key's file into c->ssl; fills expires
 * and kind. False, with the reason in w, where one does not fit. */
bool certificate_load(struct certificate *c, const char *key,
		      const struct tls_error *w);

#endif
