/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A census goes on in another program, which maps it by its descriptor. */
#include "net/census.h"

#include "net/address.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { START = 60000000 };

/* Workers of two programs, before and after an exec, count together. */
static void
it_is_handed_over(void **state)
{
	const struct census_limits limits = { 2, 0, 0 };
	struct census *old = census_new(3, limits.connections);
	struct census_seat a = { old, (unsigned)census_take_region(old),
				 limits };
	struct address client;
	struct census_handle h;

	(void)state;
	assert_true(address_parse(VIEW("192.0.2.1"), &client));
	assert_int_equal(census_admit(&a, &client, START), CENSUS_OK);
	assert_int_equal(census_hand_over(old, &h), 0);
	assert_int_equal(ftruncate(h.fd, 0), -1);
	h.fd = dup(h.fd);
	struct census *next = census_adopt(&h);
	assert_non_null(next);
	assert_true(census_retake_region(next, (int)a.region));
	assert_false(census_retake_region(next, (int)a.region));
	assert_false(census_retake_region(next, -1));
	assert_false(census_retake_region(next, 3));
	struct census_seat c = { next, (unsigned)census_take_region(next),
				 limits };
	assert_int_not_equal(c.region, a.region);
	assert_int_equal(census_admit(&c, &client, START), CENSUS_OK);
	assert_int_equal(census_admit(&c, &client, START), CENSUS_FULL);
	assert_int_equal(census_total(old), 2);
	/* The old worker died: the new master clears its region. */
	census_clear_region(next, a.region);
	assert_int_equal(census_total(next), 1);
	census_free(&next);
	census_free(&old);
}

static void
what_is_not_its_own_is_not_adopted(void **state)
{
	struct census *c = census_new(2, 100);
	struct census_handle h;

	(void)state;
	assert_int_equal(census_hand_over(c, &h), 0);
	const struct census_handle wrong[] = {
		{ -1, h.layout, h.regions, h.connections, { 0, 0 } },
		{ h.fd, h.layout + 1, h.regions, h.connections, { 0, 0 } },
		{ h.fd, h.layout, h.regions + 1, h.connections, { 0, 0 } },
		{ h.fd, h.layout, UINT32_MAX, SIZE_MAX, { 0, 0 } },
		{ h.fd, h.layout, h.regions, 100000, { 0, 0 } },
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		assert_null(census_adopt(&wrong[i]));
		assert_int_equal(errno, EPROTO);
	}
	census_free(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_handed_over),
		cmocka_unit_test(what_is_not_its_own_is_not_adopted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
