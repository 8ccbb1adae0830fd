/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the spool takes of the disk, and what a crash leaves there. */
#include "store/spool.h"
#include "store/spool_encode.h"
#include "store/spool_folder.h"

#include "support/spool_dir.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* A mail of half a kilobyte, spooled under many ids. */
static struct spool_batch kept;
static struct mail *mail;

static int
read_mail(void **state)
{
	static char bytes[8192];
	FILE *f = fopen("tests/spool/2/all_fields.spool", "r");

	(void)state;
	if (f == NULL)
		return -1;
	size_t len = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	spool_decode((struct view){ bytes, len }, &kept);
	mail = kept.list[0];
	return 0;
}

static int
free_mail(void **state)
{
	(void)state;
	spool_batch_free(&kept);
	return 0;
}

/* Small mail takes whole blocks, and so does a file that is being written;
 * what is set aside is the operator's. */
static void
spool_max_counts_the_disk(void **state)
{
	(void)state;
	char path[SPOOL_PATH_SIZE];
	size_t spooled = 0;

	settings.spool_max = 64 * 1024;
	struct spool *spool = spool_open(&settings);
	for (unsigned i = 0; i < 40; i++) {
		snprintf(mail->message->id, MAIL_ID_LEN + 1,
			 "0199aa00bb%02xcc00dd00ee00ff000000", i);
			mail->message->verdict = VERDICT_NONE;
		spool_write(spool, &mail, 1);
		spooled += mail->message->verdict == VERDICT_SPOOLED;
	}
	struct spool_usage used = spool_usage(settings.spool_dir, "new");
	assert_int_equal(used.files, spooled);
	assert_int_equal(used.oldest_s, 0x0199aa00bb00 / 1000);
	assert_in_range(used.bytes, 48 * 1024, settings.spool_max);
	/* Another worker sees the same figure, at once. */
	struct spool *other = spool_open(&settings);
	strcpy(mail->message->id, "0199aa00bbffcc00dd00ee00ff000000");
	spool_write(other, &mail, 1);
	assert_int_equal(mail->message->verdict, VERDICT_FULL);
	spool_close(&other);
	spool_close(&spool);

	struct spool_names names = spool_list(settings.spool_dir, "new");
	for (size_t i = 0; i < names.count; i++)
		assert_int_equal(spool_set_aside(settings.spool_dir,
						 names.at[i], "refused",
						 "x"), 0);
	spool_names_free(&names);
	/* Nobody has looked yet: as after a reboot. */
	spool_path(settings.spool_dir, "used", "", path);
	assert_int_equal(truncate(path, 0), 0);
	spool = spool_open(&settings);
	spool_write(spool, &mail, 1);
	assert_int_equal(mail->message->verdict, VERDICT_SPOOLED);
	spool_close(&spool);
}

/* All of them write at once, each a little too much. */
static void
many_workers_share_one_figure(void **state)
{
	(void)state;
	pid_t workers[4];

	settings.spool_max = 256 * 1024;
	for (unsigned w = 0; w < 4; w++) {
		workers[w] = fork();
		if (workers[w] != 0)
			continue;
		struct spool *spool = spool_open(&settings);
		for (unsigned i = 0; i < 40; i++) {
			snprintf(mail->message->id, MAIL_ID_LEN + 1,
				 "0199aa00bb%02xcc00dd00ee00ff0%x0000", i, w);
			spool_write(spool, &mail, 1);
		}
		_exit(0);
	}
	for (unsigned w = 0; w < 4; w++)
		assert_int_equal(waitpid(workers[w], NULL, 0), workers[w]);
	assert_in_range(spool_usage(settings.spool_dir, "new").bytes,
			200 * 1024, settings.spool_max);
}

/* Of a writer that is gone; one that lives has it locked. */
static void
what_a_crash_left_is_swept(void **state)
{
	(void)state;
	static const char *const names[] = { "dead", "alive", "fresh" };
	const struct timespec old[2] = { { 1, 0 }, { 1, 0 } };
	char path[SPOOL_PATH_SIZE];
	int fds[3];

	assert_int_equal(spool_make_folders(settings.spool_dir), 0);
	for (int i = 0; i < 3; i++) {
		spool_path(settings.spool_dir, "tmp", names[i], path);
		fds[i] = open(path, O_CREAT | O_WRONLY, 0600);
		assert_true(fds[i] >= 0);
		if (i < 2)
			assert_int_equal(futimens(fds[i], old), 0);
	}
	assert_int_equal(flock(fds[1], LOCK_EX), 0);
	spool_sweep(settings.spool_dir);
	struct spool_names left = spool_list(settings.spool_dir, "tmp");
	assert_int_equal(left.count, 2);
	assert_string_equal(left.at[0], "alive");
	assert_string_equal(left.at[1], "fresh");
	spool_names_free(&left);
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(spool_max_counts_the_disk),
		TEST(many_workers_share_one_figure),
		TEST(what_a_crash_left_is_swept),
	};

	return cmocka_run_group_tests(tests, read_mail, free_mail);
}
