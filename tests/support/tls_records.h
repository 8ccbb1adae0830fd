/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records that no honest client sends: behind a TLS 1.2 handshake by OpenSSL
 * with ECDHE-ECDSA-AES128-GCM-SHA256, sealed with the session's own keys. */
#ifndef SUPPORT_TLS_RECORDS_H
#define SUPPORT_TLS_RECORDS_H

#include <openssl/ssl.h>
#include <stdint.h>

#define TLS_RECORDS_CIPHER "ECDHE-ECDSA-AES128-GCM-SHA256"

struct tls_records {
	unsigned char key[16], salt[4];
	uint64_t sequence;
};

/* The handshake is done and client has sent nothing behind it. */
void tls_records_begin(struct tls_records *r, SSL *client);

/* One record of that type with these bytes (at most 64) to the socket; false
 * where it does not take all. */
int tls_records_send(struct tls_records *r, int fd, unsigned char type,
		     const void *bytes, size_t len);

#endif
