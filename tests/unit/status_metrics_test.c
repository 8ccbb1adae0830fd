/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The metrics, line by line, whatever the scoreboard holds. */
#include "status/metrics.h"

#include "base/scoreboard_layout.h"
#include "base/utf8.h"
#include "smtp/reply.h"
#include "status/pages.h"
#include "support/status_service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool
has_line(const struct buf *text, const char *line)
{
	struct view rest = buf_view(text);

	while (rest.len > 0)
		if (view_equal(view_take_line(&rest), view_of(line)))
			return true;
	return false;
}

static void
put_metrics(const struct scoreboard *b, struct buf *out)
{
	out->len = 0;
	metrics_print(b, &service_duty, METRICS_TEXT, out);
}

/* Each value of a series has its line from the start, and what two hosts of
 * one name did stands in one. */
static void
test_series_have_each_value(void **state)
{
	struct scoreboard *b = service_new(2);
	struct scoreboard_slot *s = scoreboard_slot_at(b, 1);
	struct buf out = BUF(1024 * 1024);

	(void)state;
	put_metrics(b, &out);
	assert_true(has_line(&out, "guerrilla_smtpd_replies_total{code=\"354\","
			     "enhanced=\"\",reason=\"send_data\"} 0"));
	for (int i = 0; i < 3; i++)
		slot_count_in(s, SERIES_HOST_FAILURES, (size_t)i);
	slot_count_in(s, SERIES_HOST_FAILURES, SERIES_HOSTS);
	slot_count_in(s, SERIES_REPLIES, REPLY_UNKNOWN_RECIPIENT);
	slot_count_in(s, SERIES_REPLIES, REPLY_RECIPIENT_OK);
	slot_count_in(s, SERIES_REFUSED, REFUSED_PER_IP);
	slot_count_in(NULL, SERIES_REFUSED, REFUSED_PER_IP);
	slot_count_in(s, SERIES_LIMITS_MET, 99);
	put_metrics(b, &out);
	assert_true(has_line(&out, "guerrilla_smtpd_store_host_failures_total"
			     "{host=\"db1.example.org\"} 2"));
	assert_true(has_line(&out, "guerrilla_smtpd_store_host_failures_total"
			     "{host=\"other\"} 1"));
	assert_int_equal(times(&out, "host_failures_total{host=\"db1"), 1);
	assert_true(has_line(&out, "guerrilla_smtpd_replies_total{code=\"550\","
			     "enhanced=\"5.1.1\","
			     "reason=\"unknown_recipient\"} 1"));
	assert_true(has_line(&out, "guerrilla_smtpd_recipients_total"
			     "{outcome=\"accepted\"} 1"));
	assert_true(has_line(&out, "guerrilla_smtpd_connections_refused_total"
			     "{reason=\"per_ip\"} 1"));
	assert_true(has_line(&out, "guerrilla_smtpd_limits_met_total"
			     "{limit=\"cpu\"} 0"));
	buf_release(&out);
	scoreboard_close(&b);
}

static void
test_roles_and_certificates(void **state)
{
	struct scoreboard *b = service_new(1);
	struct buf out = BUF(1024 * 1024);

	(void)state;
	scoreboard_count_restart(b, SLOT_WORKER, RESTART_HANG);
	scoreboard_add_cpu(b, SLOT_WORKER, 1500000);
	scoreboard_add_cpu(b, SLOT_WORKER, 1);
	scoreboard_note_resident(b, SLOT_MASTER, 4096);
	scoreboard_note_certificate(b, 0, "", 2000);
	scoreboard_note_certificate(b, 1, "", 1000);
	scoreboard_note_certificate(b, 2, "mx.example.net", 3000);
	put_metrics(b, &out);
	assert_true(has_line(&out, "guerrilla_smtpd_restarts_total"
			     "{role=\"worker\",cause=\"hang\"} 1"));
	assert_true(has_line(&out, "guerrilla_smtpd_restarts_total"
			     "{role=\"master\",cause=\"exit\"} 0"));
	assert_int_equal(times(&out, "role=\"signer\""), 0);
	assert_true(has_line(&out, "guerrilla_smtpd_cpu_seconds_total"
			     "{role=\"worker\"} 1.500001"));
	assert_true(has_line(&out, "guerrilla_smtpd_resident_bytes"
			     "{role=\"master\"} 4096"));
	assert_true(has_line(&out, "guerrilla_smtpd_certificate_expiry_"
			     "timestamp_seconds{name=\"default\"} 1000"));
	assert_true(has_line(&out, "guerrilla_smtpd_certificate_expiry_"
			     "timestamp_seconds{name=\"mx.example.net\"} "
			     "3000"));
	assert_int_equal(times(&out, "seconds{name="), 2);
	buf_release(&out);
	scoreboard_close(&b);
}

