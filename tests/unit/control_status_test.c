/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scoreboard shown, whatever it holds. */
#include "control/status.h"

#include "base/scoreboard_layout.h"
#include "base/status_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SECOND = 1000000 };

static void
occupy(struct scoreboard *b, enum slot_role role, int number)
{
	struct slot_tenant tenant = { .role = role, .pid = 1000 + number,
				      .number = number, .generation = 3,
				      .restarts = 2 };
	struct scoreboard_slot *s =
		scoreboard_slot_at(b, (size_t)number);

	scoreboard_occupy(b, (size_t)number, &tenant);
	slot_set_state(s, SLOT_READY);
	if (role != SLOT_WORKER)
		return;
	slot_count(s, COUNT_MAILS_ACCEPTED, 41);
	slot_count(s, COUNT_BYTES, 3 * 1024 * 1024 / 2);
	slot_gauge(s, GAUGE_SESSIONS, 7);
	slot_set_error(s, "a \"quoted\" \\ text");
	atomic_store(&b->tenants[number].began_wall_us, 10 * SECOND);
	atomic_store(&s->database_since_us, 5 * SECOND);
}

static int
make_scoreboard(void **state)
{
	struct scoreboard_figures figures = {
		.master = 999,
		.version = "1.2.3",
		.generation = 3,
		.began_wall_us = 10 * SECOND,
		.reloads = 2,
	};

	struct scoreboard *b = scoreboard_create(NULL);
	assert_non_null(b);
	scoreboard_describe(b, &figures);
	occupy(b, SLOT_MASTER, 0);
	occupy(b, SLOT_WORKER, 1);
	*state = b;
	return 0;
}

static int
remove_scoreboard(void **state)
{
	struct scoreboard *b = *state;

	scoreboard_close(&b);
	return 0;
}

static char *
show(const struct scoreboard *b,
     void (*print)(const struct scoreboard *, int64_t, int64_t,
		   struct buf *))
{
	struct buf out = BUF(16 * 1024 * 1024);

	print(b, 6 * SECOND + SECOND / 2,
	      INT64_C(10) * SECOND + INT64_C(90061) * SECOND, &out);
	buf_append_byte(&out, '\0');
	return out.at;
}

static void
the_table_is_for_people(void **state)
{
	char *text = show(*state, status_print_table);

	assert_non_null(strstr(text, "guerrilla-smtpd 1.2.3: master 999, "
				     "up 1d 01:01, generation 3\n"));
	assert_non_null(strstr(text, "reloads 2 (0 refused)"));
	char *row = strstr(text, "\nworker 1  1001    3  ready");
	assert_non_null(row);
	assert_non_null(strstr(row, "  1d 01:01  "));
	assert_non_null(strstr(row, "  1.5M  "));
	assert_non_null(strstr(row, "  1.5s  a \"quoted\" \\ text\n"));
	free(text);
}

static void
json_is_for_programs(void **state)
{
	char *text = show(*state, status_print_json);

	assert_int_equal(text[0], '{');
	assert_string_equal(text + strlen(text) - 4, "}]}\n");
	assert_non_null(strstr(text, "\"version\":\"1.2.3\",\"pid\":999,"
				     "\"uptime\":90061.000000,"));
	assert_non_null(strstr(text, "{\"role\":\"worker\",\"number\":1,"
				     "\"pid\":1001,\"generation\":3,"
				     "\"state\":\"ready\",\"restarts\":2,"));
	assert_non_null(strstr(text, "\"in_database\":1.500000,"));
	assert_non_null(strstr(text, "\"last_error\":\"a \\u0022quoted"
				     "\\u0022 \\u005c text\","));
	assert_non_null(strstr(text, "\"mails_accepted\":41,"));
	assert_null(strstr(text, ",}"));
	assert_null(strstr(text, ",]"));
	free(text);
}

static bool
is_printable(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text != '\n' && (*text < ' ' || *text > '~'))
			return false;
	return true;
}

/* Any bytes where processes write: nothing breaks, nothing gets through. */
static void
nonsense_is_shown_as_it_is(void **state)
{
	struct scoreboard *b = *state;
	unsigned char *bytes = (unsigned char *)&b->master;
	size_t size = scoreboard_slot_offset(SCOREBOARD_SLOTS) -
		      offsetof(struct scoreboard, master);

	for (unsigned seed = 1; seed <= 20; seed++) {
		srand(seed);
		for (size_t i = 0; i < size; i++)
			bytes[i] = seed == 1 ? 0xff :
				   (unsigned char)(rand() >> 7);
		char *table = show(b, status_print_table);
		assert_true(is_printable(table));
		char *json = show(b, status_print_json);
		assert_true(is_printable(json));
		assert_string_equal(json + strlen(json) - 3, "]}\n");
		free(table);
		free(json);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_table_is_for_people,
						make_scoreboard,
						remove_scoreboard),
		cmocka_unit_test_setup_teardown(json_is_for_programs,
						make_scoreboard,
						remove_scoreboard),
		cmocka_unit_test_setup_teardown(nonsense_is_shown_as_it_is,
						make_scoreboard,
						remove_scoreboard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
