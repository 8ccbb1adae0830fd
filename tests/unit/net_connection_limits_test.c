/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connection limits: in all, by address and by minute, over several workers,
 * one of which may be killed at any moment. */
#include "net/connection_limits.h"

#include "base/address.h"

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

/* Two workers of one limits with these limits. */
struct pair {
	struct connection_limits *limits;
	struct connection_counter a, b;
};

static struct pair
new_pair(struct connection_maxima limits)
{
	struct pair p = { .limits = connection_limits_new(3,
							  limits.connections) };

	assert_non_null(p.limits);
	p.a = p.b = (struct connection_counter){ p.limits, 0, limits };
	p.a.region = (unsigned)connection_limits_take_region(p.limits);
	p.b.region = (unsigned)connection_limits_take_region(p.limits);
	assert_int_not_equal(p.a.region, p.b.region);
	return p;
}

static void
regions_are_taken_and_given_back(void **state)
{
	struct connection_limits *c = connection_limits_new(2, 10);
	(void)state;

	assert_int_equal(connection_limits_take_region(c), 0);
	assert_int_equal(connection_limits_take_region(c), 1);
	assert_int_equal(connection_limits_take_region(c), -1);
	connection_limits_clear_region(c, 0, true, START);
	assert_int_equal(connection_limits_take_region(c), 0);
	connection_limits_free(&c);
	assert_null(c);
	connection_limits_free(&c);
}

static void
connections_in_all_are_limited(void **state)
{
	struct pair p =
		new_pair((struct connection_maxima){ .connections = 3 });
	(void)state;

	for (uint32_t i = 0; i < 3; i++) {
		struct address a = nth(i);
		assert_int_equal(
			connection_admit(i % 2 ? &p.a : &p.b, &a, START),
			CONNECTION_OK);
	}
	struct address more = nth(7);
	assert_int_equal(connection_admit(&p.a, &more, START), CONNECTION_FULL);
	assert_int_equal(connection_admit(&p.b, &more, START), CONNECTION_FULL);
	assert_int_equal(connection_limits_total(p.limits), 3);
	struct address first = nth(0);
	connection_release(&p.b, &first);
	assert_int_equal(connection_admit(&p.a, &more, START), CONNECTION_OK);
	connection_limits_free(&p.limits);
}

static void
one_address_is_limited_over_all_workers(void **state)
{
	static const char *const same[] = {
		"2001:db8:0:1::1",
		"2001:db8:0:1::2",
		"2001:db8:0:1:ffff::",
	};
	struct pair p = new_pair((struct connection_maxima){
		.connections = 100, .connections_per_ip = 2 });
	struct address other = parsed("2001:db8:0:2::1");
	struct address a = parsed(same[0]), b = parsed(same[1]);
	struct address c = parsed(same[2]);
	(void)state;

	assert_int_equal(connection_admit(&p.a, &a, START), CONNECTION_OK);
	assert_int_equal(connection_admit(&p.b, &b, START), CONNECTION_OK);
	assert_int_equal(connection_admit(&p.a, &c, START), CONNECTION_PER_IP);
	assert_int_equal(connection_admit(&p.b, &c, START), CONNECTION_PER_IP);
	assert_int_equal(connection_admit(&p.b, &other, START), CONNECTION_OK);
	assert_int_equal(connection_limits_total(p.limits), 3);
	connection_release(&p.a, &a);
	assert_int_equal(connection_admit(&p.b, &c, START), CONNECTION_OK);
	assert_int_equal(connection_admit(&p.a, &a, START), CONNECTION_PER_IP);
	connection_limits_free(&p.limits);
}

static void
a_local_peer_counts_only_in_all(void **state)
{
	struct pair p = new_pair((struct connection_maxima){
		.connections = 4, .connections_per_ip = 1, .rate_per_ip = 1 });
	struct sockaddr_storage from = { .ss_family = AF_UNIX };
	struct address local = address_from_socket(&from);
	struct address tcp = parsed("127.0.0.1");
	(void)state;

	for (int i = 0; i < 3; i++)
		assert_int_equal(connection_admit(&p.a, &local, START),
				 CONNECTION_OK);
	assert_int_equal(connection_admit(&p.a, &tcp, START), CONNECTION_OK);
	assert_int_equal(connection_admit(&p.a, &local, START),
			 CONNECTION_FULL);
	for (int i = 0; i < 3; i++)
		connection_release(&p.a, &local);
	connection_release(&p.a, &tcp);
	assert_int_equal(connection_limits_total(p.limits), 0);
	connection_limits_free(&p.limits);
}

