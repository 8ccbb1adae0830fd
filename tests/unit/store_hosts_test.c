/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which host when, and which partitions for which retention. */
#include "store/host_names.h"
#include "store/hosts.h"
#include "store/partitions.h"
#include "store/retention_domains.h"

#include "base/shared_memory.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void
a_dead_host_is_left_alone_longer_and_longer(void **state)
{
	(void)state;
	struct store_settings settings = { .host_count = 2 };
	struct hosts h;
	int64_t now = 1000000;
	int64_t most = 50;

	hosts_init(&h, &settings, 7);
	assert_int_equal(hosts_order(&h, 0), 0);
	for (int i = 0; i < 10; i++) {
		hosts_failed(&h, 0, now);
		assert_false(hosts_is_due(&h, 0, now + most / 2 - 1));
		assert_true(hosts_is_due(&h, 0, now + most));
		assert_true(hosts_is_due(&h, 1, now));
		assert_int_equal(hosts_next_ms(&h), 0);
		now += most;
		most = most * 2 < 2000 ? most * 2 : 2000;
	}
	hosts_worked(&h, 0);
	assert_true(hosts_is_due(&h, 0, 0));
	hosts_deinit(&h);
}

static void
workers_spread_over_hosts_and_moments(void **state)
{
	(void)state;
	struct store_settings settings = { .host_count = 3,
					   .order = STORE_ORDER_SPREAD };
	int first[3] = { 0 };
	int64_t moments[64];
	int same = 0;

	for (unsigned i = 0; i < 64; i++) {
		struct hosts h;
		hosts_init(&h, &settings, 0x9e3779b97f4a7c15u * (i + 1));
		first[hosts_order(&h, 0)]++;
		assert_int_equal(hosts_order(&h, 3), hosts_order(&h, 0));
		for (int k = 0; k < 6; k++)
			hosts_failed(&h, 0, 0);
		moments[i] = h.at[0].may_try_ms;
		for (unsigned k = 0; k < i; k++)
			same += moments[k] == moments[i];
		hosts_deinit(&h);
	}
	for (int i = 0; i < 3; i++)
		assert_true(first[i] > 8);
	assert_true(same < 10);
}

static enum probe_answer
probe_name_at(const char *one, const char *other, uint16_t port)
{
	static struct store_host host = { "db.example.com", 0 };
	static const struct store_settings settings = { .hosts = &host,
							.host_count = 1 };
	static struct host_names *names;
	struct host_addresses found = { .count = 2 };
	struct probe probe = PROBE_NONE;
	enum probe_answer answer;

	assert_true(address_parse(view_of(one), &found.at[0]));
	assert_true(address_parse(view_of(other), &found.at[1]));
	if (names == NULL) {
		size_t size = host_names_size(1);
		int fd = shared_memory_open("names", size);
		names = shared_memory_map(fd, size, PROT_READ | PROT_WRITE);
		assert_non_null(names);
		close(fd);
		host_names_set(names, 0, &found);
		host_names_use(names, &settings, 1);
	}
	host_names_set(names, 0, &found);
	host.port = port;
	probe_start(&probe, &host, INT64_MAX);
	while ((answer = probe_ask(&probe)) == PROBE_WAITS)
		usleep(1000);
	assert_int_equal(probe.fd, -1);
	return answer;
}

/* A server that listens on one of its name's addresses. */
static void
each_address_of_a_name_is_probed(void **state)
{
	(void)state;
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t size = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
	uint16_t port = ntohs(at.sin_port);
	assert_int_equal(probe_name_at("127.0.0.1", "127.0.0.2", port),
			 PROBE_LISTENS);
	assert_int_equal(probe_name_at("127.0.0.2", "127.0.0.1", port),
			 PROBE_LISTENS);
	assert_int_equal(probe_name_at("::1", "127.0.0.1", port),
			 PROBE_LISTENS);
	close(fd);
	assert_int_equal(probe_name_at("127.0.0.2", "127.0.0.1", port),
			 PROBE_SILENT);
}

