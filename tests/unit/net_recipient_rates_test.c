/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mail for one recipient and for one domain, a minute, over several workers,
 * in memory that does not grow. */
#include "net/connection_limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { MINUTE = 60000, START = 1000 * MINUTE };

/* Two workers of one limits. */
struct pair {
	struct connection_limits *limits;
	struct connection_counter a, b;
};

static struct pair
new_rated_pair(size_t per_recipient, size_t per_domain)
{
	const struct connection_maxima limits = {
		.connections = 10, .rate_per_recipient = per_recipient,
		.rate_per_domain = per_domain };
	struct pair p = { .limits = connection_limits_new(3, 10) };

	assert_non_null(p.limits);
	p.a = p.b = (struct connection_counter){ p.limits, 0, limits };
	p.a.region = (unsigned)connection_limits_take_region(p.limits);
	p.b.region = (unsigned)connection_limits_take_region(p.limits);
	return p;
}

/* How many of ten mails come in, by two workers in turn. */
static int
mails_of_ten(const struct pair *p, const char *address, int64_t now_ms)
{
	int taken = 0;

	for (int i = 0; i < 10; i++)
		taken += recipient_admit(i % 2 ? &p->a : &p->b,
					 view_of(address), now_ms);
	return taken;
}

static void
a_recipient_gets_so_many_mails_a_minute(void **state)
{
	struct pair p = new_rated_pair(6, 0);
	(void)state;

	assert_int_equal(mails_of_ten(&p, "a@example.com", START), 6);
	assert_int_equal(mails_of_ten(&p, "b@example.com", START), 6);
	assert_int_equal(mails_of_ten(&p, "a@example.com", START + 59999), 0);
	/* Half of the minute before is not yet 60 s ago. */
	assert_int_equal(mails_of_ten(&p, "a@example.com",
				      START + MINUTE + MINUTE / 2), 3);
	assert_int_equal(mails_of_ten(&p, "a@example.com",
				      START + 4 * MINUTE), 6);
	connection_limits_free(&p.limits);
}

static void
a_domain_gets_so_many_for_all_its_addresses(void **state)
{
	struct pair p = new_rated_pair(0, 7);
	(void)state;

	assert_int_equal(mails_of_ten(&p, "a@example.com", START), 7);
	assert_int_equal(mails_of_ten(&p, "b@example.com", START), 0);
	assert_int_equal(mails_of_ten(&p, "a@example.org", START), 7);
	/* What one limit refuses does not count for the other. */
	struct pair both = new_rated_pair(2, 5);
	assert_int_equal(mails_of_ten(&both, "a@example.com", START), 2);
	assert_int_equal(mails_of_ten(&both, "b@example.com", START), 2);
	assert_int_equal(mails_of_ten(&both, "c@example.com", START), 1);
	connection_limits_free(&p.limits);
	connection_limits_free(&both.limits);
}

/* What the manual says of the error: never too low; too high for 1 in 2000 of
 * 5000 addresses, of which each gets one mail. Those that are refused their
 * first are too high. */
static void
thousands_of_addresses_are_told_apart(void **state)
{
	struct pair p = new_rated_pair(1, 0);
	int refused = 0;
	char address[64];
	(void)state;

	for (int i = 0; i < 5000; i++) {
		snprintf(address, sizeof(address), "user%d@example.com", i);
		refused += !recipient_admit(&p.a, view_of(address), START);
	}
	/* 0.5 are expected, with all 5000 in from the beginning 2. */
	assert_in_range(refused, 0, 12);
	for (int i = 0; i < 5000; i++) {
		snprintf(address, sizeof(address), "user%d@example.com", i);
		assert_false(recipient_admit(&p.b, view_of(address), START));
	}
	connection_limits_free(&p.limits);
}

/* A flood of made up addresses makes nothing grow and hides nobody's. */
static void
a_flood_leaves_counts_as_high_as_they_are(void **state)
{
	struct pair p = new_rated_pair(60000, 0);
	struct pair few = { p.limits, p.a, p.b };
	char address[64];
	(void)state;

	for (int i = 0; i < 300000; i++) {
		snprintf(address, sizeof(address), "x%d@example.com", i);
		recipient_admit(&p.a, view_of(address), START);
	}
	few.a.limits.rate_per_recipient = few.b.limits.rate_per_recipient = 4;
	for (int i = 0; i < 300000; i += 5000) {
		snprintf(address, sizeof(address), "x%d@example.com", i);
		assert_in_range(mails_of_ten(&few, address, START), 0, 3);
	}
	connection_limits_free(&p.limits);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_recipient_gets_so_many_mails_a_minute),
		cmocka_unit_test(a_domain_gets_so_many_for_all_its_addresses),
		cmocka_unit_test(thousands_of_addresses_are_told_apart),
		cmocka_unit_test(a_flood_leaves_counts_as_high_as_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