static void
the_net_of_no_client_counts_too(void **state)
{
	static const char *const odd[] = { "::1", "ffff:ffff:ffff:ffff::1" };
	struct pair p = new_pair((struct connection_maxima){
		.connections = 9, .connections_per_ip = 1 });
	(void)state;

	for (size_t i = 0; i < 2; i++) {
		struct address a = parsed(odd[i]);
		assert_int_equal(connection_admit(&p.a, &a, START),
				 CONNECTION_OK);
		assert_int_equal(connection_admit(&p.b, &a, START),
				 CONNECTION_PER_IP);
		connection_release(&p.a, &a);
		assert_int_equal(connection_admit(&p.b, &a, START),
				 CONNECTION_OK);
	}
	connection_limits_free(&p.limits);
}

/* How many of ten new connections, alternating between both, are taken. */
static int
taken_of_ten(struct pair *p, const struct address *a, int64_t now_ms)
{
	int taken = 0;

	for (int i = 0; i < 10; i++) {
		struct connection_counter *s = i % 2 ? &p->a : &p->b;
		enum connection_verdict v = connection_admit(s, a, now_ms);
		assert_true(v == CONNECTION_OK || v == CONNECTION_RATE);
		if (v == CONNECTION_OK)
			connection_release(s, a);
		taken += v == CONNECTION_OK;
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
		{ 0, 0, 0 },
		{ 0, 59999, 0 },
		/* The minute before counts by the part still in 60 s. */
		{ 0, 60000, 0 },
		{ 0, 60001, 0 },
		{ 59999, 60000, 0 },
		{ 0, 75000, 1 },
		{ 0, 90000, 3 },
		{ 59999, 119999, 5 },
		{ 0, 120000, 6 },
		{ 0, 600000, 6 },
		{ 59999, 120000, 6 },
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pair p = new_pair((struct connection_maxima){
			.connections = 10, .rate_per_ip = 6 });
		struct address a = parsed("192.0.2.1"), b = nth(1);
		assert_int_equal(
			taken_of_ten(&p, &a, START + cases[i].first_ms), 6);
		assert_int_equal(taken_of_ten(&p, &a, START + cases[i].then_ms),
				 cases[i].taken);
		assert_int_equal(taken_of_ten(&p, &b, START + cases[i].then_ms),
				 6);
		connection_limits_free(&p.limits);
	}
}

static void
a_dead_workers_connections_are_forgotten(void **state)
{
	struct pair p = new_pair((struct connection_maxima){
		.connections = 5, .connections_per_ip = 4, .rate_per_ip = 5 });
	struct address a = parsed("192.0.2.1");
	(void)state;

	for (int i = 0; i < 3; i++)
		assert_int_equal(connection_admit(&p.a, &a, START),
				 CONNECTION_OK);
	assert_int_equal(connection_admit(&p.b, &a, START), CONNECTION_OK);
	assert_int_equal(connection_admit(&p.b, &a, START), CONNECTION_PER_IP);
	connection_limits_clear_region(p.limits, p.a.region, true, START);
	assert_int_equal(connection_limits_total(p.limits), 1);
	assert_int_equal(connection_limits_take_region(p.limits), p.a.region);
	/* Its rate was true, and stays: 4 of 5 a minute are used. */
	assert_int_equal(connection_admit(&p.a, &a, START), CONNECTION_OK);
	assert_int_equal(connection_admit(&p.a, &a, START), CONNECTION_RATE);
	/* A stolen one asks with limits of its own, and has all until then. */
	p.b.limits = (struct connection_maxima){ .connections = SIZE_MAX };
	for (int i = 0; i < 5 && connection_limits_total(p.limits) < 5; i++)
		connection_admit(&p.b, &a, START);
	a = parsed("198.51.100.1");
	assert_int_equal(connection_admit(&p.a, &a, START), CONNECTION_FULL);
	connection_limits_clear_region(p.limits, p.b.region, true, START);
	assert_int_equal(connection_admit(&p.a, &a, START), CONNECTION_OK);
	connection_limits_free(&p.limits);
}