static void
test_counts_are_sums(void **state)
{
	struct scoreboard *b = service_new(2);
	struct buf out = BUF(1024 * 1024);

	(void)state;
	for (size_t i = 1; i <= 2; i++) {
		struct scoreboard_slot *s = scoreboard_slot_at(b, i);
		slot_count(s, COUNT_MAILS_ACCEPTED, 20);
		slot_count(s, COUNT_MAILS_SPOOLED, 3);
		slot_gauge(s, GAUGE_MAX_MESSAGE_BYTES, 5000 + i);
		slot_set_host(s, VIEW("db2.example.org"));
	}
	metrics_print(b, &service_duty, METRICS_TEXT, &out);
	assert_true(has_line(&out, "# TYPE guerrilla_smtpd_mails_total "
			     "counter"));
	assert_true(has_line(&out, "guerrilla_smtpd_mails_total"
			     "{outcome=\"stored\"} 34"));
	assert_true(has_line(&out, "guerrilla_smtpd_mails_total"
			     "{outcome=\"spooled\"} 6"));
	assert_true(has_line(&out, "guerrilla_smtpd_mails_total"
			     "{outcome=\"deferred\"} 0"));
	assert_true(has_line(&out, "guerrilla_smtpd_store_workers"
			     "{host=\"db2.example.org\",state=\"up\"} 2"));
	assert_true(has_line(&out, "guerrilla_smtpd_processes"
			     "{role=\"worker\",state=\"ready\"} 2"));
	assert_true(has_line(&out, "guerrilla_smtpd_max_message_bytes 5001"));
	assert_true(has_line(&out, "guerrilla_smtpd_sessions_limit 500"));
	assert_false(has_line(&out, "# EOF"));
	scoreboard_vacate(b, 1);
	scoreboard_vacate(b, 2);
	out.len = 0;
	metrics_print(b, &service_duty, METRICS_TEXT, &out);
	assert_true(has_line(&out, "guerrilla_smtpd_processes"
			     "{role=\"worker\",state=\"ready\"} 0"));
	assert_true(has_line(&out, "guerrilla_smtpd_mails_total"
			     "{outcome=\"stored\"} 34"));
	out.len = 0;
	metrics_print(b, &service_duty, METRICS_OPENMETRICS, &out);
	assert_true(has_line(&out, "# TYPE guerrilla_smtpd_mails counter"));
	assert_true(has_line(&out, "guerrilla_smtpd_mails_total"
			     "{outcome=\"stored\"} 34"));
	assert_memory_equal(out.at + out.len - 6, "# EOF\n", 6);
	buf_release(&out);
	scoreboard_close(&b);
}

/* "name{labels} value" with a number, or a comment. */
static bool
is_good_line(struct view line)
{
	char number[40], *end;

	if (view_starts_nocase(line, VIEW("# ")))
		return true;
	size_t space = view_find_last(line, ' ');
	struct view value = view_slice(line, space + 1, line.len);
	if (!view_starts_nocase(line, VIEW("guerrilla_smtpd_")) ||
	    value.len == 0 || value.len >= sizeof(number))
		return false;
	memcpy(number, value.at, value.len);
	number[value.len] = '\0';
	return strtod(number, &end) >= 0 && *end == '\0';
}

/* Brackets that close what they open, outside strings that end. */
static bool
is_balanced_json(struct view text)
{
	char open[64];
	size_t depth = 0;
	bool is_string = false;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];
		if (is_string && c == '\\')
			i++;
		else if (c == '"')
			is_string = !is_string;
		else if (!is_string && (c == '{' || c == '[') &&
			 depth < sizeof(open))
			open[depth++] = c == '{' ? '}' : ']';
		else if (!is_string && (c == '}' || c == ']') &&
			 (depth == 0 || open[--depth] != c))
			return false;
	}
	return depth == 0 && !is_string && text.len > 0;
}

static size_t
series_with(size_t workers, size_t *bytes_out)
{
	struct scoreboard *b = service_new(workers);
	struct buf out = BUF(1024 * 1024);
	size_t series = 0;

	put_metrics(b, &out);
	*bytes_out = out.len;
	for (struct view rest = buf_view(&out); rest.len > 0;)
		series += view_take_line(&rest).at[0] != '#';
	buf_release(&out);
	scoreboard_close(&b);
	return series;
}

/* Whoever scrapes pays for each of them. */
static void
test_series_are_few(void **state)
{
	size_t bytes, few = series_with(2, &bytes);

	(void)state;
	assert_in_range(few, 300, 600);
	assert_in_range(series_with(64, &bytes), few, few + 6 * 62);
	assert_in_range(bytes, 1, 200 * 1024);
}

/* The memory is others' too: no body of it is anything but lines. */
static void
test_any_memory_gives_lines(void **state)
{
	enum { ROUNDS = 20 };
	struct scoreboard *b = service_new(3);

	size_t slot_size = scoreboard_slot_offset(1) -
			   scoreboard_slot_offset(0);
	(void)state;
	srand(1);
	for (int round = 0; round < ROUNDS; round++) {
		struct buf out = BUF(1024 * 1024);
		/* Not its head, which tells its size. */
		for (size_t i = 1; i < 4; i++) {
			unsigned char *slot = (unsigned char *)
				scoreboard_slot_at(b, i);
			for (size_t k = 0; k < slot_size; k++)
				slot[k] = (unsigned char)rand();
		}
		for (size_t k = 0; k < sizeof(b->roles); k++)
			((unsigned char *)b->roles)[k] = (unsigned char)rand();
		for (size_t k = 0; k < sizeof(b->certificates); k++)
			((unsigned char *)b->certificates)[k] =
				(unsigned char)rand();
		struct page_answer a;
		page_print(PAGE_HTML, b, &service_duty, &a);
		assert_true(a.body.len > 0);
		assert_true(utf8_is_ascii(buf_view(&a.body)));
		buf_release(&a.body);
		page_print(PAGE_JSON, b, &service_duty, &a);
		assert_true(utf8_is_ascii(buf_view(&a.body)));
		assert_true(is_balanced_json(buf_view(&a.body)));
		buf_release(&a.body);
		metrics_print(b, &service_duty, METRICS_OPENMETRICS, &out);
		struct view rest = buf_view(&out);
		assert_true(rest.len > 0);
		while (rest.len > 0)
			assert_true(is_good_line(view_take_line(&rest)));
		buf_release(&out);
	}
	scoreboard_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_series_have_each_value),
		cmocka_unit_test(test_roles_and_certificates),
		cmocka_unit_test(test_counts_are_sums),
		cmocka_unit_test(test_series_are_few),
		cmocka_unit_test(test_any_memory_gives_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
