/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The grammar of addresses, RFC 5321 4.1.2 and 4.1.3. */
#include "smtp/path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define L16 "abcdefghijklmnop"
#define L63 L16 L16 L16 "abcdefghijklmno"
#define L64 L16 L16 L16 L16

static const struct {
	const char *in, *local, *domain;
} good[] = {
	{ "<a@b>", "a", "b" },
	{ "<a@b.example> SIZE=1", "a", "b.example" },
	{ "<A.b-C_d+e@Example.COM>", "A.b-C_d+e", "Example.COM" },
	{ "<!#$%&'*+-/=?^_`{|}~@b>", "!#$%&'*+-/=?^_`{|}~", "b" },
	{ "<a@1.2.3.4>", "a", "1.2.3.4" },
	{ "<a@b.example.>", "a", "b.example." },
	{ "<a@_dmarc.b_c.example>", "a", "_dmarc.b_c.example" },
	{ "<a@xn--bcher-kva.example>", "a", "xn--bcher-kva.example" },
	{ "<\"\"@b>", "\"\"", "b" },
	{ "<\"a b\"@b>", "\"a b\"", "b" },
	{ "<\"a\\\"b\\\\\"@b>", "\"a\\\"b\\\\\"", "b" },
	{ "<\"<>@,;:\"@b>", "\"<>@,;:\"", "b" },
	{ "<\"..\"@b>", "\"..\"", "b" },
	{ "<@r:a@b>", "a", "b" },
	{ "<@r.example,@s.example,@[192.0.2.1]:a@b>", "a", "b" },
	{ "<a@[192.0.2.1]>", "a", "[192.0.2.1]" },
	{ "<a@[IPv6:2001:db8::1]>", "a", "[IPv6:2001:db8::1]" },
	{ "<a@[ipv6:::1]>", "a", "[ipv6:::1]" },
	{ "<a@[IPv6:::ffff:192.0.2.1]>", "a",
	  "[IPv6:::ffff:192.0.2.1]" },
	{ "<postmaster>", "postmaster", "" },
	{ "<PostMaster>", "PostMaster", "" },
	{ "<a%b@c>", "a%b", "c" },
	{ "<a!b!c@d>", "a!b!c", "d" },
	{ "<\xc3\xbc@b>", "\xc3\xbc", "b" },
	{ "<a@\xc3\xbc.example>", "a", "\xc3\xbc.example" },
	{ "<\"\xe2\x82\xac x\"@b>", "\"\xe2\x82\xac x\"", "b" },
	{ "<" L64 "@b>", L64, "b" },
	{ "<a@" L63 "." L63 "." L63 ">", "a", L63 "." L63 "." L63 },
};

static void
check_good(struct view in, struct view local, struct view domain)
{
	struct path p;
	size_t len = path_parse(in, &p);

	if (len == 0)
		fail_msg("refused: %s", in.at);
	assert_int_equal(in.at[len - 1], '>');
	assert_true(view_equal(p.local, local));
	assert_true(view_equal(p.domain, domain));
	assert_false(p.is_null);
	assert_int_equal(p.is_utf8, strpbrk(in.at, "\xc3\xe2") != NULL);
	/* No front part of it is a path: a cut shows as a fault. */
	for (size_t cut = 0; cut < len; cut++) {
		char *part = malloc(cut + 1);
		memcpy(part, in.at, cut);
		assert_int_equal(path_parse((struct view){ part, cut }, &p),
				 0);
		free(part);
	}
}

static void
good_paths(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		check_good(view_of(good[i].in), view_of(good[i].local),
			   view_of(good[i].domain));
}

