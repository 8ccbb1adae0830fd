/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connection limits go on in another program, by their descriptor. */
#include "net/connection_limits.h"

#include "base/address.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { START = 60000000 };

/* Workers of two programs, before and after an exec, count together. */
static void
it_is_handed_over(void **state)
{
	const struct connection_maxima limits = { .connections = 2 };
	struct connection_limits *old =
		connection_limits_new(3, limits.connections);
	struct connection_counter a = {
		old, (unsigned)connection_limits_take_region(old), limits
	};
	struct address client;
	struct connection_limits_handle h;

	(void)state;
	assert_true(address_parse(VIEW("192.0.2.1"), &client));
	assert_int_equal(connection_admit(&a, &client, START), CONNECTION_OK);
	connection_limits_hand_over(old, &h);
	assert_int_equal(ftruncate(h.fd, 0), -1);
	h.fd = dup(h.fd);
	struct connection_limits *next = connection_limits_adopt(&h);
	assert_non_null(next);
	assert_true(connection_limits_retake_region(next, (int)a.region));
	assert_false(connection_limits_retake_region(next, (int)a.region));
	assert_false(connection_limits_retake_region(next, -1));
	assert_false(connection_limits_retake_region(next, 3));
	struct connection_counter c = {
		next, (unsigned)connection_limits_take_region(next), limits
	};
	assert_int_not_equal(c.region, a.region);
	assert_int_equal(connection_admit(&c, &client, START), CONNECTION_OK);
	assert_int_equal(connection_admit(&c, &client, START), CONNECTION_FULL);
	assert_int_equal(connection_limits_total(old), 2);
	/* The old worker died: the new master clears its region. */
	connection_limits_clear_region(next, a.region, false, START);
	assert_int_equal(connection_limits_total(next), 1);
	connection_limits_free(&next);
	connection_limits_free(&old);
}

static void
what_is_not_its_own_is_not_adopted(void **state)
{
	struct connection_limits *c = connection_limits_new(2, 100);
	struct connection_limits_handle h;

	(void)state;
	connection_limits_hand_over(c, &h);
	const struct connection_limits_handle wrong[] = {
		{ -1, h.layout, h.regions, h.connections, { 0, 0 } },
		{ h.fd, h.layout + 1, h.regions, h.connections, { 0, 0 } },
		{ h.fd, h.layout, h.regions + 1, h.connections, { 0, 0 } },
		{ h.fd, h.layout, UINT32_MAX, SIZE_MAX, { 0, 0 } },
		{ h.fd, h.layout, h.regions, 100000, { 0, 0 } },
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		assert_null(connection_limits_adopt(&wrong[i]));
		assert_int_equal(errno, EPROTO);
	}
	connection_limits_free(&c);
}

/* A worker that went mad: its own region it may fill with lies, no other. */
static _Noreturn void
lie(const struct connection_counter *a, const struct connection_counter *b,
    const struct address *client)
{
	if (connection_limits_remap(a->connection_limits, a->region) != 0)
		_exit(2);
	for (int i = 0; i < 50; i++)
		connection_admit(a, client, START);
	signal(SIGSEGV, SIG_DFL);
	connection_admit(b, client, START);
	_exit(3);
}

static void
a_worker_writes_its_own_region_only(void **state)
{
	const struct connection_maxima limits = {
		.connections = 100, .connections_per_ip = 40 };
	struct connection_limits *c = connection_limits_new(2, 100);
	struct connection_counter a = {
		c, (unsigned)connection_limits_take_region(c), limits
	}, b = {
		c, (unsigned)connection_limits_take_region(c), limits
	};
	struct address client;
	int status;

	(void)state;
	assert_true(address_parse(VIEW("192.0.2.1"), &client));
	pid_t pid = fork();
	if (pid == 0)
		lie(&a, &b, &client);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	assert_int_equal(connection_limits_total(c), 40);
	assert_int_equal(connection_admit(&b, &client, START),
			 CONNECTION_PER_IP);
	connection_limits_clear_region(c, a.region, false, START);
	assert_int_equal(connection_limits_total(c), 0);
	assert_int_equal(connection_admit(&b, &client, START), CONNECTION_OK);
	connection_limits_free(&c);
}

/* Bytes of any kind in a region: sums stay sums, and a region that is
 * cleared is empty, whatever it said of itself. */
static void
nonsense_in_a_region_is_bounded_and_goes(void **state)
{
	const struct connection_maxima limits = {
		.connections = 100, .connections_per_ip = 40,
		.rate_per_ip = 5 };
	struct connection_limits *c = connection_limits_new(2, 100);
	unsigned mad = (unsigned)connection_limits_take_region(c);
	struct connection_counter b = {
		c, (unsigned)connection_limits_take_region(c), limits
	};
	struct connection_limits_handle h;
	struct address client;
	struct stat st;

	(void)state;
	assert_true(address_parse(VIEW("192.0.2.1"), &client));
	connection_limits_hand_over(c, &h);
	assert_int_equal(fstat(h.fd, &st), 0);
	for (int fill = 0; fill < 256; fill += 51) {
		size_t size = (size_t)st.st_size / 2;
		char *bytes = malloc(size);
		memset(bytes, fill, size);
		/* No connections, it says, and has them. */
		memset(bytes, fill == 255 ? 0 : fill, 8);
		assert_int_equal(pwrite(h.fd, bytes, size,
					(off_t)(mad * size)), size);
		free(bytes);
		assert_true(connection_limits_total(c) <= 101);
		if (connection_admit(&b, &client, START) == CONNECTION_OK)
			connection_release(&b, &client);
		connection_limits_clear_region(c, mad, false, START);
		assert_int_equal(connection_limits_take_region(c), (int)mad);
		assert_int_equal(connection_limits_total(c), 0);
	}
	connection_limits_free(&c);
}

/* One that is not itself any more may note what is yet to come. */
static void
nothing_of_a_dead_worker_lies_in_wait(void **state)
{
	const struct connection_maxima limits = { .connections = 5,
						  .rate_per_ip = 2 };
	struct connection_limits *c = connection_limits_new(2, 5);
	struct connection_counter dead = {
		c, (unsigned)connection_limits_take_region(c), limits
	};
	struct connection_counter other = {
		c, (unsigned)connection_limits_take_region(c), limits
	};
	struct address a;
	const int64_t later = START + 100 * INT64_C(60000);
	(void)state;

	assert_true(address_parse(VIEW("192.0.2.1"), &a));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(connection_admit(&dead, &a, later),
				 CONNECTION_OK);
		connection_release(&dead, &a);
	}
	assert_int_equal(connection_admit(&other, &a, later), CONNECTION_RATE);
	connection_limits_clear_region(c, dead.region, true, START);
	assert_int_equal(connection_admit(&other, &a, later), CONNECTION_OK);
	connection_limits_free(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_handed_over),
		cmocka_unit_test(what_is_not_its_own_is_not_adopted),
		cmocka_unit_test(a_worker_writes_its_own_region_only),
		cmocka_unit_test(nonsense_in_a_region_is_bounded_and_goes),
		cmocka_unit_test(nothing_of_a_dead_worker_lies_in_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
