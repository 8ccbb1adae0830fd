/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tls_flood PORT update|hello: one connection to an implicit TLS listener of
 * this machine, with KeyUpdates (TLS 1.3) or ClientHellos (TLS 1.2) behind
 * its handshake until the server hangs up. Exits with 0 where it does, with 3
 * where it took 200,000 of them. */
#include "support/tls_records.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MESSAGES = 200000, STILL_THERE = 3 };

static int
connect_to(const char *port)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	to.sin_port = htons((unsigned short)strtol(port, NULL, 10));
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
		perror("tls_flood");
		exit(1);
	}
	return fd;
}

static int
send_update(SSL *ssl)
{
	return SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED) == 1 &&
	       SSL_do_handshake(ssl) == 1;
}

int
main(int argc, char **argv)
{
	static const unsigned char hello[] = { 1, 0, 0, 0 };
	struct tls_records records;
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	if (argc != 3)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	int is_hello = strcmp(argv[2], "hello") == 0;
	if (is_hello)
		SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_cipher_list(context, TLS_RECORDS_CIPHER);
	SSL *ssl = SSL_new(context);
	int fd = connect_to(argv[1]);
	SSL_set_fd(ssl, fd);
	if (SSL_connect(ssl) != 1)
		return 1;
	if (is_hello)
		tls_records_begin(&records, ssl);
	for (int i = 0; i < MESSAGES; i++)
		if (!(is_hello ? tls_records_send(&records, fd, 22, hello,
						  sizeof(hello))
			       : send_update(ssl)))
			return 0;
	return STILL_THERE;
}
