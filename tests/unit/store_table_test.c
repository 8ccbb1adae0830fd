/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is made of a table as information_schema describes it, and of text
 * that a column has to hold. */
#include "base/memory.h"
#include "store/column_text.h"
#include "store/size_limits.h"
#include "store/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void
add(struct table *t, const char *name, const char *type, const char *charset)
{
	struct column_facts facts = {
		.name = view_of(name), .data_type = view_of(type),
		.column_type = view_of(type), .charset = view_of(charset),
	};

	table_add_column(t, &facts);
}

static void
add_wide(struct table *t, const char *name, const char *charset,
	 const char *width)
{
	struct column_facts facts = {
		.name = view_of(name), .data_type = VIEW("varchar"),
		.column_type = VIEW("varchar"), .charset = view_of(charset),
		.max_chars = view_of(width)
	};

	table_add_column(t, &facts);
}

static struct table
least(void)
{
	struct table t;

	table_init(&t);
	add(&t, "hash", "char", "ascii");
	add(&t, "TO", "varchar", "utf8mb4");
	add(&t, "mail", "longblob", "");
	return t;
}

static void
three_columns_are_enough(void **state)
{
	(void)state;
	struct table t = least();

	table_finish(&t);
	assert_int_equal(t.fault.error, 0);
	assert_int_equal(t.count, 3);
	assert_non_null(table_column(&t, "to"));
	assert_null(table_column(&t, "body"));
}

static void
each_required_column_is_missed(void **state)
{
	(void)state;
	static const char *const names[] = { "hash", "to", "mail" };

	for (int i = 0; i < 3; i++) {
		struct table t;
		table_init(&t);
		for (int k = 0; k < 3; k++)
			if (k != i)
				add(&t, names[k], "longblob", "");
		table_finish(&t);
		assert_int_equal(t.fault.error, 1054);
		assert_non_null(strstr(t.fault.text, names[i]));
	}
}

static void
no_table_is_said_first(void **state)
{
	(void)state;
	struct table t;

	table_init(&t);
	table_finish(&t);
	assert_int_equal(t.fault.error, 1146);
}

static void
a_narrow_id_is_refused(void **state)
{
	(void)state;
	struct table t;

	table_init(&t);
	add_wide(&t, "hash", "ascii", "31");
	add(&t, "to", "varchar", "utf8mb4");
	add(&t, "mail", "longblob", "");
	table_finish(&t);
	assert_int_equal(t.fault.error, 1406);
}

