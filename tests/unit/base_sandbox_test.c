/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sandbox from inside: each trial is a child; its exit code tells. */
#include "base/sandbox.h"

#include "support/sandbox_trials.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- Runs ---------------------------------------------------------------- */

static _Noreturn void
live(const struct sandbox_rules *rules, int (*trial)(void))
{
	if (geteuid() == 0 && (setgroups(0, NULL) != 0 ||
			       setgid(NOBODY) != 0 || setuid(NOBODY) != 0))
		_exit(CANNOT);
	if (sandbox_enter(rules) != 0)
		_exit(CANNOT);
	_exit(trial());
}

/* The exit code, or minus the signal. */
static int
run(enum sandbox_mode mode, enum slot_role role, int (*trial)(void))
{
	const struct sandbox_rules rules = { .mode = mode, .role = role,
					     .writable = { inside } };
	int status;

	pid_t child = fork();
	if (child == 0)
		live(&rules, trial);
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static const struct {
	const char *name;
	int (*trial)(void);
	bool is_seccomp;        /* so that "kill" kills */
} forbidden[] = {
	{ "exec", try_exec, true },
	{ "fork", try_fork, true },
	{ "/etc/shadow", try_shadow, false },
	{ "/home", try_home, false },
	{ "another's environment", try_other_memory, false },
	{ "ptrace", try_ptrace, true },
	{ "kill", try_kill, true },
	{ "tgkill", try_tgkill, true },
	{ "mount", try_mount, true },
	{ "write outside", try_write_outside, false },
	{ "remove outside", try_remove_outside, false },
	{ "move out", try_move_out, false },
	{ "netlink", try_netlink, false },
	{ "packet", try_packet, true },
	{ "alg", try_algorithm, true },
	{ "vsock", try_vsock, true },
	{ "bind", try_bind, true },
	{ "code in data", try_code_in_data, true },
	{ "writable code", try_writable_code, true },
	{ "dumpable", try_dumpable, true },
	{ "outside by a thread", try_thread, false },
};

static const struct {
	const char *name;
	int (*trial)(void);
} allowed[] = {
	{ "write inside", try_write_inside },
	{ "read /etc", try_read_etc },
	{ "connect", try_connect },
	{ "a name", try_name },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
an_intruder_is_refused(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < COUNT(forbidden); i++) {
		int met = run(SANDBOX_ON, SLOT_WORKER, forbidden[i].trial);
		if (met != REFUSED)
			fail_msg("%s: %d", forbidden[i].name, met);
	}
}

static void
an_intruder_is_killed(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < COUNT(forbidden); i++) {
		int want = forbidden[i].is_seccomp ? -SIGSYS : REFUSED;
		int met = run(SANDBOX_KILL, SLOT_JANITOR, forbidden[i].trial);
		if (met != want)
			fail_msg("%s: %d", forbidden[i].name, met);
	}
}

static void
the_work_goes_on(void **unused)
{
	(void)unused;
	static const enum sandbox_mode modes[] = { SANDBOX_ON, SANDBOX_KILL,
						   SANDBOX_LOG, SANDBOX_OFF };

	for (size_t m = 0; m < COUNT(modes); m++)
		for (size_t i = 0; i < COUNT(allowed); i++) {
			int met = run(modes[m], SLOT_WORKER,
				      allowed[i].trial);
			if (met != DONE)
				fail_msg("%s: %d", allowed[i].name, met);
		}
}

static void
an_abort_is_an_abort(void **unused)
{
	(void)unused;
	assert_int_equal(run(SANDBOX_KILL, SLOT_WORKER, try_abort), -SIGABRT);
}

static void
nobody_asks_who_lives(void **unused)
{
	(void)unused;
	assert_int_equal(run(SANDBOX_KILL, SLOT_JANITOR, try_ask), -SIGSYS);
	assert_int_equal(run(SANDBOX_KILL, SLOT_WORKER, try_ask), -SIGSYS);
}

