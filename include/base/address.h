/* SPDX-License-Identifier: GPL-3.0-or-later */
/* IP addresses and ranges of them (RFC 4291, RFC 4632). */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include "mail.h"

#include <sys/socket.h>

struct address_range {
	struct address base;
	unsigned prefix_bits;
};

struct address_ranges {
	struct address_range *at;
	size_t count;
};

/* From accept(); a unix socket's peer is 127.0.0.1 with is_local. */
struct address address_from_socket(const struct sockaddr_storage *from);

/* From 4 or 16 bytes in network order, as a PROXY header or an XCLIENT gives
 * them; an IPv4-mapped one becomes IPv4. */
struct address address_from_bytes(const uint8_t *bytes, size_t len,
				  uint16_t port);

/* "192.0.2.1", "2001:db8::1"; an IPv4-mapped one becomes IPv4. */
bool address_parse(struct view text, struct address *out);

/* The same, written as one of this family alone (a mapped one as IPv6). */
bool address_parse_family(struct view text, sa_family_t family,
			  struct address *out);

/* As text without the port, in the shortest form (RFC 5952). */
void address_print(const struct address *a, char out[ADDRESS_TEXT_SIZE]);

/* "192.0.2.0/24", "2001:db8::/32", or one address. False for anything else,
 * and for bits set beyond the prefix. */
bool address_parse_range(struct view text, struct address_range *out);

/* Whether one of the ranges holds it: those of its own family can. */
bool address_in_ranges(const struct address *a, struct address_ranges ranges);

/* 127.0.0.0/8 and ::1. */
bool address_is_loopback(const struct address *a);

/* The same for all addresses that limits count as one client: the address of
 * IPv4, the /64 of IPv6. */
uint64_t address_limit_key(const struct address *a);

#endif
