/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The census: limits in all, by address and by minute, over several workers,
 * one of which may be killed at any moment. */
#include "net/census.h"

#include "net/address.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { MINUTE = 60000, START = 1000 * MINUTE };

static struct address
parsed(const char *text)
{
	struct address a;

	assert_true(address_parse(view_of(text), &a));
	return a;
}

/* The n-th of many IPv4 addresses. */
static struct address
nth(uint32_t n)
{
	uint8_t bytes[4] = { 10, (uint8_t)(n >> 16), (uint8_t)(n >> 8),
			     (uint8_t)n };

	return address_from_bytes(bytes, 4, 0);
}

/* Two workers of one census with these limits. */
struct pair {
	struct census *census;
	struct census_seat a, b;
};

static struct pair
new_pair(struct census_limits limits)
{
	struct pair p = { .census = census_new(3, limits.connections) };

	assert_non_null(p.census);
	p.a = p.b = (struct census_seat){ p.census, 0, limits };
	p.a.region = (unsigned)census_take_region(p.census);
	p.b.region = (unsigned)census_take_region(p.census);
	assert_int_not_equal(p.a.region, p.b.region);
	return p;
}

static void
regions_are_taken_and_given_back(void **state)
{
	struct census *c = census_new(2, 10);
	(void)state;

	assert_int_equal(census_take_region(c), 0);
	assert_int_equal(census_take_region(c), 1);
	assert_int_equal(census_take_region(c), -1);
	census_clear_region(c, 0);
	assert_int_equal(census_take_region(c), 0);
	census_free(&c);
	assert_null(c);
	census_free(&c);
}

static void
connections_in_all_are_limited(void **state)
{
	struct pair p = new_pair((struct census_limits){ .connections = 3 });
	(void)state;

	for (uint32_t i = 0; i < 3; i++) {
		struct address a = nth(i);
		assert_int_equal(census_admit(i % 2 ? &p.a : &p.b, &a, START),
				 CENSUS_OK);
	}
	struct address more = nth(7);
	assert_int_equal(census_admit(&p.a, &more, START), CENSUS_FULL);
	assert_int_equal(census_admit(&p.b, &more, START), CENSUS_FULL);
	assert_int_equal(census_total(p.census), 3);
	struct address first = nth(0);
	census_leave(&p.b, &first);
	assert_int_equal(census_admit(&p.a, &more, START), CENSUS_OK);
	census_free(&p.census);
}

static void
one_address_is_limited_over_all_workers(void **state)
{
	static const char *const same[] = {
		"2001:db8:0:1::1", "2001:db8:0:1::2", "2001:db8:0:1:ffff::",
	};
	struct pair p = new_pair((struct census_limits){
		.connections = 100, .connections_per_ip = 2 });
	struct address other = parsed("2001:db8:0:2::1");
	struct address a = parsed(same[0]), b = parsed(same[1]);
	struct address c = parsed(same[2]);
	(void)state;

	assert_int_equal(census_admit(&p.a, &a, START), CENSUS_OK);
	assert_int_equal(census_admit(&p.b, &b, START), CENSUS_OK);
	assert_int_equal(census_admit(&p.a, &c, START), CENSUS_PER_IP);
	assert_int_equal(census_admit(&p.b, &c, START), CENSUS_PER_IP);
	assert_int_equal(census_admit(&p.b, &other, START), CENSUS_OK);
	assert_int_equal(census_total(p.census), 3);
	census_leave(&p.a, &a);
	assert_int_equal(census_admit(&p.b, &c, START), CENSUS_OK);
	assert_int_equal(census_admit(&p.a, &a, START), CENSUS_PER_IP);
	census_free(&p.census);
}

static void
a_local_peer_counts_only_in_all(void **state)
{
	struct pair p = new_pair((struct census_limits){
		.connections = 4, .connections_per_ip = 1, .rate_per_ip = 1 });
	struct sockaddr_storage from = { .ss_family = AF_UNIX };
	struct address local = address_from_socket(&from);
	struct address tcp = parsed("127.0.0.1");
	(void)state;

	for (int i = 0; i < 3; i++)
		assert_int_equal(census_admit(&p.a, &local, START), CENSUS_OK);
	assert_int_equal(census_admit(&p.a, &tcp, START), CENSUS_OK);
	assert_int_equal(census_admit(&p.a, &local, START), CENSUS_FULL);
	for (int i = 0; i < 3; i++)
		census_leave(&p.a, &local);
	census_leave(&p.a, &tcp);
	assert_int_equal(census_total(p.census), 0);
	census_free(&p.census);
}

