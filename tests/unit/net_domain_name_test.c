/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Domain names as A-labels. */
#include "net/domain_name.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define L63 "a23456789012345678901234567890123456789012345678901234567890123"
#define L61 "a234567890123456789012345678901234567890123456789012345678901"

static void
names_become_a_labels(void **state)
{
	static const struct { const char *in, *out; } cases[] = {
		{ "example.com", "example.com" },
		{ "EXAMPLE.Com", "example.com" },
		{ "example.com.", "example.com" },
		{ "localhost", "localhost" },
		{ "a", "a" },
		{ "1.2.3.4", "1.2.3.4" },
		{ "3com.com", "3com.com" },
		{ "a-b.c--d.example", "a-b.c--d.example" },
		{ "r3---sn.example", "r3---sn.example" },
		{ L63 ".example", L63 ".example" },
		{ L63 "." L63 "." L63 "." L61,
		  L63 "." L63 "." L63 "." L61 },
		{ L63 "." L63 "." L63 "." L61 ".",
		  L63 "." L63 "." L63 "." L61 },
		{ "b\303\274cher.example", "xn--bcher-kva.example" },
		{ "B\303\234CHER.Example", "xn--bcher-kva.example" },
		{ "bu\314\210cher.example", "xn--bcher-kva.example" },
		{ "b\303\274cher.example.", "xn--bcher-kva.example" },
		{ "xn--bcher-kva.example", "xn--bcher-kva.example" },
		{ "XN--BCHER-KVA.EXAMPLE", "xn--bcher-kva.example" },
		{ "stra\303\237e.example", "xn--strae-oqa.example" },
		{ "\344\276\213\343\201\210.jp", "xn--r8jz45g.jp" },
		{ "\327\220\327\221.example", "xn--4dbc.example" },
		{ "\357\274\245xample.com", "example.com" },
		{ "[192.0.2.1]", "[192.0.2.1]" },
		{ "[IPv6:2001:DB8::1]", "[ipv6:2001:db8::1]" },
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char out[DOMAIN_NAME_SIZE] = "";
		size_t len = domain_name_to_ascii(view_of(cases[i].in), out,
						  sizeof(out));
		assert_string_equal(out, cases[i].out);
		assert_int_equal(len, strlen(out));
		/* What comes out is its own A-label form. */
		char again[DOMAIN_NAME_SIZE];
		assert_int_equal(domain_name_to_ascii(view_of(out), again,
						      sizeof(again)), len);
		assert_string_equal(again, out);
	}
}

static void
what_is_no_name_is_refused(void **state)
{
	static const struct view cases[] = {
		VIEW(""), VIEW("."), VIEW(".."), VIEW(".example"),
		VIEW("example.com.."), VIEW("a..b"), VIEW("-a.example"),
		VIEW("a-.example"), VIEW("a.example-"), VIEW("-"),
		VIEW("a_b.example"), VIEW("a b.example"), VIEW(" a.example"),
		VIEW("a.example "), VIEW("a.exam\0ple"), VIEW("a.example\0"),
		VIEW("a.example\r\n"), VIEW("a\tb"), VIEW("a%b"), VIEW("a@b"),
		VIEW("a/b"), VIEW("*.example"), VIEW("a\177b"),
		VIEW(L63 "4.example"),
		VIEW(L63 "." L63 "." L63 "." L61 "2"),
		VIEW(L63 "." L63 "." L63 "." L63),
		VIEW("\377.example"), VIEW("\303.example"),
		VIEW("\300\256.example"), VIEW("\355\240\200.example"),
		VIEW("b\303\274\0cher.example"),
		VIEW("b\303\274cher_.example"), VIEW("_b\303\274.example"),
		VIEW("b\303\274\357\274\277.example"),
		VIEW("b\303\274.a_b"), VIEW("b\303\274/.a"),
		VIEW("-b\303\274.a"), VIEW("b\303\274-.a"),
	        VIEW("b\303\274cher..example"),
		VIEW("xn--.example"), VIEW("xn--a.example"),
		VIEW("xn--bcher-kva8445foa.example"),
		VIEW("xn--999999999.example"), VIEW("xn--Bcher-Kv\303\204.x"),
		VIEW("\342\200\256abc.example"), VIEW("\314\201a.example"),
		VIEW("a\357\274\217b.example"), VIEW("a\357\274\240b.example"),
		VIEW("\360\237\222\251\303\274\302\240.example"),
		VIEW("[]"), VIEW("["), VIEW("[192.0.2.1"), VIEW("[a]b]"),
		VIEW("[a[b]"), VIEW("[a b]"), VIEW("[a\\]"), VIEW("[a\0b]"),
		VIEW("[b\303\274]"), VIEW("]"),
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char out[DOMAIN_NAME_SIZE];
		if (domain_name_to_ascii(cases[i], out, sizeof(out)) != 0)
			fail_msg("case %zu, %s: gave %s", i, cases[i].at, out);
	}
}

