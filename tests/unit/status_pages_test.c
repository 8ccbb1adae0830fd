/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What stands under each path, whatever the scoreboard holds. */
#include "status/pages.h"

#include "base/clock.h"
#include "support/status_service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static bool
body_is(enum status_page page, const struct scoreboard *b,
	const struct status_duty *d, unsigned code, const char *text)
{
	struct page_answer a;

	page_print(page, b, d, &a);
	bool is_so = a.code == code &&
		     view_equal(buf_view(&a.body), view_of(text));
	buf_release(&a.body);
	return is_so;
}

static void
put_down(struct scoreboard *b, size_t worker)
{
	struct scoreboard_slot *s = scoreboard_slot_at(b, worker);

	slot_gauge(s, GAUGE_STORE_UP, 0);
	slot_gauge(s, GAUGE_STORE_DOWN_SINCE, 1);
}

/* ---- Paths and hosts ----------------------------------------------------- */

static void
test_paths(void **state)
{
	(void)state;
	assert_int_equal(page_find("/healthz", ""), PAGE_HEALTHZ);
	assert_int_equal(page_find("/readyz", ""), PAGE_READYZ);
	assert_int_equal(page_find("/status.json", ""), PAGE_JSON);
	assert_int_equal(page_find("/metrics", "*/*"), PAGE_METRICS);
	assert_int_equal(page_find("", ""), -1);
	assert_int_equal(page_find("/", ""), PAGE_HTML);
	assert_int_equal(page_find("/page.js", ""), PAGE_JS);
	assert_int_equal(page_find("/page.html", ""), -1);
	assert_int_equal(page_find("/healthz/", ""), -1);
	assert_int_equal(page_find("/metrics?x", ""), -1);
}

#define OPEN "application/openmetrics-text"

static void
test_the_format_that_is_preferred(void **state)
{
	static const char *const open[] = {
		/* Prometheus, until 2.x and since. */
		OPEN ";version=1.0.0," OPEN ";version=0.0.1;q=0.75,"
		"text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
		"application/vnd.google.protobuf;proto=io.prometheus.client."
		"MetricFamily;encoding=delimited;q=0.6," OPEN ";version=1.0.0;"
		"escaping=allow-utf-8;q=0.5," OPEN ";version=0.0.1;q=0.4,"
		"text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
		"text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
		OPEN, OPEN ",text/plain", "text/plain;q=0.5," OPEN ";q=0.5",
		"Application/OpenMetrics-Text ; Q=0.001 , text/plain; q=0",
		OPEN ";q=1.000", OPEN ";q=0.5,*/*;q=0.4", "application/*",
		"*/*;q=0.9," OPEN ";q=0.2,text/*;q=0.1", OPEN ";q=0.3,"
		"text/plain;version=0.0.3;q=1", OPEN ";version= 1.0.0;a=b",
	};
	static const char *const text[] = {
		"", "*/*", "text/plain", "text/html,*/*;q=0.8", OPEN ";q=0",
		OPEN ";q=0.000,*/*", OPEN ";q=0.5,*/*", OPEN ";q=0.5,text/*",
		OPEN ";q=0.4,text/plain;q=0.5", OPEN ";version=0.0.1",
		OPEN ";version=2.0.0,*/*", OPEN ";q=0.2,*/*;q=0.1,text/plain;"
		"version=0.0.4;q=0.3", OPEN "x", "x" OPEN, "a/b;c=" OPEN,
		OPEN ";q=2", OPEN ";q=1.1", OPEN ";q=0.0009", OPEN ";q=-1",
		OPEN ";q=", OPEN ";q", OPEN ";q=0.x", "/", ",;,=;*", "*/x",
		"application/*;q=0.9," OPEN ";q=0", "text/plain;version=1.0.0",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(open) / sizeof(*open); i++)
		if (page_find("/metrics", open[i]) != PAGE_OPENMETRICS)
			fail_msg("is not given: %s", open[i]);
	for (size_t i = 0; i < sizeof(text) / sizeof(*text); i++)
		if (page_find("/metrics", text[i]) != PAGE_METRICS)
			fail_msg("is given: %s", text[i]);
	assert_int_equal(page_find("/healthz", OPEN), PAGE_HEALTHZ);
}

