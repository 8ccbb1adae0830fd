/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The other side of TLS for tests: OpenSSL as a client on a socket pair, and
 * certificates, good and bad, made for the occasion. */
#ifndef SUPPORT_TLS_CLIENT_H
#define SUPPORT_TLS_CLIENT_H

#include "net/tls.h"

#include <assert.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- Certificates ------------------------------------------------------- */

struct tls_files {
	char directory[64];
	/* Below it; the default lives 30 days, the other 10. */
	char cert[96], key[96], other_cert[96], other_key[96];
	char third_cert[96], third_key[96], expired_cert[96], both[96];
	char weak_cert[96], weak_key[96], encrypted_key[96];
	char damaged_key[96], damaged_cert[96], damaged_chain[96];
	char empty[96], missing[96];
};

void tls_files_make(struct tls_files *f);

void tls_files_remove(struct tls_files *f);

/* ---- Connections -------------------------------------------------------- */

/* A server and a client, both non-blocking. Where it trickles, the client's
 * bytes wait in a relay until they are carried. */
struct tls_pair {
	struct tls *server;
	SSL *client;
	SSL_CTX *client_context;
	int server_fd, client_fd;
	int relay[2]; /* towards the client, towards the server */
	bool trickles;
};

SSL_CTX *tls_client_context(void);

/* A context with its keys; NULL and the reason in why. */
struct tls_context *tls_context_with_keys(const struct net_settings *settings,
					  char *why, size_t size);

void tls_pair_open(struct tls_pair *p, struct tls_context *c, bool trickles);

/* The client is gone, without a word. */
void tls_pair_cut(struct tls_pair *p);

void tls_pair_close(struct tls_pair *p);

/* Carries at most n bytes from the client to the server, and all there are
 * the other way. Returns how many went to the server. */
size_t tls_pair_carry(struct tls_pair *p, size_t n);

/* Runs both sides until the handshake is done or has failed; the server's
 * result. */
enum tls_result tls_pair_shake(struct tls_pair *p);

void tls_peer_common_name(struct tls_pair *p, char *out, int size);

void tls_write_cert(const char *path, EVP_PKEY *key, const char *common_name,
		    int days);
void tls_write_key(const char *path, EVP_PKEY *key, const char *passphrase);
/* Certificate, for a month, and key in one file; frees the key. */
void tls_write_pair(const char *path, EVP_PKEY *key, const char *common_name);

#endif
