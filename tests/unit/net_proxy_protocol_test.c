/* SPDX-License-Identifier: GPL-3.0-or-later */
/* PROXY headers: each whole, at every cut, and with more behind it. */
#include "net/proxy_protocol.h"

#include "base/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define SIG "\r\n\r\n\0\r\nQUIT\n"
#define V4 "\300\0\2\1" "\306\63\144\7" "\x1f\x90\0\x19"
#define V6 "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1" \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2" "\xff\xff\0\x19"
#define V6_MAPPED "\0\0\0\0\0\0\0\0\0\0\xff\xff\300\0\2\1" \
	"\0\0\0\0\0\0\0\0\0\0\xff\xff\300\0\2\2" "\1\2\0\x19"
#define UNIX54 "/socket/of/a/client\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" \
	"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define UNIX216 UNIX54 UNIX54 UNIX54 UNIX54

static const struct good {
	const char *name;
	struct view bytes;
	enum proxy_result result;
	const char *client;
	unsigned port;
} good[] = {
	{ "v1 TCP4", VIEW("PROXY TCP4 192.0.2.1 198.51.100.7 1024 25\r\n"),
	  PROXY_CLIENT, "192.0.2.1", 1024 },
	{ "v1 TCP4 longest",
	  VIEW("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"),
	  PROXY_CLIENT, "255.255.255.255", 65535 },
	{ "v1 port 0", VIEW("PROXY TCP4 192.0.2.1 198.51.100.7 0 0\r\n"),
	  PROXY_CLIENT, "192.0.2.1", 0 },
	{ "v1 TCP6", VIEW("PROXY TCP6 2001:db8::1 2001:db8::2 4 25\r\n"),
	  PROXY_CLIENT, "2001:db8::1", 4 },
	{ "v1 TCP6 longest",
	  VIEW("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
	       "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
	  PROXY_CLIENT, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535 },
	{ "v1 TCP6, mapped",
	  VIEW("PROXY TCP6 ::ffff:192.0.2.1 ::ffff:192.0.2.2 5 25\r\n"),
	  PROXY_CLIENT, "192.0.2.1", 5 },
	{ "v1 UNKNOWN", VIEW("PROXY UNKNOWN\r\n"), PROXY_UNKNOWN, "", 0 },
	{ "v1 UNKNOWN, longest line of all",
	  VIEW("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
	       "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
	  PROXY_UNKNOWN, "", 0 },
	{ "v1 UNKNOWN with anything", VIEW("PROXY UNKNOWN a  b?\r\n"),
	  PROXY_UNKNOWN, "", 0 },

	{ "v2 TCP over IPv4", VIEW(SIG "\x21\x11\0\x0c" V4),
	  PROXY_CLIENT, "192.0.2.1", 8080 },
	{ "v2 with TLVs", VIEW(SIG "\x21\x11\0\x13" V4 "\x04\0\4abcd"),
	  PROXY_CLIENT, "192.0.2.1", 8080 },
	{ "v2 with a TLV that lies", VIEW(SIG "\x21\x11\0\x0f" V4 "\1\xff\xff"),
	  PROXY_CLIENT, "192.0.2.1", 8080 },
	{ "v2 TCP over IPv6", VIEW(SIG "\x21\x21\0\x24" V6),
	  PROXY_CLIENT, "2001:db8::1", 65535 },
	{ "v2 TCP over IPv6, mapped", VIEW(SIG "\x21\x21\0\x24" V6_MAPPED),
	  PROXY_CLIENT, "192.0.2.1", 258 },
	{ "v2 unix stream", VIEW(SIG "\x21\x31\0\xd8" UNIX216),
	  PROXY_UNKNOWN, "", 0 },
	{ "v2 unix datagram", VIEW(SIG "\x21\x32\0\xd8" UNIX216),
	  PROXY_UNKNOWN, "", 0 },
	{ "v2 unspecified", VIEW(SIG "\x21\0\0\0"), PROXY_UNKNOWN, "", 0 },
	{ "v2 unspecified with bytes", VIEW(SIG "\x21\0\0\3abc"),
	  PROXY_UNKNOWN, "", 0 },
	{ "v2 LOCAL", VIEW(SIG "\x20\0\0\0"), PROXY_LOCAL, "", 0 },
	{ "v2 LOCAL with an address", VIEW(SIG "\x20\x11\0\x0c" V4),
	  PROXY_LOCAL, "", 0 },
	{ "v2 LOCAL with a short address", VIEW(SIG "\x20\x21\0\3abc"),
	  PROXY_LOCAL, "", 0 },
	{ "v2 LOCAL of an unknown family", VIEW(SIG "\x20\xff\0\3abc"),
	  PROXY_LOCAL, "", 0 },
};

static const struct bad {
	const char *name;
	struct view bytes;
	size_t certain;         /* bytes after which it must be said; 0: all */
} bad[] = {
	{ "SMTP", VIEW("EHLO client.example\r\n"), 1 },
	{ "TLS", VIEW("\x16\3\1\2\0\1\0\1\374\3\3"), 1 },
	{ "HTTP", VIEW("PUT / HTTP/1.1\r\n"), 2 },
	{ "lower case", VIEW("proxy tcp4 1.2.3.4 1.2.3.4 1 2\r\n"), 1 },
	{ "no space", VIEW("PROXYTCP4 1.2.3.4 1.2.3.4 1 2\r\n"), 6 },
	{ "two spaces", VIEW("PROXY  TCP4 1.2.3.4 1.2.3.4 1 2\r\n"), 0 },
	{ "two spaces later", VIEW("PROXY TCP4 1.2.3.4  1.2.3.4 1 2\r\n"), 0 },
	{ "no family", VIEW("PROXY \r\n"), 0 },
	{ "unknown family", VIEW("PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n"), 0 },
	{ "UNKNOWNX", VIEW("PROXY UNKNOWNX\r\n"), 0 },
	{ "UDP4", VIEW("PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n"), 0 },
	{ "IPv6 as TCP4", VIEW("PROXY TCP4 ::1 ::1 1 2\r\n"), 0 },
	{ "mapped as TCP4",
	  VIEW("PROXY TCP4 ::ffff:1.2.3.4 ::ffff:1.2.3.4 1 2\r\n"), 0 },
	{ "IPv4 as TCP6", VIEW("PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n"), 0 },
	{ "families mixed", VIEW("PROXY TCP6 ::1 1.2.3.4 1 2\r\n"), 0 },
	{ "half an address", VIEW("PROXY TCP4 1.2.3 1.2.3.4 1 2\r\n"), 0 },
	{ "no port", VIEW("PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n"), 0 },
	{ "empty port", VIEW("PROXY TCP4 1.2.3.4 1.2.3.4 1 \r\n"), 0 },
	{ "port 65536", VIEW("PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n"), 0 },
	{ "port 01", VIEW("PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n"), 0 },
	{ "port -1", VIEW("PROXY TCP4 1.2.3.4 1.2.3.4 -1 2\r\n"), 0 },
	{ "a word more", VIEW("PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n"), 0 },
	{ "space at the end", VIEW("PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n"), 0 },
	{ "LF alone", VIEW("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n"), 0 },
	{ "CR alone", VIEW("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\rEHLO"), 32 },
	{ "NUL", VIEW("PROXY TCP4 1.2.3.4\0 1.2.3.4 1 2\r\n"), 19 },
	{ "tab", VIEW("PROXY TCP4\t1.2.3.4 1.2.3.4 1 2\r\n"), 11 },
	{ "8-bit", VIEW("PROXY UNKNOWN \303\274\r\n"), 15 },
	{ "108 octets",
	  VIEW("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
	       "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 655355\r\n"),
	  106 },

	{ "v2 of version 1", VIEW(SIG "\x11\x11\0\x0c" V4), 13 },
	{ "v2 of version 3", VIEW(SIG "\x31\x11\0\x0c" V4), 13 },
	{ "v2 unknown command", VIEW(SIG "\x22\x11\0\x0c" V4), 13 },
	{ "v2 signature broken", VIEW("\r\n\r\n\0\r\nQUIX\n\x21\x11\0\0"), 11 },
	{ "v2 IPv4 too short", VIEW(SIG "\x21\x11\0\x0b" V4), 27 },
	{ "v2 IPv6 too short", VIEW(SIG "\x21\x21\0\x23" V6), 51 },
	{ "v2 IPv6 with IPv4's length", VIEW(SIG "\x21\x21\0\x0c" V4), 28 },
	{ "v2 unix too short", VIEW(SIG "\x21\x31\0\xd7" UNIX216), 231 },
	{ "v2 UDP over IPv4", VIEW(SIG "\x21\x12\0\x0c" V4), 28 },
	{ "v2 transport 0 over IPv6", VIEW(SIG "\x21\x20\0\x24" V6), 52 },
	{ "v2 family 4", VIEW(SIG "\x21\x41\0\x0c" V4), 28 },
	{ "v2 transport 3", VIEW(SIG "\x21\x13\0\x0c" V4), 28 },
	{ "v2 over 4096", VIEW(SIG "\x21\x11\x0f\xf1" V4), 16 },
	{ "v2 of 65535", VIEW(SIG "\x20\x11\xff\xff" V4), 16 },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* From a heap copy of the exact length, so that the sanitizer sees every
 * read beyond it. */
static enum proxy_result
parse(struct view bytes, size_t cut, struct proxy_header *out)
{
	char *copy = memory_new(cut, 1);

	memcpy(copy, bytes.at, cut);
	enum proxy_result r = proxy_parse((struct view){ copy, cut }, out);
	free(copy);
	return r;
}

static void
check_good(const struct good *g, enum proxy_result r,
	   const struct proxy_header *h)
{
	char text[ADDRESS_TEXT_SIZE];

	if (r != g->result || h->length != g->bytes.len)
		fail_msg("%s: %d, %zu octets", g->name, (int)r, h->length);
	if (r != PROXY_CLIENT)
		return;
	address_print(&h->client, text);
	assert_string_equal(text, g->client);
	assert_int_equal(h->client.port, g->port);
	assert_false(h->client.is_local);
}

static void
a_header_is_read_whole_and_at_every_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		const struct good *g = &good[i];
		struct proxy_header h = { 0 };
		for (size_t cut = 0; cut < g->bytes.len; cut++)
			if (parse(g->bytes, cut, &h) != PROXY_NEEDS_MORE)
				fail_msg("%s: cut at %zu", g->name, cut);
		check_good(g, parse(g->bytes, g->bytes.len, &h), &h);
	}
}

static void
what_follows_a_header_is_not_judged(void **state)
{
	static const struct view more[] = {
		VIEW("EHLO a\r\n"), VIEW("\n"), VIEW("\0\0\0"),
		VIEW("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n"), VIEW(SIG),
	};
	(void)state;

	for (size_t i = 0; i < COUNT(good) * COUNT(more); i++) {
		const struct good *g = &good[i / COUNT(more)];
		const struct view *m = &more[i % COUNT(more)];
		struct buf both = BUF(10000);
		struct proxy_header h = { 0 };
		buf_append(&both, g->bytes);
		buf_append(&both, *m);
		check_good(g, parse(buf_view(&both), both.len, &h), &h);
		buf_release(&both);
	}
}

static void
a_wrong_header_is_bad_once_it_is_certain(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		const struct bad *b = &bad[i];
		size_t certain = b->certain ? b->certain : b->bytes.len;
		struct proxy_header h = { .length = 77 };
		for (size_t cut = 0; cut <= b->bytes.len; cut++) {
			enum proxy_result r = parse(b->bytes, cut, &h);
			if (r != (cut < certain ? PROXY_NEEDS_MORE
					       : PROXY_BAD))
				fail_msg("%s: cut at %zu gives %d", b->name,
					 cut, (int)r);
		}
		assert_int_equal(h.length, 77);
	}
}

