/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The PROXY protocol, versions 1 and 2: who the client of a balancer is. */
#ifndef NET_PROXY_PROTOCOL_H
#define NET_PROXY_PROTOCOL_H

#include "base/buf.h"
#include "mail.h"

/* No header may be longer: 16 octets, addresses and 4 KB of extensions. */
enum { PROXY_HEADER_MAX = 4096 };

enum proxy_result {
	PROXY_NEEDS_MORE,
	PROXY_CLIENT,           /* header complete, client is known */
	PROXY_UNKNOWN,          /* complete: for a client that the balancer
				 * cannot name (UNKNOWN, AF_UNIX): keep the
				 * peer's address */
	PROXY_LOCAL,            /* complete: the balancer itself, a probe:
				 * greet it, as any client */
	PROXY_BAD,              /* no header, or a wrong one: drop the peer */
	PROXY_CLOSED            /* proxy_receive only: the peer is gone */
};

struct proxy_header {
	size_t length;          /* octets of the header, where complete */
	struct address client;  /* PROXY_CLIENT only */
};

/* Reads all bytes since the connection began; pure. Give it the same bytes
 * and more after NEEDS_MORE. BAD is said as early as it is certain. */
enum proxy_result proxy_parse(struct view bytes, struct proxy_header *out);

/* Receives from the socket into held (BUF(PROXY_HEADER_MAX), released by the
 * caller) and parses. Takes not one byte beyond the header off the socket,
 * so that what follows it, TLS too, is read by whom it is meant for. */
enum proxy_result proxy_receive(int fd, struct buf *held,
				struct proxy_header *out);

#endif