static void
a_name_that_does_not_fit_is_refused(void **state)
{
	static const char *const names[] = {
		"example.com", "b\303\274cher.example", "[192.0.2.1]"
	};
	(void)state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char whole[DOMAIN_NAME_SIZE];
		size_t len = domain_name_to_ascii(view_of(names[i]), whole,
						  sizeof(whole));
		for (size_t size = 1; size <= len + 1; size++) {
			char *out = memory_new(size, 1);
			size_t got = domain_name_to_ascii(view_of(names[i]),
							  out, size);
			assert_int_equal(got, size > len ? len : 0);
			free(out);
		}
	}
}

static void
a_very_long_one_is_refused_cheaply(void **state)
{
	size_t len = 100000;
	char *name = memory_new(len, 1);
	char out[DOMAIN_NAME_SIZE];
	(void)state;

	for (size_t i = 0; i + 1 < len; i += 2)
		memcpy(name + i, "\303\274", 2);
	assert_int_equal(domain_name_to_ascii((struct view){ name, len }, out,
					      sizeof(out)), 0);
	/* As many two-byte letters as go in, still no name. */
	assert_int_equal(domain_name_to_ascii((struct view){ name, 1024 },
					      out, sizeof(out)), 0);
	free(name);
}

static void
patterns_are_names_below_a_star_or_all(void **state)
{
	static const struct { struct view in; const char *out; } cases[] = {
		{ VIEW("Example.COM."), "example.com" },
		{ VIEW("*.Example.com"), "*.example.com" },
		{ VIEW("*.com"), "*.com" },
		{ VIEW("*"), "*" },
		{ VIEW("[192.0.2.1]"), "[192.0.2.1]" },
		{ VIEW("*.b\303\274cher.example"),
		  "*.xn--bcher-kva.example" },
	};
	static const struct view none[] = {
		VIEW(""), VIEW("."), VIEW("*."), VIEW("**"), VIEW("*.*"),
		VIEW("a.*"), VIEW("*a"), VIEW("*.a..b"), VIEW("a..b"),
		VIEW(".a"), VIEW("a b"), VIEW("a@b"), VIEW("a_b"),
		VIEW("[]"), VIEW("[a"), VIEW("a]"), VIEW("[a]]"),
		VIEW("[a b]"), VIEW("a\0b"), VIEW("*.[192.0.2.1]"),
		VIEW("*.[]"), VIEW("a/b"),
		VIEW("a234567890123456789012345678901234567890123456789012345"
		     "678901234.example"),
	};
	char out[DOMAIN_PATTERN_SIZE];
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = domain_pattern_to_ascii(cases[i].in, out);
		assert_int_equal(len, strlen(cases[i].out));
		assert_memory_equal(out, cases[i].out, len);
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		if (domain_pattern_to_ascii(none[i], out) != 0)
			fail_msg("%s is taken for a pattern", none[i].at);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_become_a_labels),
		cmocka_unit_test(what_is_no_name_is_refused),
		cmocka_unit_test(a_name_that_does_not_fit_is_refused),
		cmocka_unit_test(a_very_long_one_is_refused_cheaply),
		cmocka_unit_test(patterns_are_names_below_a_star_or_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