static void
partitions_are_known_by_their_expression(void **state)
{
	(void)state;
	static const struct {
		const char *method;
		const char *expression;
		enum partition_kind kind;
	} cases[] = {
		{ "RANGE COLUMNS", "`date`", PARTITIONS_COLUMNS },
		{ "RANGE COLUMNS", "`date`,`to`", PARTITIONS_NONE },
		{ "RANGE COLUMNS", "`mail_id`", PARTITIONS_NONE },
		{ "RANGE", "to_days(`date`)", PARTITIONS_TO_DAYS },
		{ "RANGE", "TO_SECONDS(`date`)", PARTITIONS_TO_SECONDS },
		{ "RANGE", "unix_timestamp(`date`)",
		  PARTITIONS_UNIX_TIMESTAMP },
		{ "RANGE", "year(`date`)", PARTITIONS_NONE },
		{ "RANGE", "`mail_id`", PARTITIONS_NONE },
		{ "HASH", "`date`", PARTITIONS_NONE },
		{ "KEY", "`date`", PARTITIONS_NONE },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(partitions_kind(view_of(cases[i].method),
						 view_of(cases[i].expression)),
				 cases[i].kind);
}

static void
boundaries_are_read(void **state)
{
	(void)state;
	int64_t at = 5;

	assert_true(partitions_boundary(PARTITIONS_COLUMNS,
					VIEW("'2026-01-02 03:04:05'"), &at));
	assert_int_equal(at, 1767323045);
	assert_true(partitions_boundary(PARTITIONS_COLUMNS,
					VIEW("'1970-01-02'"), &at));
	assert_int_equal(at, 86400);
	assert_true(partitions_boundary(PARTITIONS_TO_DAYS, VIEW("719529"),
					&at));
	assert_int_equal(at, 86400);
	assert_true(partitions_boundary(PARTITIONS_TO_SECONDS,
					VIEW("62167219201"), &at));
	assert_int_equal(at, 1);
	assert_true(partitions_boundary(PARTITIONS_COLUMNS, VIEW("MAXVALUE"),
					&at));
	assert_true(at == INT64_MAX);
	assert_false(partitions_boundary(PARTITIONS_COLUMNS, VIEW("NULL"),
					 &at));
	assert_false(partitions_boundary(PARTITIONS_TO_DAYS, VIEW("-1"), &at));
}

static void
an_interval_is_a_round_quarter(void **state)
{
	(void)state;
	static const struct {
		int64_t retention;
		int64_t interval;
	} cases[] = {
		{ 60, 60 }, { 600, 60 }, { 3600, 900 }, { 7200, 1800 },
		{ 86400, 21600 }, { 7 * 86400, 86400 },
		{ 365 * 86400, 7 * 86400 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(partitions_interval(PARTITIONS_COLUMNS,
						     cases[i].retention),
				 cases[i].interval);
	assert_int_equal(partitions_interval(PARTITIONS_TO_DAYS, 3600), 86400);
}

static bool
says(struct buf *sql, const char *expected)
{
	bool is_same = view_equal(buf_view(sql), view_of(expected));

	if (!is_same)
		print_error("%.*s\n", (int)sql->len, sql->at);
	sql->len = 0;
	return is_same;
}

static void
a_domain_has_its_own_time(void **state)
{
	(void)state;
	struct retention_domain domains[] = {
		{ "vip.example", 86400000 }, { "*.b.example", 3600000 },
		{ "x.example", 0 },
	};
	struct store_settings s = {
		.retention_ms = 3600000, .retention_domains = domains,
		.retention_domain_count = 2
	};
	struct buf sql = BUF(10000);
	int64_t classes[4];

	assert_int_equal(retention_longest_s(&s), 86400);
	assert_int_equal(retention_shortest_s(&s), 3600);
	assert_int_equal(retention_classes(&s, classes), 2);
	s.retention_domain_count = 3;
	assert_int_equal(retention_longest_s(&s), 0);
	assert_int_equal(retention_classes(&s, classes), 2);
	s.retention_ms = 0;
	assert_int_equal(retention_longest_s(&s), 0);
	assert_int_equal(retention_shortest_s(&s), 3600);
	s.retention_domain_count = 0;
	assert_int_equal(retention_shortest_s(&s), 0);
	assert_int_equal(retention_classes(&s, classes), 0);
	s.retention_domain_count = 2;
	retention_write_class(&s, 3600, &sql);
#define DOMAIN "SUBSTRING_INDEX(LOWER(CONVERT(`to` USING utf8mb4)),'@',-1)"
	assert_true(says(&sql, "CASE WHEN " DOMAIN "='vip.example' THEN 86400 "
		"WHEN RIGHT(" DOMAIN ",10)='.b.example' THEN 3600 ELSE 0 END "
		"= 3600"));
	buf_release(&sql);
}

static void
partitions_are_made_three_intervals_ahead(void **state)
{
	(void)state;
	struct buf sql = BUF(10000);
	struct partition at[3] = {
		{ .name = "pmax", .below_s = INT64_MAX } };
	struct partitions p = { PARTITIONS_COLUMNS, at, 1, 900, 0 };
	int64_t now = 1767323045;       /* 2026-01-02 03:04:05 */

	assert_true(partitions_write_new(&p, "`t`", now, &sql));
	assert_true(says(&sql, "ALTER TABLE `t` REORGANIZE PARTITION `pmax` "
		"INTO (PARTITION `p202601020315` VALUES LESS THAN "
		"('2026-01-02 03:15:00'), PARTITION `p202601020330` VALUES "
		"LESS THAN ('2026-01-02 03:30:00'), PARTITION `p202601020345` "
		"VALUES LESS THAN ('2026-01-02 03:45:00'), PARTITION "
		"`p202601020400` VALUES LESS THAN ('2026-01-02 04:00:00'), "
		"PARTITION `pmax` VALUES LESS THAN (MAXVALUE))"));
	at[1] = at[0];
	at[0].below_s = now - now % 900 + 3 * 900;
	p.count = 2;
	assert_true(partitions_write_new(&p, "`t`", now, &sql));
	assert_true(says(&sql, "ALTER TABLE `t` REORGANIZE PARTITION `pmax` "
		"INTO (PARTITION `p202601020400` VALUES LESS THAN "
		"('2026-01-02 04:00:00'), PARTITION `pmax` VALUES LESS THAN "
		"(MAXVALUE))"));
	at[0].below_s += 900;
	assert_false(partitions_write_new(&p, "`t`", now, &sql));
	p.count = 1;
	p.kind = PARTITIONS_TO_SECONDS;
	at[0].below_s -= 900;
	assert_true(partitions_write_new(&p, "`t`", now, &sql));
	assert_true(says(&sql, "ALTER TABLE `t` ADD PARTITION (PARTITION "
		"`p202601020400` VALUES LESS THAN (63934545600))"));
	buf_release(&sql);
}

static void
only_what_is_wholly_old_is_dropped(void **state)
{
	(void)state;
	struct buf sql = BUF(10000);
	struct partition at[4] = {
		{ .name = "a", .below_s = 100, .rows = 7 },
		{ .name = "b", .below_s = 200, .rows = 5 },
		{ .name = "c", .below_s = 300, .rows = 1 },
		{ .name = "pmax", .below_s = INT64_MAX } };
	struct partitions p = { PARTITIONS_COLUMNS, at, 4, 900, 0 };

	assert_int_equal(partitions_expired(&p, 99), 0);
	assert_int_equal(partitions_expired(&p, 299), 2);
	assert_int_equal(partitions_write_drop(&p, "`t`", 2, &sql), 12);
	assert_true(says(&sql, "ALTER TABLE `t` DROP PARTITION `a`, `b`"));
	/* The last one stays, however old. */
	p.count = 2;
	assert_int_equal(partitions_expired(&p, 999), 1);
	buf_release(&sql);
}

/* Years for mail that lives an hour, or everything in the last one: then rows
 * are deleted. Not while our own partitions are young. */
static void
coarse_partitions_are_told(void **state)
{
	(void)state;
	enum { HOUR = 3600, YEAR = 365 * 86400 };
	int64_t now = 1767323045;
	struct partition at[2] = { { .name = "y", .below_s = now + YEAR / 2 },
				   { .name = "m", .below_s = INT64_MAX } };
	struct partitions p = { PARTITIONS_COLUMNS, at, 2, 900, 0 };

	assert_true(partitions_are_coarse(&p, now - HOUR, HOUR));
	at[0].below_s = now - now % 900 + 900;
	assert_false(partitions_are_coarse(&p, now - HOUR, HOUR));
	at[0].below_s = now - YEAR;
	assert_true(partitions_are_coarse(&p, now - HOUR, HOUR));
	p.count = 0;
	assert_false(partitions_are_coarse(&p, now - HOUR, HOUR));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_dead_host_is_left_alone_longer_and_longer),
		cmocka_unit_test(workers_spread_over_hosts_and_moments),
		cmocka_unit_test(each_address_of_a_name_is_probed),
		cmocka_unit_test(partitions_are_known_by_their_expression),
		cmocka_unit_test(boundaries_are_read),
		cmocka_unit_test(an_interval_is_a_round_quarter),
		cmocka_unit_test(a_domain_has_its_own_time),
		cmocka_unit_test(partitions_are_made_three_intervals_ahead),
		cmocka_unit_test(only_what_is_wholly_old_is_dropped),
		cmocka_unit_test(coarse_partitions_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
