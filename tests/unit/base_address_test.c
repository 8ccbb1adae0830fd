/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses, ranges of them, and the key that limits count. */
#include "base/address.h"

#include "base/memory.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include <cmocka.h>

static struct address
parsed(const char *text)
{
	struct address a;

	if (!address_parse(view_of(text), &a))
		fail_msg("%s is an address", text);
	return a;
}

static void
addresses_print_in_the_shortest_form(void **state)
{
	static const struct { const char *in, *out; } cases[] = {
		{ "192.0.2.1", "192.0.2.1" },
		{ "0.0.0.0", "0.0.0.0" },
		{ "255.255.255.255", "255.255.255.255" },
		{ "::", "::" },
		{ "::1", "::1" },
		{ "2001:DB8:0:0:8:800:200C:417A", "2001:db8::8:800:200c:417a" },
		{ "2001:db8:0:1:0:0:0:1", "2001:db8:0:1::1" },
		{ "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
		{ "2001:db8::0:0:1", "2001:db8::1" },
		{ "::ffff:192.0.2.1", "192.0.2.1" },
		{ "::FFFF:c000:201", "192.0.2.1" },
		{ "0:0:0:0:0:ffff:7f00:1", "127.0.0.1" },
		{ "64:ff9b::192.0.2.33", "64:ff9b::c000:221" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
		  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct address a = parsed(cases[i].in);
		char text[ADDRESS_TEXT_SIZE];
		address_print(&a, text);
		assert_string_equal(text, cases[i].out);
		assert_false(a.is_local);
		assert_int_equal(a.port, 0);
	}
}

static void
what_is_no_address_is_refused(void **state)
{
	static const struct view cases[] = {
		VIEW(""), VIEW("."), VIEW("1"), VIEW("1.2.3"),
		VIEW("1.2.3.4.5"),
		VIEW("1.2.3.256"), VIEW("01.2.3.4"), VIEW("1.2.3.4 "),
		VIEW(" 1.2.3.4"), VIEW("1.2.3.4\0"), VIEW("1.2.3.4\0.5"),
		VIEW("0x7f.1.1.1"), VIEW(":"), VIEW(":::"), VIEW("1::2::3"),
		VIEW("fe80::1%eth0"), VIEW("[::1]"), VIEW("g::1"),
		VIEW("1:2:3:4:5:6:7:8:9"), VIEW("12345::1"), VIEW("::1\0"),
		VIEW("::ffff:1.2.3.256"), VIEW("example.com"),
		VIEW("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.2555"),
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct address a = { .port = 7 };
		if (address_parse(cases[i], &a))
			fail_msg("%s is no address", cases[i].at);
		assert_int_equal(a.port, 7);
	}
}

static void
a_socket_gives_address_and_port(void **state)
{
	struct sockaddr_storage from = { 0 };
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	char text[ADDRESS_TEXT_SIZE];
	(void)state;

	in.sin_port = htons(2525);
	inet_pton(AF_INET, "198.51.100.7", &in.sin_addr);
	memcpy(&from, &in, sizeof(in));
	struct address a = address_from_socket(&from);
	address_print(&a, text);
	assert_string_equal(text, "198.51.100.7");
	assert_int_equal(a.port, 2525);

	in6.sin6_port = htons(25);
	inet_pton(AF_INET6, "::ffff:198.51.100.7", &in6.sin6_addr);
	memcpy(&from, &in6, sizeof(in6));
	a = address_from_socket(&from);
	assert_int_equal(a.len, 4);
	assert_int_equal(a.bytes[0], 198);
	assert_int_equal(a.port, 25);
	assert_false(a.is_local);

	memset(&from, 0, sizeof(from));
	from.ss_family = AF_UNIX;
	a = address_from_socket(&from);
	address_print(&a, text);
	assert_string_equal(text, "127.0.0.1");
	assert_true(a.is_local);
}

static void
ranges_hold_what_they_should(void **state)
{
	static const struct {
		const char *range, *address;
		bool holds;
	} cases[] = {
		{ "192.0.2.0/24", "192.0.2.0", true },
		{ "192.0.2.0/24", "192.0.2.255", true },
		{ "192.0.2.0/24", "192.0.3.0", false },
		{ "192.0.2.0/24", "192.0.1.255", false },
		{ "192.0.2.128/25", "192.0.2.127", false },
		{ "192.0.2.128/25", "192.0.2.128", true },
		{ "192.0.2.7", "192.0.2.7", true },
		{ "192.0.2.7", "192.0.2.6", false },
		{ "192.0.2.7/32", "192.0.2.7", true },
		{ "192.0.2.6/31", "192.0.2.7", true },
		{ "192.0.2.6/31", "192.0.2.5", false },
		{ "0.0.0.0/0", "203.0.113.9", true },
		{ "0.0.0.0/0", "2001:db8::1", false },
		{ "::/0", "2001:db8::1", true },
		{ "::/0", "203.0.113.9", false },
		{ "10.0.0.0/8", "::ffff:10.1.2.3", true },
		{ "::ffff:10.0.0.0/104", "10.255.0.1", true },
		{ "::ffff:0.0.0.0/96", "10.255.0.1", true },
		{ "2001:db8::/32", "2001:db8:ffff::1", true },
		{ "2001:db8::/32", "2001:db9::", false },
		{ "2001:db8:8000::/33", "2001:db8:7fff::", false },
		{ "2001:db8:8000::/33", "2001:db8:8000::1", true },
		{ "::1/128", "::1", true },
		{ "::1", "::2", false },
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct address_range r;
		struct address a = parsed(cases[i].address);
		assert_true(address_parse_range(view_of(cases[i].range), &r));
		bool holds = address_in_ranges(&a,
				(struct address_ranges){ &r, 1 });
		if (holds != cases[i].holds)
			fail_msg("%s in %s", cases[i].address, cases[i].range);
		assert_false(address_in_ranges(&a,
				(struct address_ranges){ NULL, 0 }));
	}
}

static void
what_is_no_range_is_refused(void **state)
{
	static const struct view cases[] = {
		VIEW(""), VIEW("/"), VIEW("/8"), VIEW("10.0.0.0/"),
		VIEW("10.0.0.0/33"), VIEW("10.0.0.0/08"), VIEW("10.0.0.0/-1"),
		VIEW("10.0.0.0/8 "), VIEW("10.0.0.0/8/8"), VIEW("10.0.0.1/8"),
		VIEW("10.0.0.0/7a"), VIEW("128.0.0.0/0"), VIEW("10/8"),
		VIEW("2001:db8::1/32"), VIEW("2001:db8::/129"), VIEW("::1/0"),
		VIEW("::ffff:10.0.0.0/8"), VIEW("::ffff:0.0.0.0/95"),
		VIEW("::ffff:10.0.0.1/104"), VIEW("10.0.0.0/255.0.0.0"),
		VIEW("10.0.0.0/18446744073709551624"),
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct address_range r;
		if (address_parse_range(cases[i], &r))
			fail_msg("%s is no range", cases[i].at);
	}
}

static void
each_cut_of_a_range_is_read_safely(void **state)
{
	static const char whole[] = "2001:db8:ffff:ffff:ffff:8000::/81";
	(void)state;

	for (size_t cut = 0; cut < sizeof(whole); cut++) {
		/* A heap copy of the exact length, for the sanitizer. */
		char *copy = memory_new(cut, 1);
		memcpy(copy, whole, cut);
		struct address_range r;
		bool is_range = address_parse_range(
				(struct view){ copy, cut }, &r);
		if (cut == sizeof(whole) - 1)
			assert_true(is_range);
		free(copy);
	}
}

static void
limits_count_a_client_once(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} cases[] = {
		{ "192.0.2.1", "::ffff:192.0.2.1", true },
		{ "192.0.2.1", "192.0.2.2", false },
		{ "2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", true },
		{ "2001:db8:0:1::1", "2001:db8:0:2::1", false },
		{ "0.0.0.1", "::1", false },
		{ "192.0.2.1", "0:0:c000:201::", false },
		{ "255.255.255.255", "ffff::", false },
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct address a = parsed(cases[i].a), b = parsed(cases[i].b);
		bool same = address_limit_key(&a) == address_limit_key(&b);
		if (same != cases[i].same)
			fail_msg("%s and %s", cases[i].a, cases[i].b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_print_in_the_shortest_form),
		cmocka_unit_test(what_is_no_address_is_refused),
		cmocka_unit_test(a_socket_gives_address_and_port),
		cmocka_unit_test(ranges_hold_what_they_should),
		cmocka_unit_test(what_is_no_range_is_refused),
		cmocka_unit_test(each_cut_of_a_range_is_read_safely),
		cmocka_unit_test(limits_count_a_client_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