static void
the_net_of_no_client_counts_too(void **state)
{
	static const char *const odd[] = { "::1", "ffff:ffff:ffff:ffff::1" };
	struct pair p = new_pair((struct census_limits){
		.connections = 9, .connections_per_ip = 1 });
	(void)state;

	for (size_t i = 0; i < 2; i++) {
		struct address a = parsed(odd[i]);
		assert_int_equal(census_admit(&p.a, &a, START), CENSUS_OK);
		assert_int_equal(census_admit(&p.b, &a, START), CENSUS_PER_IP);
		census_leave(&p.a, &a);
		assert_int_equal(census_admit(&p.b, &a, START), CENSUS_OK);
	}
	census_free(&p.census);
}

/* How many of ten new connections, alternating between both, are taken. */
static int
taken_of_ten(struct pair *p, const struct address *a, int64_t now_ms)
{
	int taken = 0;

	for (int i = 0; i < 10; i++) {
		struct census_seat *s = i % 2 ? &p->a : &p->b;
		enum census_verdict v = census_admit(s, a, now_ms);
		assert_true(v == CENSUS_OK || v == CENSUS_RATE);
		if (v == CENSUS_OK)
			census_leave(s, a);
		taken += v == CENSUS_OK;
	}
	return taken;
}

static void
new_connections_a_minute_are_limited(void **state)
{
	static const struct {
		int64_t first_ms, then_ms;
		int taken;
	} cases[] = {
		{ 0, 0, 0 }, { 0, 59999, 0 },
		/* The minute before counts by the part still in 60 s. */
		{ 0, 60000, 0 }, { 0, 60001, 0 }, { 59999, 60000, 0 },
		{ 0, 75000, 1 }, { 0, 90000, 3 }, { 59999, 119999, 5 },
		{ 0, 120000, 6 }, { 0, 600000, 6 }, { 59999, 120000, 6 },
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pair p = new_pair((struct census_limits){
			.connections = 10, .rate_per_ip = 6 });
		struct address a = parsed("192.0.2.1"), b = nth(1);
		assert_int_equal(taken_of_ten(&p, &a,
					      START + cases[i].first_ms), 6);
		assert_int_equal(taken_of_ten(&p, &a,
					      START + cases[i].then_ms),
				 cases[i].taken);
		assert_int_equal(taken_of_ten(&p, &b,
					      START + cases[i].then_ms), 6);
		census_free(&p.census);
	}
}

static void
a_dead_workers_connections_are_forgotten(void **state)
{
	struct pair p = new_pair((struct census_limits){
		.connections = 5, .connections_per_ip = 4, .rate_per_ip = 5 });
	struct address a = parsed("192.0.2.1");
	(void)state;

	for (int i = 0; i < 3; i++)
		assert_int_equal(census_admit(&p.a, &a, START), CENSUS_OK);
	assert_int_equal(census_admit(&p.b, &a, START), CENSUS_OK);
	assert_int_equal(census_admit(&p.b, &a, START), CENSUS_PER_IP);
	census_clear_region(p.census, p.a.region);
	assert_int_equal(census_total(p.census), 1);
	assert_int_equal(census_take_region(p.census), p.a.region);
	/* Its rate was true, and stays: 4 of 5 a minute are used. */
	assert_int_equal(census_admit(&p.a, &a, START), CENSUS_OK);
	assert_int_equal(census_admit(&p.a, &a, START), CENSUS_RATE);
	census_free(&p.census);
}