static void
unknown_columns_must_fill_themselves(void **state)
{
	(void)state;
	static const struct {
		struct column_facts facts;
		int error;
	} cases[] = {
		{ { .data_type = { "int", 3 } }, 1364 },
		{ { .data_type = { "int", 3 }, .is_nullable = true }, 0 },
		{ { .data_type = { "int", 3 }, .has_default = true }, 0 },
		{ { .data_type = { "int", 3 },
		    .extra = { "auto_increment", 14 } }, 0 },
		{ { .data_type = { "int", 3 },
		    .extra = { "STORED GENERATED", 16 } }, 0 },
		{ { .data_type = { "enum", 4 } }, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct table t = least();
		struct column_facts facts = cases[i].facts;
		facts.name = VIEW("folder");
		table_add_column(&t, &facts);
		table_finish(&t);
		assert_int_equal(t.fault.error, cases[i].error);
		assert_int_equal(t.count, 3);
	}
}

static bool
has_unique_id(const struct index_facts *facts, size_t count)
{
	struct table t = least();

	table_add_indexes(&t, facts, count);
	return t.has_unique_id;
}

#define KEY(k, c, n, ...) \
	{ .name = { (k), sizeof(k) - 1 }, .column = { (c), sizeof(c) - 1 }, \
	  .position = (n), __VA_ARGS__ }

static void
a_key_settles_by_hash_and_what_never_changes(void **state)
{
	(void)state;
	const struct index_facts plain[] = { KEY("h", "hash", 1) };
	const struct index_facts unique[] = {
		KEY("PRIMARY", "mail_id", 1, .is_unique = true),
		KEY("h", "Hash", 1, .is_unique = true) };
	const struct index_facts dated[] = {
		KEY("h", "hash", 1, .is_unique = true),
		KEY("h", "date", 2, .is_unique = true) };
	const struct index_facts numbered[] = {
		KEY("h", "hash", 1, .is_unique = true),
		KEY("h", "mail_id", 2, .is_unique = true) };
	const struct index_facts cut[] = {
		KEY("h", "hash", 1, .is_unique = true),
		KEY("h", "subject", 2, .is_unique = true) };
	const struct index_facts prefix[] = {
		KEY("h", "hash", 1, .is_unique = true, .is_prefix = true) };

	assert_false(has_unique_id(plain, 1));
	assert_true(has_unique_id(unique, 2));
	assert_true(has_unique_id(dated, 2));
	assert_false(has_unique_id(numbered, 2));
	assert_false(has_unique_id(cut, 2));
	assert_false(has_unique_id(prefix, 1));
	assert_false(has_unique_id(NULL, 0));
}

static void
an_index_by_date_is_seen(void **state)
{
	(void)state;
	const struct index_facts second[] = { KEY("d", "to", 1),
					      KEY("d", "date", 2) };
	const struct index_facts first[] = { KEY("d", "date", 1),
					     KEY("d", "to", 2) };
	struct table t = least();

	table_add_indexes(&t, second, 2);
	assert_false(t.has_date_index);
	table_add_indexes(&t, first, 2);
	assert_true(t.has_date_index);
}

/* ---- Text in a column ---------------------------------------------------- */

struct fitting {
	const char *charset;
	const char *width;
	const char *text;
	const char *expected;   /* NULL: a key that does not fit */
	const char *column;
};

static const struct fitting fittings[] = {
	{ "utf8mb4", "9", "abc", "abc", "subject" },
	{ "utf8mb4", "2", "abc", "ab", "subject" },
	{ "utf8mb4", "2", "\xf0\x9f\x98\x80\xc3\xa4z",
	  "\xf0\x9f\x98\x80\xc3\xa4", "subject" },
	{ "utf8mb3", "9", "\xf0\x9f\x98\x80\xc3\xa4",
	  "\xef\xbf\xbd\xc3\xa4", "subject" },
	{ "utf8mb4", "9", "a\xff\x62", "a\xef\xbf\xbd\x62", "subject" },
	{ "utf8mb4", "9", "a\xed\xa0\x80",
	  "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", "subject" },
	{ "utf8mb3", "9", "\xff\xf0\x9f\x98\x80",
	  "\xef\xbf\xbd\xef\xbf\xbd", "subject" },
	{ "ascii", "9", "\xc3\xa4 \xe2\x82\xac", "? ?", "subject" },
	{ "utf8mb4", "3", "abc", "abc", "to" },
	{ "utf8mb4", "2", "abc", NULL, "to" },
	{ "utf8mb3", "9", "\xf0\x9f\x98\x80", NULL, "to" },
	{ "ascii", "9", "\xc3\xa4", NULL, "to" },
	{ "utf8mb4", "9", "\xff", NULL, "to" },
};

static void
text_is_made_to_fit(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(fittings) / sizeof(fittings[0]); i++) {
		const struct fitting *f = &fittings[i];
		struct table t;
		struct view out;
		table_init(&t);
		add_wide(&t, f->column, f->charset, f->width);
		/* Exactly the room that is asked for. */
		size_t room =
			column_text_scratch(&t.columns[0], view_of(f->text));
		char *scratch = memory_resize(NULL, room + 1);
		char *at = scratch;
		bool fits = column_text_fit(&t.columns[0], view_of(f->text),
					    room > 0 ? &at : NULL, &out);
		assert_true(at <= scratch + room);
		assert_int_equal(fits, f->expected != NULL);
		if (fits)
			assert_true(view_equal(out, view_of(f->expected)));
		free(scratch);
	}
}

static void
raw_bytes_are_kept_where_they_can_be(void **state)
{
	(void)state;
	struct table t;
	char where[16];

	table_init(&t);
	add(&t, "mail", "longblob", "");
	add(&t, "mail", "longtext", "latin1");
	add(&t, "mail", "longtext", "utf8mb3");
	add(&t, "mail", "longtext", "utf8mb4");
	assert_true(table_is_exact(&t.columns[0]));
	assert_true(table_is_exact(&t.columns[1]));
	assert_false(table_is_exact(&t.columns[2]));
	assert_int_equal(
		column_text_raw(&t.columns[2], VIEW("\xff\xc3\xa4"), where), 5);
	assert_memory_equal(where, "\xef\xbf\xbd\xc3\xa4", 5);
	assert_int_equal(
		column_text_raw(&t.columns[2], VIEW("\xf0\x9f\x98\x80"), where),
		3);
	assert_int_equal(
		column_text_raw(&t.columns[3], VIEW("\xf0\x9f\x98\x80"), where),
		4);
}

