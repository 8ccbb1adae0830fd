/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One worker's counts of connections. */
#include "net/connection_table.h"

#include "base/shared_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static void
an_address_with_connections_is_counted_once(void **state)
{
	static const uint64_t secret[2] = { 1, 2 };
	enum { ENTRIES = 256 };
	size_t size = connection_table_size(ENTRIES);
	int fd = shared_memory_open("test", size);
	struct connection_table t = { .entries = ENTRIES, .secret = secret };
	(void)state;

	assert_true(fd >= 0);
	t.at = shared_memory_map(fd, size, PROT_READ | PROT_WRITE);
	assert_non_null(t.at);
	assert_true(connection_table_enter(t, 7));
	assert_true(connection_table_enter(t, 7));
	assert_true(connection_table_enter(t, 8));
	assert_int_equal(connection_table_addresses(t), 2);
	connection_table_leave(t, 8);
	connection_table_leave(t, 7);
	assert_int_equal(connection_table_addresses(t), 1);
	connection_table_leave(t, 7);
	assert_int_equal(connection_table_addresses(t), 0);
	connection_table_enter(t, 9);
	connection_table_clear(t, 0);
	assert_int_equal(connection_table_addresses(t), 0);
	munmap(t.at, size);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_with_connections_is_counted_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
