/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pid file: whose it is, and who is kept out. */
#include "base/pid_file.h"

#include "support/own_folder.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char why[256];

/* As the master does at its start: opens it, then locks it. */
static int
take(const char *file)
{
	int fd = pid_file_open(file, why, sizeof(why));

	if (fd < 0 || pid_file_lock(fd, file, why, sizeof(why)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* A process that holds the file until it is told to go. */
static pid_t
start_holder(int *go)
{
	int ends[2], ready[2];
	char byte;

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(pipe(ready), 0);
	pid_t child = fork();
	if (child == 0) {
		close(ends[1]);
		int fd = take(path);
		ssize_t n = write(ready[1], fd >= 0 ? "y" : "n", 1);
		n += read(ends[0], &byte, 1);
		_exit(n < 0);
	}
	close(ends[0]);
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(byte, 'y');
	close(ready[0]);
	*go = ends[1];
	return child;
}

static long
written_pid(void)
{
	FILE *file = fopen(path, "r");
	long pid = 0;

	if (fscanf(file, "%ld", &pid) != 1)
		pid = -1;
	fclose(file);
	return pid;
}

static void
the_second_is_told_of_the_first(void **unused)
{
	(void)unused;
	char number[32];
	int go;

	pid_t holder = start_holder(&go);
	assert_int_equal(written_pid(), holder);
	assert_int_equal(pid_file_owner(path), holder);
	assert_int_equal(take(path), -1);
	snprintf(number, sizeof(number), "process %ld", (long)holder);
	assert_non_null(strstr(why, number));
	/* The refused one has not touched it. */
	assert_int_equal(written_pid(), holder);
	close(go);
	waitpid(holder, NULL, 0);
}

static void
a_dead_ones_file_is_taken_over(void **unused)
{
	(void)unused;
	int go;

	pid_t holder = start_holder(&go);
	kill(holder, SIGKILL);
	waitpid(holder, NULL, 0);
	close(go);
	assert_int_equal(written_pid(), holder);
	assert_int_equal(pid_file_owner(path), 0);
	int fd = take(path);
	assert_true(fd >= 0);
	assert_int_equal(written_pid(), getpid());
	assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	struct stat st;
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	pid_file_leave(&fd);
	assert_int_equal(fd, -1);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 0);
	pid_file_leave(&fd);
}

/* The lock stays with the master when a child ends. */
static void
a_child_does_not_take_the_lock_away(void **unused)
{
	(void)unused;
	int fd = take(path);

	pid_t child = fork();
	if (child == 0) {
		close(fd);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	child = fork();
	if (child == 0)
		_exit(pid_file_owner(path) == getppid() ? 0 : 1);
	int status;
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
	pid_file_leave(&fd);
}

static void
a_longer_number_is_overwritten_whole(void **unused)
{
	(void)unused;
	FILE *file = fopen(path, "w");

	fputs("12345678901234567890\nand more\n", file);
	fclose(file);
	int fd = take(path);
	assert_int_equal(written_pid(), getpid());
	struct stat st;
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(st.st_size < 12);
	pid_file_leave(&fd);
}

static void
traps_are_refused(void **unused)
{
	(void)unused;
	char other[80];

	unlink(path);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_int_equal(take(path), -1);
	assert_non_null(strstr(why, "link"));
	unlink(path);
	snprintf(other, sizeof(other), "%s.other", path);
	int fd = open(other, O_CREAT | O_WRONLY, 0600);
	assert_int_equal(write(fd, "precious", 8), 8);
	assert_int_equal(link(other, path), 0);
	assert_int_equal(take(path), -1);
	struct stat st;
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, 8);
	close(fd);
	unlink(other);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(take(path), -1);
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(take(path), -1);
	rmdir(path);
	assert_int_equal(pid_file_owner(path), 0);
	assert_int_equal(take("/nowhere/pid"), -1);
}

static int
set_up(void **unused)
{
	(void)unused;
	return own_folder_make("pid");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_second_is_told_of_the_first),
		cmocka_unit_test(a_dead_ones_file_is_taken_over),
		cmocka_unit_test(a_child_does_not_take_the_lock_away),
		cmocka_unit_test(a_longer_number_is_overwritten_whole),
		cmocka_unit_test(traps_are_refused),
	};

	return cmocka_run_group_tests(tests, set_up, own_folder_remove);
}
