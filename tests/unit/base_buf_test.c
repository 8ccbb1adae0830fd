/* SPDX-License-Identifier: GPL-3.0-or-later */
/* buf, arena, chain, budget and view. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/chain.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
buf_refuses_beyond_its_ceiling(void **state)
{
	(void)state;
	struct buf b = BUF(200);

	for (int i = 0; i < 20; i++)
		assert_int_equal(buf_append_text(&b, "0123456789"), 0);
	assert_int_equal(buf_append_byte(&b, 'x'), -1);
	assert_int_equal(errno, ENOBUFS);
	assert_int_equal(b.len, 200);
	buf_consume(&b, 195);
	assert_true(view_equal(buf_view(&b), VIEW("56789")));
	assert_int_equal(buf_printf(&b, "%s-%d", "a", 7), 0);
	assert_true(view_equal(buf_view(&b), VIEW("56789a-7")));
	buf_release(&b);
	assert_null(b.at);
}

static void
numbers_are_appended(void **state)
{
	static const struct {
		int64_t number;
		size_t digits;
		const char *text;
	} cases[] = {
		{ 0, 1, "0" }, { 0, 0, "0" }, { 7, 3, "007" }, { 10, 1, "10" },
		{ 1234, 2, "1234" }, { -5, 1, "-5" }, { -5, 2, "-05" },
		{ INT64_MAX, 1, "9223372036854775807" },
		{ INT64_MIN, 1, "-9223372036854775808" },
		{ 0, 20, "00000000000000000000" },
	};
	struct buf b = BUF(21);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		b.len = 0;
		assert_int_equal(buf_append_number(&b, cases[i].number,
						   cases[i].digits), 0);
		assert_true(view_equal(buf_view(&b), view_of(cases[i].text)));
	}
	assert_int_equal(buf_append_number(&b, 10, 1), -1);
	assert_int_equal(b.len, 20);
	buf_release(&b);
}

static void
arena_is_charged_and_given_back(void **state)
{
	(void)state;
	struct budget budget = { .limit = 100000 };
	struct arena a = { .budget = &budget };

	char *zeroed = arena_alloc(&a, 10);
	assert_int_equal(zeroed[9], 0);
	assert_int_equal((uintptr_t)zeroed % 16, 0);
	struct view v = arena_copy(&a, VIEW("hello"));
	assert_string_equal(v.at, "hello");
	assert_true(budget.used > 0);
	assert_null(arena_alloc(&a, 200000));
	arena_reset(&a);
	assert_true(budget.used > 0);
	arena_free(&a);
	assert_int_equal(budget.used, 0);
}

static void
arena_shrinks_its_newest(void **state)
{
	(void)state;
	struct arena a = { 0 };

	char *first = arena_alloc(&a, 900);
	arena_shrink(&a, first, 900, 100);
	char *second = arena_alloc(&a, 16);
	assert_ptr_equal(second, first + 112);
	arena_free(&a);
}

static void
chain_keeps_bytes_in_order(void **state)
{
	(void)state;
	struct budget budget = { .limit = 4000000 };
	struct chain c = { .budget = &budget };
	char block[1000];

	for (int i = 0; i < 2000; i++) {
		memset(block, 'a' + i % 26, sizeof(block));
		assert_true(chain_append(&c, (struct view){ block,
							    sizeof(block) }));
	}
	assert_int_equal(c.len, 2000000);
	char copy[2000];
	assert_int_equal(chain_copy(&c, 1500500, 1000, copy), 1000);
	assert_int_equal(copy[0], 'a' + 1500 % 26);
	assert_int_equal(copy[999], 'a' + 1501 % 26);
	assert_int_equal(chain_copy(&c, 1999990, 1000, copy), 10);
	assert_int_equal(chain_copy(&c, 0, 2000, copy), 2000);
	assert_int_equal(copy[1999], 'b');
	chain_free(&c);
	assert_int_equal(budget.used, 0);
}

static void
chain_stops_at_the_budget(void **state)
{
	(void)state;
	struct budget budget = { .limit = 10000 };
	struct chain c = { .budget = &budget };
	char block[9000] = { 0 };

	assert_true(chain_append(&c, (struct view){ block, 5000 }));
	assert_false(chain_append(&c, (struct view){ block, 9000 }));
	chain_free(&c);
	assert_int_equal(budget.used, 0);
}

static void
view_reads_numbers_within_a_bound(void **state)
{
	(void)state;
	size_t n = 7;

	assert_true(view_to_size(VIEW("0"), 10, &n));
	assert_int_equal(n, 0);
	assert_true(view_to_size(VIEW("10"), 10, &n));
	assert_int_equal(n, 10);
	assert_false(view_to_size(VIEW("11"), 10, &n));
	assert_false(view_to_size(VIEW("-1"), 10, &n));
	assert_false(view_to_size(VIEW(""), 10, &n));
	assert_false(view_to_size(VIEW("5"), 3, &n));
	assert_true(view_to_size(VIEW("18446744073709551615"), SIZE_MAX, &n));
	assert_false(view_to_size(VIEW("18446744073709551616"), SIZE_MAX, &n));
	assert_int_equal(n, SIZE_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buf_refuses_beyond_its_ceiling),
		cmocka_unit_test(numbers_are_appended),
		cmocka_unit_test(arena_is_charged_and_given_back),
		cmocka_unit_test(arena_shrinks_its_newest),
		cmocka_unit_test(chain_keeps_bytes_in_order),
		cmocka_unit_test(chain_stops_at_the_budget),
		cmocka_unit_test(view_reads_numbers_within_a_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
