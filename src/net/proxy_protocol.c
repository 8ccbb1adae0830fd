/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The PROXY protocol: one line of text (version 1) or a binary header
 * (version 2) that a balancer sends before anything else. Only its own
 * octets are ever judged; what follows belongs to SMTP or TLS. */
#include "net/proxy_protocol.h"

#include "base/address.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

enum {
	V1_MAX = 107,           /* octets of a version 1 line with its CRLF */
	V2_FIXED = 16,          /* signature, command, family, length */
	V2_V4_LEN = 12,
	V2_V6_LEN = 36,
	V2_UNIX_LEN = 216
};

static const struct view v1_signature = VIEW("PROXY ");
static const struct view v2_signature =
	VIEW("\r\n\r\n\0\r\nQUIT\n");

/* Whether bytes are, as far as they go, what is expected. */
static bool
may_become(struct view bytes, struct view expected)
{
	size_t n = bytes.len < expected.len ? bytes.len : expected.len;

	return memcmp(bytes.at, expected.at, n) == 0;
}

/* ---- Version 1 ---------------------------------------------------------- */

/* Takes the next word and the one space behind it off the line; words are
 * parted by exactly one. */
static struct view
take_word(struct view *line)
{
	size_t end = view_find(*line, ' ');
	struct view word = view_slice(*line, 0, end);

	*line = view_slice(*line, end + 1, line->len);
	return word;
}

static bool
parse_port(struct view word, uint16_t *out)
{
	size_t port;

	if (word.len > 5 || (word.len > 1 && word.at[0] == '0') ||
	    !view_to_size(word, 65535, &port))
		return false;
	*out = (uint16_t)port;
	return true;
}

/* "PROXY TCP4 192.0.2.1 192.0.2.2 1024 25" */
static enum proxy_result
parse_v1(struct view bytes, struct proxy_header *out)
{
	struct view reach = view_slice(bytes, 0, V1_MAX);
	size_t cr = view_find(reach, '\r');
	struct view line = view_slice(reach, 0, cr);
	struct address client, server;
	uint16_t server_port;

	for (size_t i = 0; i < line.len; i++)
		if ((unsigned char)line.at[i] < ' ' ||
		    (unsigned char)line.at[i] > '~')
			return PROXY_BAD;
	if (cr > V1_MAX - 2)
		return PROXY_BAD;
	if (cr + 1 >= reach.len)
		return PROXY_NEEDS_MORE;
	if (reach.at[cr + 1] != '\n')
		return PROXY_BAD;
	out->length = cr + 2;
	line = view_slice(line, v1_signature.len, line.len);
	struct view word = take_word(&line);
	/* What stands behind UNKNOWN is to be ignored, the line is not. */
	if (view_equal(word, VIEW("UNKNOWN")))
		return PROXY_UNKNOWN;
	sa_family_t family = view_equal(word, VIEW("TCP6")) ? AF_INET6
							    : AF_INET;
	if (family == AF_INET && !view_equal(word, VIEW("TCP4")))
		return PROXY_BAD;
	if (!address_parse_family(take_word(&line), family, &client) ||
	    !address_parse_family(take_word(&line), family, &server) ||
	    !parse_port(take_word(&line), &client.port) ||
	    view_find(line, ' ') != line.len ||
	    !parse_port(line, &server_port))
		return PROXY_BAD;
	out->client = client;
	return PROXY_CLIENT;
}

/* ---- Version 2 ---------------------------------------------------------- */

static uint16_t
read_u16(const char *at)
{
	const unsigned char *octets = (const unsigned char *)at;

	return (uint16_t)(octets[0] << 8 | octets[1]);
}

static enum proxy_result
parse_v2(struct view bytes, struct proxy_header *out)
{
	enum { LOCAL = 0x20, PROXY = 0x21 };
	enum { UNSPEC, OVER_IPV4, OVER_IPV6, OVER_UNIX };

	if (bytes.len <= v2_signature.len)
		return PROXY_NEEDS_MORE;
	unsigned command = (unsigned char)bytes.at[12];
	if (command != LOCAL && command != PROXY)
		return PROXY_BAD;
	if (bytes.len < V2_FIXED)
		return PROXY_NEEDS_MORE;
	size_t length = V2_FIXED + (size_t)read_u16(bytes.at + 14);
	if (length > PROXY_HEADER_MAX)
		return PROXY_BAD;
	if (bytes.len < length)
		return PROXY_NEEDS_MORE;
	out->length = length;
	if (command == LOCAL)
		return PROXY_LOCAL;
	/* The addresses; what follows them, the TLVs, is not looked at. */
	struct view rest = view_slice(bytes, V2_FIXED, length);
	unsigned family = (unsigned char)bytes.at[13] >> 4;
	unsigned transport = (unsigned char)bytes.at[13] & 0xf;
	if (transport > 2)
		return PROXY_BAD;
	switch (family) {
	case UNSPEC:
		return PROXY_UNKNOWN;
	case OVER_UNIX:
		return rest.len < V2_UNIX_LEN ? PROXY_BAD : PROXY_UNKNOWN;
	case OVER_IPV4:
		if (rest.len < V2_V4_LEN || transport != 1)
			return PROXY_BAD;
		out->client = address_from_bytes((const uint8_t *)rest.at, 4,
						 read_u16(rest.at + 8));
		return PROXY_CLIENT;
	case OVER_IPV6:
		if (rest.len < V2_V6_LEN || transport != 1)
			return PROXY_BAD;
		out->client = address_from_bytes((const uint8_t *)rest.at, 16,
						 read_u16(rest.at + 32));
		return PROXY_CLIENT;
	default:
		return PROXY_BAD;
	}
}

enum proxy_result
proxy_parse(struct view bytes, struct proxy_header *out)
{
	struct proxy_header header = { 0 };
	enum proxy_result result;

	if (bytes.len == 0)
		return PROXY_NEEDS_MORE;
	if (may_become(bytes, v1_signature))
		result = bytes.len < v1_signature.len
			? PROXY_NEEDS_MORE : parse_v1(bytes, &header);
	else if (may_become(bytes, v2_signature))
		result = parse_v2(bytes, &header);
	else
		return PROXY_BAD;
	if (result != PROXY_BAD && result != PROXY_NEEDS_MORE)
		*out = header;
	return result;
}

/* ---- From a socket ------------------------------------------------------ */

enum proxy_result
proxy_receive(int fd, struct buf *held, struct proxy_header *out)
{
	size_t before = held->len;
	assert(before < PROXY_HEADER_MAX);
	char *where = buf_reserve(held, PROXY_HEADER_MAX - before);
	assert(where != NULL);

	ssize_t n = recv(fd, where, PROXY_HEADER_MAX - before,
			 MSG_PEEK | MSG_DONTWAIT);
	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR)
			? PROXY_NEEDS_MORE : PROXY_CLOSED;
	held->len += (size_t)n;
	enum proxy_result result = proxy_parse(buf_view(held), out);
	if (result == PROXY_BAD)
		return PROXY_BAD;
	/* While more is needed, all that came belongs to the header. */
	if (result != PROXY_NEEDS_MORE)
		held->len = out->length;
	size_t ours = held->len - before;
	if (recv(fd, where, ours, MSG_DONTWAIT) != (ssize_t)ours)
		return PROXY_CLOSED;
	return result;
}