static void
the_longest_header_is_4096_octets(void **state)
{
	struct buf b = BUF(PROXY_HEADER_MAX);
	struct proxy_header h;
	(void)state;

	buf_append(&b, VIEW(SIG "\x21\x11\x0f\xf0" V4));
	while (b.len < PROXY_HEADER_MAX) {
		assert_int_equal(parse(buf_view(&b), b.len, &h),
				 PROXY_NEEDS_MORE);
		buf_append_byte(&b, 'x');
	}
	assert_int_equal(parse(buf_view(&b), b.len, &h), PROXY_CLIENT);
	assert_int_equal(h.length, PROXY_HEADER_MAX);
	buf_release(&b);
}

/* Sends the header in two pieces, with SMTP behind it, and checks that SMTP
 * is still on the socket. */
static void
receive_in_two(const struct good *g, size_t cut)
{
	struct buf held = BUF(PROXY_HEADER_MAX);
	struct proxy_header h = { 0 };
	char rest[16] = "";
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_int_equal(proxy_receive(ends[0], &held, &h), PROXY_NEEDS_MORE);
	if (cut > 0) {
		assert_int_equal(write(ends[1], g->bytes.at, cut), cut);
		assert_int_equal(proxy_receive(ends[0], &held, &h),
				 PROXY_NEEDS_MORE);
		assert_int_equal(proxy_receive(ends[0], &held, &h),
				 PROXY_NEEDS_MORE);
	}
	assert_int_equal(write(ends[1], g->bytes.at + cut,
			       g->bytes.len - cut), g->bytes.len - cut);
	assert_int_equal(write(ends[1], "EHLO", 4), 4);
	check_good(g, proxy_receive(ends[0], &held, &h), &h);
	assert_int_equal(read(ends[0], rest, sizeof(rest)), 4);
	assert_string_equal(rest, "EHLO");
	buf_release(&held);
	close(ends[0]);
	close(ends[1]);
}

static void
a_socket_keeps_what_follows_the_header(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		for (size_t cut = 0; cut < good[i].bytes.len; cut++)
			receive_in_two(&good[i], cut);
}

static void
a_peer_that_leaves_is_closed(void **state)
{
	struct buf held = BUF(PROXY_HEADER_MAX);
	struct proxy_header h;
	int ends[2];
	(void)state;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_int_equal(write(ends[1], "PROXY TC", 8), 8);
	assert_int_equal(proxy_receive(ends[0], &held, &h), PROXY_NEEDS_MORE);
	close(ends[1]);
	assert_int_equal(proxy_receive(ends[0], &held, &h), PROXY_CLOSED);
	buf_release(&held);
	close(ends[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_is_read_whole_and_at_every_cut),
		cmocka_unit_test(what_follows_a_header_is_not_judged),
		cmocka_unit_test(a_wrong_header_is_bad_once_it_is_certain),
		cmocka_unit_test(the_longest_header_is_4096_octets),
		cmocka_unit_test(a_socket_keeps_what_follows_the_header),
		cmocka_unit_test(a_peer_that_leaves_is_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
