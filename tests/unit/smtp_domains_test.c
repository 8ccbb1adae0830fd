/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which domains are ours. */
#include "smtp/domains.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
patterns_match(void **state)
{
	static const struct { const char *pattern, *domain; bool is; } cases[] =
	{
		{ "example.com", "example.com", true },
		{ "example.com", "www.example.com", false },
		{ "example.com", "example.co", false },
		{ "example.com", "xexample.com", false },
		{ "example.com", "com", false },
		{ "example.com", "", false },
		{ "*.example.com", "a.example.com", true },
		{ "*.example.com", "b.a.example.com", true },
		{ "*.example.com", "example.com", false },
		{ "*.example.com", ".example.com", false },
		{ "*.example.com", "aexample.com", false },
		{ "*.com", "example.com", true },
		{ "*", "anything.at.all", true },
		{ "*", "[192.0.2.1]", true },
		{ "*", "", false },
		{ "[192.0.2.1]", "[192.0.2.1]", true },
		{ "[192.0.2.1]", "192.0.2.1", false },
		{ "[ipv6:2001:db8::1]", "[ipv6:2001:db8::1]", true },
		{ "localhost", "localhost", true },
		{ "a_b.example", "a_b.example", true },
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct domains *d = domains_new();
		domains_add(d, view_of(cases[i].pattern));
		if (domains_match(d, view_of(cases[i].domain)) != cases[i].is)
			fail_msg("%s and %s", cases[i].pattern,
				 cases[i].domain);
		domains_free(&d);
		assert_null(d);
	}
}

/* A star and a name of the same letters are two. */
static void
twice_is_once(void **state)
{
	struct domains *d = domains_new();
	(void)state;

	for (int i = 0; i < 2; i++) {
		assert_true(domains_add(d, VIEW("example.com")));
		assert_true(domains_add(d, VIEW("*.example.com")));
		assert_true(domains_add(d, VIEW("*")));
		assert_int_equal(domains_count(d), 3);
	}
	domains_free(&d);
}

static void
many_domains(void **state)
{
	struct domains *d = domains_new();
	char name[64];
	(void)state;

	for (int i = 0; i < 100000; i++) {
		snprintf(name, sizeof(name), i % 2 ? "d%d.example"
						   : "*.d%d.example", i);
		assert_true(domains_add(d, view_of(name)));
	}
	assert_int_equal(domains_count(d), 100000);
	for (int i = 0; i < 100000; i++) {
		snprintf(name, sizeof(name), "d%d.example", i);
		assert_int_equal(domains_match(d, view_of(name)), i % 2);
		snprintf(name, sizeof(name), "x.y.d%d.example", i);
		assert_int_equal(domains_match(d, view_of(name)), i % 2 == 0);
	}
	domains_free(&d);
}

/* 255 octets are the most that a domain in an address has. */
static void
long_names(void **state)
{
	struct domains *d = domains_new();
	char name[300];
	(void)state;

	assert_false(domains_add(d, VIEW("")));
	assert_false(domains_match(d, VIEW("")));
	for (size_t len = 240; len < sizeof(name); len++) {
		for (size_t i = 0; i < len; i++)
			name[i] = i % 50 == 49 ? '.' : 'a';
		if (name[len - 1] == '.')
			continue;
		struct view v = { name, len };
		assert_int_equal(domains_add(d, v), len <= 255);
		assert_int_equal(domains_match(d, v), len <= 255);
	}
	domains_free(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_match),
		cmocka_unit_test(twice_is_once),
		cmocka_unit_test(many_domains),
		cmocka_unit_test(long_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
