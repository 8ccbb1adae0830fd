/* SPDX-License-Identifier: GPL-3.0-or-later */
/* IP addresses and ranges of them. What the kernel or a person writes as an
 * IPv4-mapped IPv6 address (RFC 4291 2.5.5.2) is the IPv4 address here, so
 * that a range or a limit cannot be passed by the other spelling. */
#include "base/address.h"

#include "base/buf.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <string.h>

enum { V4_BYTES = 4, V6_BYTES = 16, MAPPED_BYTES = 12, MAPPED_BITS = 96 };

static struct address
from_v4(const void *bytes, uint16_t port)
{
	struct address a = { .len = V4_BYTES, .port = port };

	memcpy(a.bytes, bytes, V4_BYTES);
	return a;
}

static struct address
from_v6(const uint8_t *bytes, uint16_t port)
{
	static const uint8_t mapped[MAPPED_BYTES] = {
		[10] = 0xff, [11] = 0xff
	};
	struct address a = { .len = V6_BYTES, .port = port };

	if (memcmp(bytes, mapped, sizeof(mapped)) == 0)
		return from_v4(bytes + MAPPED_BYTES, port);
	memcpy(a.bytes, bytes, V6_BYTES);
	return a;
}

struct address
address_from_bytes(const uint8_t *bytes, size_t len, uint16_t port)
{
	assert(len == V4_BYTES || len == V6_BYTES);
	return len == V4_BYTES ? from_v4(bytes, port) : from_v6(bytes, port);
}

struct address
address_from_socket(const struct sockaddr_storage *from)
{
	static const uint8_t loopback[V4_BYTES] = { 127, 0, 0, 1 };

	if (from->ss_family == AF_INET) {
		struct sockaddr_in in;
		memcpy(&in, from, sizeof(in));
		return from_v4(&in.sin_addr, ntohs(in.sin_port));
	}
	if (from->ss_family == AF_INET6) {
		struct sockaddr_in6 in6;
		memcpy(&in6, from, sizeof(in6));
		return from_v6(in6.sin6_addr.s6_addr, ntohs(in6.sin6_port));
	}
	struct address local = from_v4(loopback, 0);
	local.is_local = true;
	return local;
}

/* Into bytes as written, unmapped; the number of bytes, 0 for no address. */
static size_t
read_bytes(struct view text, uint8_t bytes[V6_BYTES])
{
	char copy[ADDRESS_TEXT_SIZE];

	if (text.len >= sizeof(copy) || view_find(text, '\0') != text.len)
		return 0;
	memcpy(copy, text.at, text.len);
	copy[text.len] = '\0';
	if (inet_pton(AF_INET, copy, bytes) == 1)
		return V4_BYTES;
	return inet_pton(AF_INET6, copy, bytes) == 1 ? V6_BYTES : 0;
}

bool
address_parse(struct view text, struct address *out)
{
	uint8_t bytes[V6_BYTES];
	size_t len = text.len > 0 ? read_bytes(text, bytes) : 0;

	if (len == 0)
		return false;
	*out = address_from_bytes(bytes, len, 0);
	return true;
}

bool
address_parse_family(struct view text, sa_family_t family,
		     struct address *out)
{
	bool has_colon = view_find(text, ':') != text.len;

	return has_colon == (family == AF_INET6) && address_parse(text, out);
}

void
address_print(const struct address *a, char out[ADDRESS_TEXT_SIZE])
{
	struct buf b = { .at = out, .size = ADDRESS_TEXT_SIZE,
			 .ceiling = ADDRESS_TEXT_SIZE };

	/* inet_ntop() of glibc prints IPv4 by printf: that is dear for what
	 * each mail needs several times. */
	if (a->len == V4_BYTES) {
		for (int i = 0; i < V4_BYTES; i++) {
			buf_append_number(&b, a->bytes[i], 1);
			buf_append_byte(&b, i + 1 < V4_BYTES ? '.' : '\0');
		}
	} else if (inet_ntop(AF_INET6, a->bytes, out,
			     ADDRESS_TEXT_SIZE) == NULL) {
		out[0] = '\0';
	}
}

bool
address_parse_range(struct view text, struct address_range *out)
{
	size_t slash = view_find(text, '/');
	uint8_t bytes[V6_BYTES];
	size_t len = slash > 0
		? read_bytes(view_slice(text, 0, slash), bytes) : 0;

	if (len == 0)
		return false;
	size_t bits = len * 8;
	struct view number = view_slice(text, slash + 1, text.len);
	if (slash < text.len && ((number.len > 1 && number.at[0] == '0') ||
				 !view_to_size(number, bits, &bits)))
		return false;
	struct address base = address_from_bytes(bytes, len, 0);
	if (base.len < len) {
		/* A mapped range shorter than the mapping itself would hold
		 * IPv4 and IPv6 addresses. */
		if (bits < MAPPED_BITS)
			return false;
		bits -= MAPPED_BITS;
	}
	for (size_t bit = bits; bit < (size_t)base.len * 8; bit++)
		if (base.bytes[bit / 8] & (0x80u >> (bit % 8)))
			return false;
	*out = (struct address_range){ base, (unsigned)bits };
	return true;
}

bool
address_in_ranges(const struct address *a, struct address_ranges ranges)
{
	for (size_t i = 0; i < ranges.count; i++) {
		const struct address_range *r = &ranges.at[i];
		unsigned whole = r->prefix_bits / 8, rest = r->prefix_bits % 8;
		if (r->base.len == a->len &&
		    memcmp(a->bytes, r->base.bytes, whole) == 0 &&
		    (rest == 0 || (a->bytes[whole] ^ r->base.bytes[whole]) >>
				  (8 - rest) == 0))
			return true;
	}
	return false;
}

bool
address_is_loopback(const struct address *a)
{
	static const uint8_t v6[V6_BYTES] = { [V6_BYTES - 1] = 1 };

	return a->len == V4_BYTES ? a->bytes[0] == 127
				  : memcmp(a->bytes, v6, V6_BYTES) == 0;
}

uint64_t
address_limit_key(const struct address *a)
{
	/* IPv4 stands in 0:ffff::/32, which no host has (RFC 4291 2.4). */
	uint64_t key = a->len == V4_BYTES ? 0xffff : 0;
	size_t bytes = a->len == V4_BYTES ? V4_BYTES : 8;

	for (size_t i = 0; i < bytes; i++)
		key = key << 8 | a->bytes[i];
	return key;
}
