/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of hosts: what one process writes, getaddrinfo() of others finds. */
#include "store/host_names.h"

#include "base/shared_memory.h"

#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static struct store_host hosts[] = {
	{ "192.0.2.7", 3306 }, { "db1.example.com", 3306 }, { "", 0 },
	{ "db2.example.com", 3307 },
};
static const struct store_settings settings = { .hosts = hosts,
						.host_count = 4 };

static struct host_names *
new_names(void)
{
	size_t size = host_names_size(settings.host_count);
	int fd = shared_memory_open("names", size);
	struct host_names *n = shared_memory_map(fd, size,
						 PROT_READ | PROT_WRITE);

	assert_non_null(n);
	close(fd);
	return n;
}

static struct host_addresses
addresses(const char *one, const char *other)
{
	struct host_addresses a = { .count = other != NULL ? 2 : 1 };

	assert_true(address_parse(view_of(one), &a.at[0]));
	if (other != NULL)
		assert_true(address_parse(view_of(other), &a.at[1]));
	return a;
}

/* "family address port" of each that is found. */
static int
find(const char *name, const char *service, char *out, size_t size)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	char host[64], port[16];

	int error = getaddrinfo(name, service, &hints, &found);
	out[0] = '\0';
	for (const struct addrinfo *f = found; f != NULL; f = f->ai_next) {
		assert_int_equal(getnameinfo(f->ai_addr, f->ai_addrlen, host,
					     sizeof(host), port, sizeof(port),
					     NI_NUMERICHOST | NI_NUMERICSERV),
				 0);
		snprintf(out + strlen(out), size - strlen(out), "%s %s;", host,
			 port);
	}
	if (found != NULL)
		freeaddrinfo(found);
	return error;
}

static void
only_a_name_behind_tcp_is_looked_up(void **state)
{
	(void)state;
	assert_false(host_has_name(&hosts[0]));
	assert_true(host_has_name(&hosts[1]));
	assert_false(host_has_name(&hosts[2]));
	assert_true(host_names_are_wanted(&settings));
	struct store_settings one = { .hosts = hosts, .host_count = 1 };
	assert_false(host_names_are_wanted(&one));
}

static void
what_was_found_is_what_getaddrinfo_says(void **state)
{
	struct host_names *n = new_names();
	struct host_addresses a = addresses("192.0.2.1", "2001:db8::1");
	const struct host_addresses nothing = { .count = 0 };
	char text[256];
	(void)state;

	/* Nobody has asked: the wait has an end. */
	host_names_use(n, &settings, 1);
	assert_int_equal(find("db1.example.com", "3306", text, sizeof(text)),
			 EAI_AGAIN);
	host_names_set(n, 1, &a);
	assert_int_equal(find("DB1.example.com", "3306", text, sizeof(text)),
			 0);
	assert_string_equal(text, "192.0.2.1 3306;2001:db8::1 3306;");
	assert_int_equal(find("db2.example.com", "3307", text, sizeof(text)),
			 EAI_AGAIN);
	/* Others are libc's. */
	assert_int_equal(find("192.0.2.7", "3306", text, sizeof(text)), 0);
	assert_string_equal(text, "192.0.2.7 3306;");
	/* A name server that has nothing to say takes nothing away. */
	host_names_set(n, 1, &nothing);
	assert_int_equal(find("db1.example.com", "3306", text, sizeof(text)),
			 0);
	a = addresses("192.0.2.9", NULL);
	host_names_set(n, 1, &a);
	assert_int_equal(find("db1.example.com", "3306", text, sizeof(text)),
			 0);
	assert_string_equal(text, "192.0.2.9 3306;");
}

/* The resolver may be killed at any time; the next one writes over it. */
static void
what_a_dead_writer_left_half_done_is_mended(void **state)
{
	struct host_names *n = new_names();
	struct host_addresses a = addresses("192.0.2.1", NULL), found;
	uint32_t *number = (uint32_t *)(void *)n;
	(void)state;

	host_names_set(n, 1, &a);
	/* The first word that is not 0: nothing is known of host 0. */
	while (*number == 0)
		number++;
	*number |= 1;
	assert_false(host_names_get(n, 1, &found));
	host_names_set(n, 1, &a);
	assert_true(host_names_get(n, 1, &found));
	host_names_set(n, 1, &a);
	assert_true(host_names_get(n, 1, &found));
}

/* ---- Written while it is read -------------------------------------------- */

static atomic_bool is_over;

static void *
change(void *names)
{
	const struct host_addresses both[] = {
		addresses("1.1.1.1", "1.1.1.1"),
		addresses("2.2.2.2", "2.2.2.2"),
	};

	for (unsigned i = 0; !atomic_load(&is_over); i++)
		host_names_set(names, 1, &both[i % 2]);
	return NULL;
}

static void
a_reader_sees_one_answer_or_the_other(void **state)
{
	struct host_names *n = new_names();
	struct host_addresses a;
	pthread_t thread;
	size_t seen = 0;
	(void)state;

	assert_int_equal(pthread_create(&thread, NULL, change, n), 0);
	while (seen < 100000) {
		if (!host_names_get(n, 1, &a))
			continue;
		assert_int_equal(a.count, 2);
		assert_memory_equal(a.at[0].bytes, a.at[1].bytes, 4);
		assert_int_equal(a.at[0].len, 4);
		seen++;
	}
	atomic_store(&is_over, true);
	pthread_join(thread, NULL);
}

/* What another process left, whatever it is. */
static void
any_bytes_are_read(void **state)
{
	size_t size = host_names_size(settings.host_count);
	struct host_addresses a;
	(void)state;

	srandom(1);
	for (int round = 0; round < 1000; round++) {
		struct host_names *n = new_names();
		for (size_t i = 0; i < size; i++)
			((unsigned char *)n)[i] = (unsigned char)random();
		for (size_t i = 0; i < settings.host_count; i++)
			if (host_names_get(n, i, &a))
				assert_in_range(a.count, 1, HOST_ADDRESSES);
		munmap(n, size);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_a_name_behind_tcp_is_looked_up),
		cmocka_unit_test(what_a_dead_writer_left_half_done_is_mended),
		cmocka_unit_test(a_reader_sees_one_answer_or_the_other),
		cmocka_unit_test(any_bytes_are_read),
		cmocka_unit_test(what_was_found_is_what_getaddrinfo_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