/* Opens /proc/PID/NAME; the descriptor is left to the end of the trial. */
static bool
opens(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return open(path, O_RDONLY) >= 0;
}

/* The janitor's sandbox shows /proc, for the age of a process; what another of
 * the same account holds in memory stays shut all the same. */
static _Noreturn void
look_at_a_neighbour(void)
{
	const struct sandbox_rules rules = { .mode = SANDBOX_ON,
					     .role = SLOT_JANITOR,
					     .readable = { "/proc" } };

	if (geteuid() == 0 && (setgroups(0, NULL) != 0 ||
			       setgid(NOBODY) != 0 || setuid(NOBODY) != 0))
		_exit(CANNOT);
	prctl(PR_SET_DUMPABLE, 1);
	int ends[2];
	if (pipe(ends) != 0)
		_exit(CANNOT);
	pid_t neighbour = fork();
	if (neighbour == 0) {
		char byte;
		close(ends[1]);
		_exit((int)read(ends[0], &byte, 1));
	}
	if (!opens(neighbour, "environ") || !opens(neighbour, "mem") ||
	    sandbox_enter(&rules) != 0)
		_exit(CANNOT);
	_exit(opens(neighbour, "stat") && !opens(neighbour, "environ") &&
	      !opens(neighbour, "mem") && !opens(neighbour, "maps")
	      ? DONE : REFUSED);
}

static void
the_janitor_sees_ages_and_no_memory(void **unused)
{
	(void)unused;
	int status;

	pid_t child = fork();
	if (child == 0)
		look_at_a_neighbour();
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), DONE);
}

static void
log_and_off_forbid_nothing(void **unused)
{
	(void)unused;
	assert_int_equal(run(SANDBOX_LOG, SLOT_WORKER, try_fork), DONE);
	assert_int_equal(run(SANDBOX_LOG, SLOT_WORKER, try_write_outside),
			 DONE);
	assert_int_equal(run(SANDBOX_OFF, SLOT_WORKER, try_netlink), DONE);
}

static void
the_logger_has_no_network_and_no_spool(void **unused)
{
	(void)unused;
	assert_int_equal(run(SANDBOX_ON, SLOT_LOGGER, try_connect), REFUSED);
	assert_int_equal(run(SANDBOX_ON, SLOT_LOGGER, try_read_etc), DONE);
}

/* ---- The stage ----------------------------------------------------------- */

static int
set_up(void **unused)
{
	(void)unused;
	char path[128];
	socklen_t len = sizeof(address);

	if (mkdtemp(inside) == NULL || mkdtemp(outside) == NULL ||
	    chmod(inside, 0777) != 0 || chmod(outside, 0777) != 0)
		return -1;
	snprintf(path, sizeof(path), "%s/there", outside);
	int fd = open(path, O_WRONLY | O_CREAT, 0666);
	close(fd);
	address = (struct sockaddr_in){ .sin_family = AF_INET };
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	return bind(listener, (struct sockaddr *)&address,
		    sizeof(address)) != 0 || listen(listener, 64) != 0 ||
	       getsockname(listener, (struct sockaddr *)&address, &len) != 0;
}

static int
clear_up(void **unused)
{
	(void)unused;
	static const char *const names[] = { "there", "f", "mine", "thread" };
	char path[128];

	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", inside, names[i]);
		unlink(path);
		snprintf(path, sizeof(path), "%s/%s", outside, names[i]);
		unlink(path);
	}
	close(listener);
	return rmdir(inside) != 0 || rmdir(outside) != 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_intruder_is_refused),
		cmocka_unit_test(an_intruder_is_killed),
		cmocka_unit_test(the_work_goes_on),
		cmocka_unit_test(an_abort_is_an_abort),
		cmocka_unit_test(nobody_asks_who_lives),
		cmocka_unit_test(the_janitor_sees_ages_and_no_memory),
		cmocka_unit_test(log_and_off_forbid_nothing),
		cmocka_unit_test(the_logger_has_no_network_and_no_spool),
	};

	return cmocka_run_group_tests(tests, set_up, clear_up);
}
