/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mail for one recipient and for one domain, a minute, over several workers,
 * in memory that does not grow. */
#include "net/connection_limits.h"
#include "net/recipient_rates.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

/* How many of these are refused their first mail. */
static int
refused_of(const struct pair *p, bool are_domains_many, int from, int count)
{
	char address[64];
	int refused = 0;

	for (int i = from; i < from + count; i++) {
		snprintf(address, sizeof(address), "user%d@example%d.com", i,
			 are_domains_many ? i : 0);
		refused += !recipient_admit(&p->a, view_of(address), START);
	}
	return refused;
}

/* What the manual says of the error: never too low; too high for 1 in 2000 of
 * 5000 addresses, of which each gets one mail, and for 1 in 20 of 20000.
 * Those that are refused their first are too high. It does not matter how
 * many domains they are of, whether those have a limit or not. */
static void
thousands_of_addresses_are_told_apart(void **state)
{
	(void)state;

	for (int i = 0; i < 4; i++) {
		struct pair p = new_rated_pair(1, i < 2 ? 0 : 60000);
		bool many = i % 2 == 1;
		/* A quarter of the error that 5000 have at the end. */
		assert_in_range(refused_of(&p, many, 0, 5000), 0, 12);
		assert_int_equal(refused_of(&p, many, 0, 5000), 5000);
		assert_in_range(refused_of(&p, many, 5000, 1000), 0, 10);
		refused_of(&p, many, 6000, 14000);
		assert_in_range(refused_of(&p, many, 20000, 1000), 10, 100);
		connection_limits_free(&p.limits);
	}
}

static void
what_has_no_limit_is_not_counted(void **state)
{
	struct pair p = new_rated_pair(0, 0);
	(void)state;

	for (int i = 0; i < 10; i++)
		assert_int_equal(mails_of_ten(&p, "a@example.com", START), 10);
	/* A reload that sets a limit begins with nothing; from then on each
	 * generation goes by its own. */
	p.a.limits.rate_per_recipient = p.b.limits.rate_per_recipient = 6;
	assert_int_equal(mails_of_ten(&p, "a@example.com", START), 6);
	p.b.limits.rate_per_recipient = 8;
	assert_int_equal(mails_of_ten(&p, "a@example.com", START), 2);
	connection_limits_free(&p.limits);
}

static void
mail_that_did_not_come_is_taken_back(void **state)
{
	struct pair p = new_rated_pair(6, 8);
	const struct view a = VIEW("a@example.com");
	(void)state;

	for (int i = 0; i < 50; i++) {
		assert_true(recipient_admit(&p.a, a, START));
		recipient_release(&p.a, a, START);
	}
	assert_int_equal(mails_of_ten(&p, "a@example.com", START), 6);
	assert_int_equal(mails_of_ten(&p, "b@example.com", START), 2);
	/* Five are of a; one of them ends when the minute is over. */
	recipient_release(&p.a, a, START);
	assert_int_equal(mails_of_ten(&p, "a@example.com", START + MINUTE), 1);
	recipient_release(&p.a, a, START);
	assert_int_equal(mails_of_ten(&p, "a@example.com", START + MINUTE), 1);
	/* What is long ago counts no more, and is not taken from what does. */
	assert_int_equal(mails_of_ten(&p, "c@example.com",
				      START + 9 * MINUTE), 6);
	recipient_release(&p.a, VIEW("c@example.com"), START);
	assert_int_equal(mails_of_ten(&p, "c@example.com",
				      START + 9 * MINUTE), 0);
	connection_limits_free(&p.limits);
}

static void
what_a_dead_worker_counted(void **state)
{
	struct pair p = new_rated_pair(6, 0);
	(void)state;

	assert_int_equal(mails_of_ten(&p, "a@example.com", START), 6);
	/* It ended well: three of the six are its own. */
	connection_limits_clear_region(p.limits, p.a.region, true, START + 1);
	assert_int_equal(mails_of_ten(&p, "a@example.com", START + 1), 0);
	/* It was killed, perhaps before they had come. */
	connection_limits_clear_region(p.limits, p.a.region, false, START);
	assert_int_equal(mails_of_ten(&p, "a@example.com", START + 1), 3);
	/* It was not itself any more: nothing of it lies in wait. */
	const int64_t later = START + 100 * MINUTE;
	assert_int_equal(mails_of_ten(&p, "b@example.com", later), 6);
	assert_int_equal(mails_of_ten(&p, "b@example.com", START + 2), 6);
	connection_limits_clear_region(p.limits, p.a.region, true, START + 2);
	connection_limits_clear_region(p.limits, p.b.region, true, START + 2);
	assert_int_equal(mails_of_ten(&p, "b@example.com", later), 6);
	connection_limits_free(&p.limits);
}

static void
an_upgrade_keeps_the_counts(void **state)
{
	struct pair p = new_rated_pair(6, 0);
	struct connection_limits_handle h;
	(void)state;

	assert_int_equal(mails_of_ten(&p, "a@example.com", START), 6);
	connection_limits_hand_over(p.limits, &h);
	h.fd = dup(h.fd);
	struct connection_limits *next = connection_limits_adopt(&h);
	assert_non_null(next);
	struct connection_counter c = {
		next, (unsigned)connection_limits_take_region(next),
		p.a.limits
	};
	assert_false(recipient_admit(&c, VIEW("a@example.com"), START));
	assert_true(recipient_admit(&c, VIEW("b@example.com"), START));
	connection_limits_free(&next);
	connection_limits_free(&p.limits);
}

/* Without the secret nobody finds two that share their cells. */
static void
another_secret_has_other_cells(void **state)
{
	const uint64_t one[2] = { 1, 2 }, other[2] = { 1, 3 };
	struct recipient_cells a = recipient_cells_of(VIEW("a@b"), one);
	struct recipient_cells b = recipient_cells_of(VIEW("a@b"), other);
	struct recipient_cells c = recipient_cells_of(VIEW("a@c"), one);
	struct recipient_cells again = recipient_cells_of(VIEW("a@b"), one);
	(void)state;

	assert_memory_equal(&a, &again, sizeof(a));
	for (int i = 0; i < RECIPIENT_CELLS; i++) {
		assert_int_not_equal(a.at[i], b.at[i]);
		assert_int_not_equal(a.at[i], c.at[i]);
	}
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
		cmocka_unit_test(what_has_no_limit_is_not_counted),
		cmocka_unit_test(mail_that_did_not_come_is_taken_back),
		cmocka_unit_test(what_a_dead_worker_counted),
		cmocka_unit_test(an_upgrade_keeps_the_counts),
		cmocka_unit_test(another_secret_has_other_cells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