static void
test_hosts(void **state)
{
	static const char *const good[] = {
		"127.0.0.1", "127.0.0.1:8026", "192.0.2.1:1", "[::1]",
		"[::1]:8026", "localhost", "LocalHost:8026", "mx.example.org",
		"MX.EXAMPLE.ORG:80", ""
	};
	static const char *const bad[] = {
		"example.org", "mx.example.org.evil.example", "localhost.",
		"127.0.0.1.example.org", "[mx.example.org]", "[", ":8026",
		"1.2.3"
	};

	(void)state;
	assert_true(page_host_is_good(NULL, "mx.example.org"));
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_true(page_host_is_good(good[i], "mx.example.org"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(page_host_is_good(bad[i], "mx.example.org"));
}

/* ---- Alive and ready ----------------------------------------------------- */

static int64_t later_us;

static int64_t
later(void)
{
	return later_us;
}

static void
test_the_master_that_beats_is_alive(void **state)
{
	struct scoreboard *b = service_new(1);

	(void)state;
	assert_true(body_is(PAGE_HEALTHZ, b, &service_duty, 200, "alive\n"));
	later_us = clock_us() + (SERVICE_WATCHDOG_MS + 1) * INT64_C(1000);
	clock_fake(later, NULL);
	assert_true(body_is(PAGE_HEALTHZ, b, &service_duty, 503,
			    "the master does not answer\n"));
	assert_true(body_is(PAGE_READYZ, b, &service_duty, 503,
			    "no worker is ready\n"));
	clock_fake(NULL, NULL);
	scoreboard_close(&b);
}

static void
test_ready_is_who_takes_mail(void **state)
{
	struct scoreboard *b = service_new(2);
	struct status_duty spools = service_duty;
	static const char no_room[] = "no database host can be written and "
				      "the spool takes no more\n";

	(void)state;
	spools.spool_max = 1000;
	assert_true(body_is(PAGE_READYZ, b, &service_duty, 200, "ready\n"));
	put_down(b, 1);
	assert_true(body_is(PAGE_READYZ, b, &service_duty, 200, "ready\n"));
	put_down(b, 2);
	assert_true(body_is(PAGE_READYZ, b, &service_duty, 503,
			    "no database host can be written\n"));
	assert_true(body_is(PAGE_READYZ, b, &spools, 200, "ready\n"));
	struct scoreboard_slot *w = scoreboard_slot_at(b, 1);
	slot_gauge(w, GAUGE_SPOOL_BYTES, 1000);
	assert_true(body_is(PAGE_READYZ, b, &spools, 503, no_room));
	slot_gauge(w, GAUGE_SPOOL_BYTES, 999);
	assert_true(body_is(PAGE_READYZ, b, &spools, 200, "ready\n"));
	/* It refused one that was too large for what is left. */
	slot_gauge(w, GAUGE_SPOOL_REFUSED, (uint64_t)clock_wall_us() / 1000000);
	assert_true(body_is(PAGE_READYZ, b, &spools, 503, no_room));
	/* Who comes a minute later may try. */
	slot_gauge(w, GAUGE_SPOOL_REFUSED, 1);
	assert_true(body_is(PAGE_READYZ, b, &spools, 200, "ready\n"));
	slot_gauge(scoreboard_slot_at(b, 1), GAUGE_STORE_UP, 1);
	slot_set_state(scoreboard_slot_at(b, 1), SLOT_PAUSED);
	assert_true(body_is(PAGE_READYZ, b, &service_duty, 200, "ready\n"));
	slot_set_state(scoreboard_slot_at(b, 2), SLOT_PAUSED);
	assert_true(body_is(PAGE_READYZ, b, &service_duty, 503, "paused\n"));
	slot_set_state(scoreboard_slot_at(b, 1), SLOT_DRAINING);
	slot_set_state(scoreboard_slot_at(b, 2), SLOT_DRAINING);
	assert_true(body_is(PAGE_READYZ, b, &service_duty, 503,
			    "no worker is ready\n"));
	scoreboard_close(&b);
}

/* ---- The page ------------------------------------------------------------ */

static void
test_the_page_tells_once_what_is_wrong(void **state)
{
	struct scoreboard *b = service_new(2);
	struct page_answer a;

	(void)state;
	page_print(PAGE_HTML, b, &service_duty, &a);
	assert_int_equal(a.code, 200);
	assert_int_equal(times(&a.body, "All is well: mail is taken."), 1);
	assert_int_equal(times(&a.body, "<li>"), 0);
	/* Every graphic that is not a mere sign has a title. */
	assert_true(times(&a.body, "role=\"img\"><title>") > 0);
	assert_int_equal(times(&a.body, "role=\"img\"><title>"),
			 times(&a.body, "role=\"img\""));
	buf_release(&a.body);
	put_down(b, 1);
	put_down(b, 2);
	slot_gauge(scoreboard_slot_at(b, 1), GAUGE_SPOOL_SET_ASIDE, 1);
	page_print(PAGE_HTML, b, &service_duty, &a);
	assert_int_equal(times(&a.body, "mx.example.org: no mail is taken"),
			 1);
	assert_int_equal(times(&a.body, "<li>no database host can be written"
			       "</li>"), 1);
	assert_int_equal(times(&a.body, "<li>files set aside"), 1);
	buf_release(&a.body);
	scoreboard_close(&b);
}

/* What a process wrote is text, whatever it wrote. */
static void
test_the_page_escapes(void **state)
{
	struct scoreboard *b = service_new(1);
	struct page_answer a;

	(void)state;
	slot_set_host(scoreboard_slot_at(b, 1),
		      view_of("<script>alert(1)</script>&\""));
	page_print(PAGE_HTML, b, &service_duty, &a);
	assert_int_equal(times(&a.body, "alert(1)"), 2);
	assert_int_equal(times(&a.body, "&lt;script&gt;alert(1)&lt;/script"
			       "&gt;&amp;&quot;"), 2);
	assert_int_equal(times(&a.body, "<script>"), 0);
	buf_release(&a.body);
	page_print(PAGE_CSS, b, &service_duty, &a);
	assert_int_equal(times(&a.body, "prefers-color-scheme: dark"), 1);
	buf_release(&a.body);
	page_print(PAGE_JS, b, &service_duty, &a);
	assert_int_equal(times(&a.body, "\"use strict\""), 1);
	buf_release(&a.body);
	scoreboard_close(&b);
}

/* Who sends and who receives is in the log, not here. */
static void
test_the_page_names_nobody(void **state)
{
	static const struct {
		const char *error, *shown;
	} cases[] = {
		{ "Access denied for user 'guerrilla'@'localhost'",
		  "<td>Access denied for user 'guerrilla'@'localhost'</td>" },
		{ "No such mailbox: you@example.com",
		  "<td>No such mailbox: ...</td>" },
		{ "Duplicate entry '\"me you\"@example.com' for key",
		  "<td>Duplicate entry ...</td>" },
		{ "of 'a'@'b' there is no 'o'@example.com'",
		  "<td>of ...</td>" },
		{ "you@", "<td>...</td>" },
		{ "@'", "<td>...</td>" },
		{ "ended client=192.0.2.7 to=you", "<td>ended</td>" },
		{ "ended a=", "<td>ended</td>" },
		{ "1 = 1", "<td>1 = 1</td>" },
	};
	struct scoreboard *b = service_new(1);
	struct page_answer a;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		slot_set_error(scoreboard_slot_at(b, 1),
			       view_of(cases[i].error));
		page_print(PAGE_HTML, b, &service_duty, &a);
		assert_int_equal(times(&a.body, cases[i].shown), 1);
		buf_release(&a.body);
	}
	scoreboard_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_the_format_that_is_preferred),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_the_master_that_beats_is_alive),
		cmocka_unit_test(test_ready_is_who_takes_mail),
		cmocka_unit_test(test_the_page_tells_once_what_is_wrong),
		cmocka_unit_test(test_the_page_escapes),
		cmocka_unit_test(test_the_page_names_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