static void
as_many_addresses_as_connections_fit(void **state)
{
	enum { MANY = 20000 };
	struct pair p = new_pair((struct census_limits){
		.connections = MANY, .connections_per_ip = 1 });
	(void)state;

	/* Thrice, so that entries are used again. */
	for (uint32_t round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < MANY; i++) {
			struct address a = nth(i + round * MANY);
			assert_int_equal(census_admit(&p.a, &a, START),
					 CENSUS_OK);
		}
		for (uint32_t i = 0; i < MANY; i++) {
			struct address a = nth(i + round * MANY);
			census_leave(&p.a, &a);
		}
		assert_int_equal(census_total(p.census), 0);
	}
	census_free(&p.census);
}

static void
more_addresses_than_are_remembered_do_no_harm(void **state)
{
	struct pair p = new_pair((struct census_limits){
		.connections = 10, .rate_per_ip = 1 });
	struct address mine = parsed("192.0.2.1");
	(void)state;

	for (uint32_t i = 0; i < 100000; i++) {
		struct address a = nth(i);
		assert_int_equal(census_admit(&p.a, &a, START), CENSUS_OK);
		census_leave(&p.a, &a);
	}
	assert_int_equal(census_admit(&p.b, &mine, START), CENSUS_OK);
	assert_int_equal(census_admit(&p.b, &mine, START), CENSUS_RATE);
	census_free(&p.census);
}

/* ---- Processes ---------------------------------------------------------- */

/* Comes and goes at random among few addresses until killed; then, or when
 * the limit was seen broken, ends. */
static void
churn(const struct census_seat *s, unsigned seed)
{
	unsigned held[16] = { 0 };

	for (;;) {
		unsigned who = (unsigned)rand_r(&seed) % 16;
		struct address a = nth(who);
		if (held[who] > 0 && rand_r(&seed) % 2) {
			census_leave(s, &a);
			held[who]--;
			continue;
		}
		if (census_admit(s, &a, START) == CENSUS_OK)
			held[who]++;
		if (held[who] > s->limits.connections_per_ip)
			_exit(1);
	}
}

static pid_t
start_worker(const struct census_seat *s, unsigned seed)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		churn(s, seed);
	return pid;
}

static void
reap_worker(struct census *c, pid_t pid, const struct census_seat *s)
{
	int status;

	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	census_clear_region(c, s->region);
}

static void
killed_workers_leave_the_sum_right(void **state)
{
	struct census_limits limits = { .connections = 40,
					.connections_per_ip = 5,
					.rate_per_ip = 60000 };
	struct pair p = new_pair(limits);
	(void)state;

	for (unsigned i = 0; i < 60; i++) {
		pid_t one = start_worker(&p.a, i), two = start_worker(&p.b,
								      i + 999);
		for (int spin = 0; spin < 200; spin++)
			assert_true(census_total(p.census) <= 40 + 2);
		usleep(2000);
		reap_worker(p.census, one, &p.a);
		reap_worker(p.census, two, &p.b);
		assert_int_equal(census_total(p.census), 0);
		p.a.region = (unsigned)census_take_region(p.census);
		p.b.region = (unsigned)census_take_region(p.census);
	}
	/* Nothing of it is left for any address. */
	for (uint32_t i = 0; i < 16; i++) {
		struct address a = nth(i);
		for (int n = 0; n < 5; n++) {
			assert_int_equal(census_admit(&p.a, &a,
						      START + 10 * MINUTE),
					 i < 8 ? CENSUS_OK : CENSUS_FULL);
		}
		if (i < 7)
			assert_int_equal(census_admit(&p.b, &a,
						      START + 10 * MINUTE),
					 CENSUS_PER_IP);
	}
	census_free(&p.census);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(regions_are_taken_and_given_back),
		cmocka_unit_test(connections_in_all_are_limited),
		cmocka_unit_test(one_address_is_limited_over_all_workers),
		cmocka_unit_test(a_local_peer_counts_only_in_all),
		cmocka_unit_test(the_net_of_no_client_counts_too),
		cmocka_unit_test(new_connections_a_minute_are_limited),
		cmocka_unit_test(a_dead_workers_connections_are_forgotten),
		cmocka_unit_test(as_many_addresses_as_connections_fit),
		cmocka_unit_test(more_addresses_than_are_remembered_do_no_harm),
		cmocka_unit_test(killed_workers_leave_the_sum_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