static void
a_charset_is_learned_from_what_comes_back(void **state)
{
	(void)state;
	static struct charset_map m;
	char text[] = "a\xc3\xa4\xe2\x98\x83\xc2\xa5\xf0\x9f\x98\x80z";

	charset_map_init(&m, VIEW("latin9"));
	charset_map_learn(&m, VIEW("\xc3\xa4\xe2\x98\x83\xc2\xa5"),
			  VIEW("\xc3\xa4?\xc2\xa5"));
	assert_true(charset_map_has(&m, 'a'));
	assert_true(charset_map_has(&m, 0xe4));
	assert_true(charset_map_has(&m, 0xa5));
	assert_false(charset_map_has(&m, 0x2603));
	assert_false(charset_map_has(&m, 0x1f600));
	assert_true(charset_map_covers(&m, VIEW("a\xc3\xa4")));
	assert_false(charset_map_covers(&m, view_of(text)));
	size_t len = charset_map_apply(&m, text, strlen(text));
	assert_true(view_equal((struct view){ text, len },
			       VIEW("a\xc3\xa4?\xc2\xa5?z")));
}

/* ---- Bounds -------------------------------------------------------------- */

static void
the_smallest_limit_is_named(void **state)
{
	(void)state;
	struct store_settings settings = { .message_size = 25 << 20,
					   .transaction_bytes = 100 << 20 };
	struct server server = { .max_packet = 64 << 20,
				 .max_row = SIZE_MAX,
				 .max_transaction = SIZE_MAX };
	struct table t = least();

	struct size_limit l = size_limits_of_message(&settings, &server, &t);
	assert_int_equal(l.bytes, 25 << 20);
	assert_string_equal(l.name, "limits.message_size");
	server.max_packet = 16 << 20;
	l = size_limits_of_message(&settings, &server, &t);
	assert_int_equal(l.bytes, (16 << 20) - 68 * 1024);
	assert_non_null(strstr(l.name, "max_allowed_packet"));
	server.max_row = 6 << 20;
	server.is_tidb = true;
	l = size_limits_of_message(&settings, &server, &t);
	assert_int_equal(l.bytes, (6 << 20) - 68 * 1024);
	assert_non_null(strstr(l.remedy, "TiDB"));
	server.max_transaction = 5 << 20;
	l = size_limits_of_message(&settings, &server, &t);
	assert_int_equal(l.bytes, 5 << 20);
	assert_string_equal(l.name, "the engine's transaction");
	t.columns[2].max_bytes = 65535;
	l = size_limits_of_message(&settings, &server, &t);
	assert_int_equal(l.bytes, 65535 - 4096);
	assert_string_equal(l.name, "the column `mail`");
	t.columns[2].max_bytes = 255;
	assert_int_equal(size_limits_of_message(&settings, &server, &t).bytes,
			 0);
}

static void
addresses_are_bounded_by_both_columns(void **state)
{
	(void)state;
	struct store_settings settings = { .message_size = 25 << 20,
					   .transaction_bytes = 100 << 20 };
	struct server server = { .max_packet = 64 << 20,
				 .max_row = SIZE_MAX,
				 .max_transaction = SIZE_MAX };
	struct table t;

	table_init(&t);
	add_wide(&t, "to", "utf8mb4", "320");
	add_wide(&t, "recipient", "utf8mb4", "255");
	struct store_size_limits b =
		size_limits_of_table(&settings, &server, &t, &t);
	assert_int_equal(b.max_address_chars, 255);
	assert_true(b.has_utf8_addresses);
	table_init(&t);
	add_wide(&t, "to", "utf8mb4", "320");
	add_wide(&t, "recipient", "utf8mb3", "400");
	b = size_limits_of_table(&settings, &server, &t, &t);
	assert_int_equal(b.max_address_chars, 320);
	assert_false(b.has_utf8_addresses);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_columns_are_enough),
		cmocka_unit_test(each_required_column_is_missed),
		cmocka_unit_test(no_table_is_said_first),
		cmocka_unit_test(a_narrow_id_is_refused),
		cmocka_unit_test(unknown_columns_must_fill_themselves),
		cmocka_unit_test(a_key_settles_by_hash_and_what_never_changes),
		cmocka_unit_test(an_index_by_date_is_seen),
		cmocka_unit_test(text_is_made_to_fit),
		cmocka_unit_test(raw_bytes_are_kept_where_they_can_be),
		cmocka_unit_test(a_charset_is_learned_from_what_comes_back),
		cmocka_unit_test(the_smallest_limit_is_named),
		cmocka_unit_test(addresses_are_bounded_by_both_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