static void
as_many_addresses_as_connections_fit(void **state)
{
	enum { MANY = 20000 };
	struct pair p = new_pair((struct connection_maxima){
		.connections = MANY, .connections_per_ip = 1 });
	(void)state;

	/* Thrice, so that entries are used again. */
	for (uint32_t round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < MANY; i++) {
			struct address a = nth(i + round * MANY);
			assert_int_equal(connection_admit(&p.a, &a, START),
					 CONNECTION_OK);
		}
		for (uint32_t i = 0; i < MANY; i++) {
			struct address a = nth(i + round * MANY);
			connection_release(&p.a, &a);
		}
		assert_int_equal(connection_limits_total(p.limits), 0);
	}
	connection_limits_free(&p.limits);
}

static void
more_addresses_than_are_remembered_do_no_harm(void **state)
{
	struct pair p = new_pair((struct connection_maxima){
		.connections = 10, .rate_per_ip = 1 });
	struct address mine = parsed("192.0.2.1");
	(void)state;

	for (uint32_t i = 0; i < 100000; i++) {
		struct address a = nth(i);
		assert_int_equal(connection_admit(&p.a, &a, START),
				 CONNECTION_OK);
		connection_release(&p.a, &a);
	}
	assert_int_equal(connection_admit(&p.b, &mine, START), CONNECTION_OK);
	assert_int_equal(connection_admit(&p.b, &mine, START), CONNECTION_RATE);
	connection_limits_free(&p.limits);
}

/* ---- Processes ---------------------------------------------------------- */

/* Comes and goes at random among few addresses until killed; then, or when
 * the limit was seen broken, ends. */
static void
churn(const struct connection_counter *s, unsigned seed)
{
	unsigned held[16] = { 0 };

	alarm(60);      /* so long it may outlive a parent that fails */
	for (;;) {
		unsigned who = (unsigned)rand_r(&seed) % 16;
		struct address a = nth(who);
		if (held[who] > 0 && rand_r(&seed) % 2) {
			connection_release(s, &a);
			held[who]--;
			continue;
		}
		if (connection_admit(s, &a, START) == CONNECTION_OK)
			held[who]++;
		if (held[who] > s->limits.connections_per_ip)
			_exit(1);
	}
}

static pid_t
start_worker(const struct connection_counter *s, unsigned seed)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0 &&
	    connection_limits_remap(s->connection_limits, s->region) != 0)
		_exit(2);
	if (pid == 0)
		churn(s, seed);
	return pid;
}

static void
reap_worker(struct connection_limits *c, pid_t pid,
	    const struct connection_counter *s)
{
	int status;

	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	connection_limits_clear_region(c, s->region, true, START);
}

static void
killed_workers_leave_the_sum_right(void **state)
{
	struct connection_maxima limits = { .connections = 40,
					    .connections_per_ip = 5,
					    .rate_per_ip = 60000 };
	struct pair p = new_pair(limits);
	int over = 0;
	(void)state;

	for (unsigned i = 0; i < 60; i++) {
		pid_t one = start_worker(&p.a, i);
		pid_t two = start_worker(&p.b, i + 999);
		for (int spin = 0; spin < 200; spin++)
			over += connection_limits_total(p.limits) > 42;
		usleep(2000);
		reap_worker(p.limits, one, &p.a);
		reap_worker(p.limits, two, &p.b);
		assert_int_equal(connection_limits_total(p.limits), 0);
		p.a.region = (unsigned)connection_limits_take_region(p.limits);
		p.b.region = (unsigned)connection_limits_take_region(p.limits);
	}
	assert_true(over < 10); /* of 12,000; a look is no snapshot */
	for (uint32_t i = 0; i < 16; i++) {
		struct address a = nth(i);
		for (int n = 0; n < 5; n++)
			assert_int_equal(
				connection_admit(&p.a, &a, START + 10 * MINUTE),
				i < 8 ? CONNECTION_OK : CONNECTION_FULL);
		if (i < 7)
			assert_int_equal(
				connection_admit(&p.b, &a, START + 10 * MINUTE),
				CONNECTION_PER_IP);
	}
	connection_limits_free(&p.limits);
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
