/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scoreboard shown, whatever it holds. */
#include "control/status.h"

#include "base/scoreboard_layout.h"
#include "base/service_health.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SECOND = 1000000 };
#define NOW_US (INT64_C(90071) * SECOND)

static const struct moment now = { 6 * SECOND + SECOND / 2, NOW_US };

static void
occupy(struct scoreboard *b, enum slot_role role, int number)
{
	struct slot_tenant tenant = { .role = role,
				      .role_name = role == SLOT_WORKER
					      ? "worker" : role == SLOT_JANITOR
				      ? "janitor" : "master",
				      .pid = 1000 + number,
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
	slot_gauge(s, GAUGE_STORE_UP, 1);
	slot_set_host(s, VIEW("db1"));
	slot_set_error(s, VIEW("a \"quoted\" \\ text"));
	atomic_store(&s->error_wall_us, NOW_US - 130 * SECOND);
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
show_json(const struct scoreboard *b)
{
	struct buf out = BUF(16 * 1024 * 1024);

	status_print_json(b, now.now_us, now.wall_us, &out);
	buf_append_byte(&out, '\0');
	return out.at;
}

static char *
show_table(const struct scoreboard *b, bool is_wide)
{
	struct buf out = BUF(16 * 1024 * 1024);

	struct status_shape shape = { is_wide ? 0 : STATUS_WIDTH,
				      STATUS_BY_PLACE };
	status_print_table(b, &now, &shape, &out);
	buf_append_byte(&out, '\0');
	return out.at;
}

static char *
show_summary(const struct scoreboard *b, bool is_well)
{
	struct buf out = BUF(16 * 1024 * 1024);

	assert_int_equal(status_print_summary(b, &now, &out), is_well);
	buf_append_byte(&out, '\0');
	return out.at;
}

static void
a_row_has_what_says_something(void **state)
{
	char *text = show_table(*state, false);

	assert_string_equal(text,
		"PROCESS    PID  STATE       AGE  RESTARTS  SESSIONS  "
		"ACCEPTED  BYTES  IN DB\n"
		"master    1000  ready   0:00:00         2         0"
		"         0      0      -\n"
		"worker 1  1001  ready  1d 01:01         2         7"
		"        41   1.5M   1.5s\n");
	free(text);
}

static void
a_wide_row_has_everything(void **state)
{
	char *text = show_table(*state, true);
	char *row = strstr(text, "\nworker 1  1001    3  ready");

	assert_non_null(row);
	assert_non_null(strstr(row, "  1.5M  "));
	assert_non_null(strstr(row, "  1.5s  db1   0:02:10 ago: a \"quoted\" "
				    "\\ text\n"));
	free(text);
}

static void
rows_fit_eighty_columns(void **state)
{
	struct scoreboard *b = *state;

	for (int i = 0; i < SLOT_COUNTERS; i++)
		slot_count(scoreboard_slot_at(b, 1), (enum slot_counter)i,
			   123456789);
	char *text = show_table(b, false);
	assert_non_null(strstr(text, "ACCEPTED"));
	for (char *line = text; *line != '\0';) {
		size_t len = strcspn(line, "\n");
		assert_true(len <= 80);
		line += len + 1;
	}
	free(text);
}

static void
all_is_well(void **state)
{
	char *text = show_summary(*state, true);

	assert_string_equal(text,
		"guerrilla-smtpd 1.2.3: master 999, up 1d 01:01, generation 3\n"
		"All is well.\n"
		"database     db1, 1 of 1 workers\n"
		"spool        empty\n"
		"certificate  none\n"
		"last error   0:02:10 ago: a \"quoted\" \\ text\n"
		"mails        accepted 41, refused 0, deferred 0\n"
		"service      reloads 2 (0 refused), upgrades 0, restarts 0, "
		"poisoned 0\n");
	free(text);
}

static void
an_outage_is_said_in_words(void **state)
{
	struct scoreboard *b = *state;
	struct scoreboard_slot *worker = scoreboard_slot_at(b, 1);
	struct scoreboard_slot *janitor = scoreboard_slot_at(b, 2);

	occupy(b, SLOT_JANITOR, 2);
	slot_gauge(worker, GAUGE_STORE_UP, 0);
	slot_gauge(worker, GAUGE_STORE_DOWN_SINCE, NOW_US / SECOND - 75);
	slot_gauge(worker, GAUGE_HELD, 4);
	slot_gauge(janitor, GAUGE_SPOOL_FILES, 3);
	slot_gauge(janitor, GAUGE_SPOOL_BYTES, 2048);
	slot_gauge(janitor, GAUGE_SPOOL_OLDEST, NOW_US / SECOND - 70);
	slot_gauge(janitor, GAUGE_SPOOL_SET_ASIDE, 1);
	slot_gauge(scoreboard_slot_at(b, 0), GAUGE_CERTIFICATE_END,
		   NOW_US / SECOND + 3 * 86400);
	char *text = show_summary(b, false);
	assert_non_null(strstr(text,
		"Somebody must see to this:\n"
		"  - no database host can be written\n"
		"  - files set aside in the spool: 1; look at them\n"
		"  - a certificate ends in 3 days: renew it and reload\n"
		"database     away for 0:01:15; messages that wait: 4\n"
		"spool        3 files, 2.0K bytes, the oldest for 0:01:10; 1 "
		"set aside\n"
		"certificate  3 days left\n"));
	free(text);
	text = show_json(b);
	assert_non_null(strstr(text, "\"faults\":[\"no database host can be "
				     "written\",\"files set"));
	free(text);
}

static void
json_is_for_programs(void **state)
{
	char *text = show_json(*state);

	assert_int_equal(text[0], '{');
	assert_string_equal(text + strlen(text) - 4, "}]}\n");
	assert_non_null(strstr(text, "\"version\":\"1.2.3\",\"pid\":999,"
				     "\"uptime\":90061.000000,"));
	assert_non_null(strstr(text, "{\"role\":\"worker\",\"number\":1,"
				     "\"pid\":1001,\"generation\":3,"
				     "\"state\":\"ready\",\"restarts\":2,"));
	assert_non_null(strstr(text, "\"in_database\":1.500000,\"host\":"
				     "\"db1\","));
	assert_non_null(strstr(text, "\"last_error_age\":130.000000,"));
	assert_non_null(strstr(text, "\"faults\":[],"));
	assert_non_null(strstr(text, "\"last_error\":\"a \\\"quoted\\\" "
				     "\\\\ text\","));
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
		char *table = show_table(b, seed % 2 == 0);
		assert_true(is_printable(table));
		char *json = show_json(b);
		assert_true(is_printable(json));
		assert_string_equal(json + strlen(json) - 3, "]}\n");
		free(table);
		free(json);
	}
}

#define WITH_SCOREBOARD(test) \
	cmocka_unit_test_setup_teardown(test, make_scoreboard, \
					remove_scoreboard)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SCOREBOARD(a_row_has_what_says_something),
		WITH_SCOREBOARD(a_wide_row_has_everything),
		WITH_SCOREBOARD(rows_fit_eighty_columns),
		WITH_SCOREBOARD(all_is_well),
		WITH_SCOREBOARD(an_outage_is_said_in_words),
		WITH_SCOREBOARD(json_is_for_programs),
		WITH_SCOREBOARD(nonsense_is_shown_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
