/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scoreboard's memory: who may write what, who may cut it, who reads. */
#include "base/scoreboard_layout.h"

#include "support/own_folder.h"
#include "support/scoreboard_tenant.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Cutting the copy is all that the account can do, and hurts nobody. */
static void
nobody_can_cut_it(void **unused)
{
	(void)unused;
	struct slot_figures f;
	int fd;

	struct scoreboard *b = scoreboard_create(&fd);
	sit_down(b, 1, 1234);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(ftruncate(fd, 1 << 30), -1);
	assert_int_equal(scoreboard_publish(b, folder), 0);
	struct scoreboard *reader = scoreboard_open(folder);
	assert_int_equal(truncate(path, 0), 0);
	assert_true(scoreboard_read(reader, 1, &f));
	assert_int_equal(f.pid, 1234);
	assert_true(scoreboard_read(b, 1, &f));
	scoreboard_close(&reader);
	scoreboard_close(&b);
	close(fd);
	unlink(path);
}

/* Who may look into the master sees the memory itself, not the copy. */
static void
root_reads_the_original(void **unused)
{
	(void)unused;
	const struct scoreboard_figures self = { .master = getpid() };
	struct slot_figures f;
	int fd;

	struct scoreboard *b = scoreboard_create(&fd);
	scoreboard_describe(b, &self);
	struct scoreboard_slot *s = sit_down(b, 1, 1234);
	assert_int_equal(scoreboard_publish(b, folder), 0);
	struct scoreboard *reader = scoreboard_open(folder);
	slot_count(s, COUNT_ROWS, 3);
	assert_true(scoreboard_read(reader, 1, &f));
	assert_int_equal(f.counters[COUNT_ROWS], 3);
	scoreboard_close(&reader);
	/* A file of somebody's that looks like one is not mapped: it could
	 * be cut. The copy speaks. */
	b->descriptor = open(path, O_RDONLY);
	slot_count(s, COUNT_ROWS, 4);
	assert_int_equal(scoreboard_publish(b, folder), 0);
	reader = scoreboard_open(folder);
	slot_count(s, COUNT_ROWS, 5);
	assert_true(scoreboard_read(reader, 1, &f));
	assert_int_equal(f.counters[COUNT_ROWS], 7);
	scoreboard_close(&reader);
	close(b->descriptor);
	scoreboard_close(&b);
	close(fd);
	unlink(path);
}

static void
another_master_goes_on_with_it(void **unused)
{
	(void)unused;
	struct slot_figures f;
	int fd;

	struct scoreboard *b = scoreboard_create(&fd);
	sit_down(b, 1, 1234);
	scoreboard_close(&b);
	struct scoreboard *adopted = scoreboard_adopt(fd);
	assert_non_null(adopted);
	assert_true(scoreboard_read(adopted, 1, &f));
	/* Another layout starts at zero. */
	adopted->layout--;
	assert_null(scoreboard_adopt(fd));
	assert_int_equal(errno, EPROTO);
	scoreboard_close(&adopted);
	close(fd);
}

/* A mapping may be made writable, a page written, the descriptor looked for:
 * by exit code what a process can do with its own slot and another's. */
static int
touch_slot(struct scoreboard *b, int fd, size_t i)
{
	size_t size = scoreboard_slot_offset(1) - scoreboard_slot_offset(0);
	pid_t child = fork();
	int status;

	if (child == 0) {
		struct scoreboard_slot *s = scoreboard_slot_at(b, i);
		if (scoreboard_remap(b, fd, 2) != 0)
			_exit(2);
		close(fd);
		if (mprotect(s, size, PROT_READ | PROT_WRITE) != 0)
			_exit(errno == EACCES ? 1 : 2);
		slot_count(s, COUNT_ROWS, 1);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
a_process_writes_its_own_slot_only(void **unused)
{
	(void)unused;
	struct slot_figures f;
	int fd;

	struct scoreboard *b = scoreboard_create(&fd);
	for (size_t i = 0; i < 4; i++)
		sit_down(b, i, 1000 + (pid_t)i);
	assert_int_equal(touch_slot(b, fd, 2), 0);
	assert_int_equal(touch_slot(b, fd, 0), 1);
	assert_int_equal(touch_slot(b, fd, 1), 1);
	assert_int_equal(touch_slot(b, fd, 3), 1);
	for (size_t i = 0; i < 4; i++) {
		assert_true(scoreboard_read(b, i, &f));
		assert_int_equal(f.counters[COUNT_ROWS], i == 2);
	}
	close(fd);
	scoreboard_close(&b);
}

static int
set_up(void **unused)
{
	(void)unused;
	return own_folder_make("scoreboard");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_can_cut_it),
		cmocka_unit_test(root_reads_the_original),
		cmocka_unit_test(another_master_goes_on_with_it),
		cmocka_unit_test(a_process_writes_its_own_slot_only),
	};

	return cmocka_run_group_tests(tests, set_up, own_folder_remove);
}
