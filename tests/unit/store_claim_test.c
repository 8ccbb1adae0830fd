/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One instance, and one janitor of it, at a time. */
#include "store/spool_claim.h"
#include "store/spool_folder.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct store_settings settings;

static int
make_dir(void **state)
{
	static char path[64];

	(void)state;
	strcpy(path, "/tmp/claim-test-XXXXXX");
	settings.spool_dir = mkdtemp(path);
	return settings.spool_dir != NULL ? 0 : -1;
}

static int
remove_dir(void **state)
{
	static const char *const names[] = { "owner", "lock" };
	char path[SPOOL_PATH_SIZE];

	(void)state;
	for (int i = 0; i < 2; i++) {
		spool_path(&settings, names[i], "", path);
		unlink(path);
	}
	return rmdir(settings.spool_dir);
}

static void
one_instance_has_the_lock(void **state)
{
	(void)state;
	int first = spool_lock(&settings, "lock");

	assert_true(first >= 0);
	assert_int_equal(spool_lock(&settings, "lock"), -1);
	assert_int_equal(errno, EWOULDBLOCK);
	close(first);
	int again = spool_lock(&settings, "lock");
	assert_true(again >= 0);
	close(again);
}

/* The owner is told from a process that has its number by chance. */
static void
one_master_at_a_time_owns_it(void **state)
{
	(void)state;
	char path[SPOOL_PATH_SIZE];
	int ends[2];
	char byte;

	assert_int_equal(pipe(ends), 0);
	pid_t other = fork();
	if (other == 0) {
		close(ends[1]);
		_exit(spool_claim(&settings) == 0 &&
		      read(ends[0], &byte, 1) == 0 ? 0 : 1);
	}
	close(ends[0]);
	spool_path(&settings, "owner", "", path);
	struct stat st = { 0 };
	while (stat(path, &st) != 0 || st.st_size == 0)
		usleep(1000);
	assert_int_equal(spool_claim(&settings), -1);
	assert_int_equal(errno, EWOULDBLOCK);
	assert_true(spool_is_claimed(&settings, getpid()));
	assert_false(spool_is_claimed(&settings, other));
	close(ends[1]);
	int status = 1;
	assert_int_equal(waitpid(other, &status, 0), other);
	assert_int_equal(status, 0);
	assert_int_equal(spool_claim(&settings), 0);
	assert_int_equal(spool_claim(&settings), 0);
	FILE *owner = fopen(path, "w");
	assert_non_null(owner);
	fprintf(owner, "%d 1\n", (int)getppid());
	fclose(owner);
	assert_int_equal(spool_claim(&settings), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_instance_has_the_lock,
						make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(one_master_at_a_time_owns_it,
						make_dir, remove_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
