/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One instance, and one janitor of it, at a time. */
#include "store/spool_claim.h"
#include "store/spool_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char top[64];
static char dirs[SPOOL_CLAIMS + 2][96];
static struct spool_claims claims;

static int
make_dirs(void **state)
{
	(void)state;
	strcpy(top, "/tmp/claim-test-XXXXXX");
	claims.count = 0;
	if (mkdtemp(top) == NULL)
		return -1;
	for (int i = 0; i < SPOOL_CLAIMS + 2; i++) {
		snprintf(dirs[i], sizeof(dirs[i]), "%s/%d", top, i);
		if (mkdir(dirs[i], 0700) != 0 ||
		    spool_make_folders(dirs[i]) != 0)
			return -1;
	}
	return 0;
}

static int
remove_dirs(void **state)
{
	char command[128];

	(void)state;
	while (claims.count > 0)
		spool_release(&claims, claims.at[0].dir);
	snprintf(command, sizeof(command), "rm -rf %s", top);
	return system(command);
}

static void
put_mail(const char *dir, bool is_there)
{
	char path[SPOOL_PATH_SIZE];

	spool_path(dir, "new", "mail", path);
	if (is_there)
		close(open(path, O_CREAT | O_WRONLY, 0600));
	else
		unlink(path);
}

static void
one_janitor_has_the_lock(void **state)
{
	(void)state;
	int first = spool_lock(dirs[0], "replay");

	assert_true(first >= 0);
	assert_int_equal(spool_lock(dirs[0], "replay"), -1);
	assert_int_equal(errno, EWOULDBLOCK);
	close(first);
	int again = spool_lock(dirs[0], "replay");
	assert_true(again >= 0);
	close(again);
}

/* A process that claims the folder, says so and lives until told. */
static pid_t
begin_other(int *hold)
{
	struct spool_claims own = { .count = 0 };
	int said[2], ends[2];
	char byte;

	assert_int_equal(pipe(said), 0);
	assert_int_equal(pipe(ends), 0);
	pid_t other = fork();
	if (other == 0) {
		close(ends[1]);
		bool is_done = spool_claim(&own, dirs[0]) == 0 &&
			       write(said[1], "!", 1) == 1 &&
			       read(ends[0], &byte, 1) == 0;
		_exit(is_done ? 0 : 1);
	}
	close(said[1]);
	close(ends[0]);
	assert_int_equal(read(said[0], &byte, 1), 1);
	close(said[0]);
	*hold = ends[1];
	return other;
}

/* One that is dead owns nothing, though nobody has waited for it yet. */
static void
one_master_at_a_time_owns_it(void **state)
{
	(void)state;
	int hold;
	pid_t other = begin_other(&hold);
	siginfo_t info;

	assert_int_equal(spool_claim(&claims, dirs[0]), -1);
	assert_int_equal(errno, EWOULDBLOCK);
	assert_false(spool_is_ours(&claims, dirs[0]));
	close(hold);
	assert_int_equal(waitid(P_PID, (id_t)other, &info, WEXITED | WNOWAIT),
			 0);
	assert_int_equal(spool_claim(&claims, dirs[0]), 0);
	assert_int_equal(spool_claim(&claims, dirs[0]), 0);
	assert_int_equal(claims.count, 1);
	assert_int_equal(waitpid(other, NULL, 0), other);
}

/* A reload may write the same folder in another way. */
static void
a_claim_is_known_by_another_name(void **state)
{
	(void)state;
	char name[128];

	snprintf(name, sizeof(name), "%s/../0", dirs[0]);
	assert_int_equal(spool_claim(&claims, dirs[0]), 0);
	assert_int_equal(spool_claim(&claims, name), 0);
	assert_int_equal(claims.count, 1);
}

static void
earlier_folders_are_kept_while_they_hold_mail(void **state)
{
	(void)state;
	for (int i = 0; i < SPOOL_CLAIMS; i++) {
		put_mail(dirs[i], true);
		assert_int_equal(spool_claim(&claims, dirs[i]), 0);
	}
	assert_int_equal(spool_claim(&claims, dirs[SPOOL_CLAIMS]), -1);
	assert_int_equal(errno, EMFILE);
	put_mail(dirs[1], false);
	assert_int_equal(spool_claim(&claims, dirs[SPOOL_CLAIMS]), 0);
	assert_false(spool_is_ours(&claims, dirs[1]));
	assert_true(spool_is_ours(&claims, dirs[0]));
}

/* A restart knows them from the folder that took their place. */
static void
earlier_folders_outlive_the_master(void **state)
{
	(void)state;
	put_mail(dirs[0], true);
	assert_int_equal(spool_claim(&claims, dirs[0]), 0);
	assert_int_equal(spool_claim(&claims, dirs[1]), 0);
	assert_int_equal(spool_claim(&claims, dirs[2]), 0);
	spool_claim_earlier(&claims, dirs[2]);
	while (claims.count > 0)
		spool_release(&claims, claims.at[0].dir);

	assert_int_equal(spool_claim(&claims, dirs[2]), 0);
	spool_claim_earlier(&claims, dirs[2]);
	assert_true(spool_is_ours(&claims, dirs[0]));
	assert_false(spool_is_ours(&claims, dirs[1]));  /* it was empty */
	assert_int_equal(claims.count, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dirs, remove_dirs)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_janitor_has_the_lock),
		TEST(one_master_at_a_time_owns_it),
		TEST(a_claim_is_known_by_another_name),
		TEST(earlier_folders_are_kept_while_they_hold_mail),
		TEST(earlier_folders_outlive_the_master),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