static void
bad_paths(void **state)
{
	static const struct view cases[] = {
		VIEW(""), VIEW("<"), VIEW(">"), VIEW("a@b"), VIEW("a@b>"),
		VIEW("<a>"), VIEW("<a@>"), VIEW("<@b>"), VIEW("<@>"),
		VIEW("<a@@b>"), VIEW("<a@b@c>"), VIEW("<.a@b>"),
		VIEW("<a.@b>"), VIEW("<a..b@b>"), VIEW("<a b@b>"),
		VIEW("<a,b@b>"), VIEW("<a(c)@b>"), VIEW("<a;b@b>"),
		VIEW("<a\\@b>"), VIEW("<a\"b\"@b>"), VIEW("<\"a\"b@b>"),
		VIEW("<\"a@b>"), VIEW("<\"a\\\"@b>"), VIEW("<\"a\n\"@b>"),
		VIEW("<\"a\t\"@b>"), VIEW("<\"a\\\xc3\xbc\"@b>"),
		VIEW("<a@.b>"), VIEW("<a@b..c>"), VIEW("<a@b..>"),
		VIEW("<a@.>"), VIEW("<a@-b>"), VIEW("<a@b->"),
		VIEW("<a@b-.c>"), VIEW("<a@b c>"), VIEW("<a@b/c>"),
		VIEW("<a@b\0>"), VIEW("<\0@b>"), VIEW("<a\0@b>"),
		VIEW("<a@[]>"), VIEW("<a@[1.2.3]>"), VIEW("<a@[1.2.3.4>"),
		VIEW("<a@[1.2.3.256]>"), VIEW("<a@[1.2.3.04]>"),
		VIEW("<a@[1.2.3.4]x>"), VIEW("<a@x[1.2.3.4]>"),
		VIEW("<a@[1.2.3.4].>"), VIEW("<a@[::1]>"),
		VIEW("<a@[IPv6:]>"), VIEW("<a@[IPv6:1.2.3.4]>"),
		VIEW("<a@[IPv6:::1%eth0]>"), VIEW("<a@[IPv6:1::2::3]>"),
		VIEW("<a@[IPv6:12345::]>"), VIEW("<a@[1.2.3.4\0]>"),
		VIEW("<a@[TAG:x]>"), VIEW("<@r>"), VIEW("<@r:>"),
		VIEW("<@r:a>"), VIEW("<@r,a@b>"), VIEW("<@r,:a@b>"),
		VIEW("<@:a@b>"), VIEW("<r:a@b>"), VIEW("<@r@s:a@b>"),
		VIEW("< a@b>"), VIEW("<a@b >"), VIEW("< >"), VIEW("<<a@b>>"),
		VIEW("<\xff@b>"), VIEW("<\xc3@b>"), VIEW("<\xc0\x80@b>"),
		VIEW("<\xed\xa0\x80@b>"), VIEW("<\xf4\x90\x80\x80@b>"),
		VIEW("<\xc2\x80@b>"), VIEW("<a@\xff.b>"), VIEW("<a\x7f@b>"),
		VIEW("<" L64 "x@b>"), VIEW("<a@" L63 "x>"),
		VIEW("<" L64 "@" L63 "." L63 "." L64 ">"),
		VIEW("<a@" L63 "." L63 "." L63 "." L63 ">"),
		VIEW("<postmaster@>"), VIEW("<\"postmaster\">"),
	};
	struct path p = { .local = VIEW("untouched") };
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (path_parse(cases[i], &p) != 0)
			fail_msg("taken: %.*s", (int)cases[i].len,
				 cases[i].at);
	assert_true(view_equal(p.local, VIEW("untouched")));
}

static void
the_null_path(void **state)
{
	struct path p;
	(void)state;

	assert_int_equal(path_parse(VIEW("<>"), &p), 2);
	assert_true(p.is_null);
	assert_int_equal(path_parse(VIEW("<> BODY=7BIT"), &p), 2);
}

/* RFC 5321 4.5.3.1.3: 256 octets with the <>. */
static void
the_longest_path(void **state)
{
	char path[300];
	struct path p;
	(void)state;

	for (size_t len = 200; len < 290; len++) {
		memset(path, 'a', sizeof(path));
		path[0] = '<';
		path[2] = '@';
		path[64] = path[128] = path[192] = path[240] = '.';
		path[len - 1] = '>';
		assert_int_equal(path_parse((struct view){ path, len }, &p),
				 len <= 256 ? len : 0);
	}
}

static void
literals(void **state)
{
	(void)state;
	assert_true(path_is_literal(VIEW("[192.0.2.1]")));
	assert_true(path_is_literal(VIEW("[IPv6:fe80::1]")));
	assert_false(path_is_literal(VIEW("192.0.2.1")));
	assert_false(path_is_literal(VIEW("[")));
	assert_false(path_is_literal(VIEW("")));
	assert_false(path_is_literal(VIEW("[192.0.2.1] ")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_paths),
		cmocka_unit_test(bad_paths),
		cmocka_unit_test(the_null_path),
		cmocka_unit_test(the_longest_path),
		cmocka_unit_test(literals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
