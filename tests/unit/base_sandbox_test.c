/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sandbox from inside: each trial is a child; its exit code tells. */
#include "base/landlock.h"
#include "base/scoreboard_layout.h"

#include "support/escapes.h"
#include "support/sandbox_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const struct escape *escape; /* that is tried */

/* ---- What the work needs: DONE, REFUSED or WRONG ------------------------- */

static int
told(bool is_done)
{
	if (is_done)
		return DONE;
	return errno == EPERM || errno == EACCES ? REFUSED : WRONG;
}

static int
write_file(const char *directory, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	return told(fd >= 0 && write(fd, "x", 1) == 1);
}

static int
write_inside(void)
{
	char path[128], later[128];

	if (write_file(sandbox_inside, "f") != DONE)
		return WRONG;
	snprintf(path, sizeof(path), "%s/d", sandbox_inside);
	if (mkdir(path, 0700) != 0)
		return told(false);
	snprintf(later, sizeof(later), "%s/d/moved", sandbox_inside);
	snprintf(path, sizeof(path), "%s/f", sandbox_inside);
	return told(rename(path, later) == 0 && unlink(later) == 0 &&
		    snprintf(path, sizeof(path), "%s/d", sandbox_inside) > 0 &&
		    rmdir(path) == 0);
}

static int
read_hosts(void)
{
	return told(open("/etc/hosts", O_RDONLY) >= 0);
}

static int
connect_to_database(void)
{
	int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return told(fd >= 0 &&
		    connect(fd, (struct sockaddr *)&sandbox_database,
			    sizeof(sandbox_database)) == 0 &&
		    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) ==
			    0 &&
		    fcntl(fd, F_SETFL, O_NONBLOCK) == 0 &&
		    fcntl(fd, F_GETFL) >= 0);
}

static int
find_name(void)
{
	struct addrinfo *found = NULL;

	return told(getaddrinfo("localhost", "25", NULL, &found) == 0);
}

static int
find_no_name(void)
{
	struct addrinfo *found = NULL;

	/* As long as it is no violation it may be found or not. */
	getaddrinfo("nobody.invalid", "25", NULL, &found);
	return DONE;
}

/* realloc() of mapped memory may not move it: it copies. */
static int
grow_memory(void)
{
	char *at = malloc(1 << 20);

	memset(at, 'x', 1 << 20);
	at = realloc(at, 8 << 20);
	bool is_whole = at != NULL && at[(1 << 20) - 1] == 'x';
	free(at);
	return told(is_whole);
}

static void *
write_in_thread(void *result)
{
	*(int *)result = write_file(sandbox_outside, "thread");
	return NULL;
}

/* A thread that starts later is in the sandbox as well. */
static int
write_outside_by_thread(void)
{
	pthread_t thread;
	int result = WRONG;

	if (pthread_create(&thread, NULL, write_in_thread, &result) != 0)
		return WRONG;
	pthread_join(thread, NULL);
	return result;
}

static int
write_outside(void)
{
	return write_file(sandbox_outside, "f");
}

static int
fork_one(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	return told(child > 0);
}

static int
abort_now(void)
{
	abort();
}

static int
connect_locally(void)
{
	return told(socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
}

static int
send_locally(void)
{
	return told(socket(AF_UNIX, SOCK_DGRAM, 0) >= 0);
}

static int
try_escape(void)
{
	const struct escape_scene scene = {
		.victim = getppid(),
		.spool = sandbox_inside,
		.secret = sandbox_secret,
		.port = ntohs(sandbox_elsewhere.sin_port),
		.own = scoreboard_slot_at(sandbox_board, OWN_SLOT),
		.own_size = scoreboard_slot_offset(1) -
			    scoreboard_slot_offset(0),
	};

	return escape->attempt(&scene) == 0 ? DONE : REFUSED;
}

static bool
has_wall(const struct escape *e)
{
	switch (e->wall) {
	case WALL_SECCOMP:
		return true;
	case WALL_LANDLOCK:
		return landlock_abi() > 0;
	case WALL_LANDLOCK_NET:
		return landlock_abi() >= LANDLOCK_ABI_NET;
	case WALL_LIMIT:
		return false;           /* not of the sandbox */
	}
	return true;
}

static void
an_intruder_is_refused_in_any_role(void **unused)
{
	(void)unused;
	static const unsigned roles[] = { AS_WORKER, AS_JANITOR, AS_LOGGER,
					  AS_STATUS, AS_SIGNER,
					  AS_NOTHING };

	for (size_t r = 0; r < sizeof(roles) / sizeof(*roles); r++)
		for (escape = escapes; escape->name != NULL; escape++) {
			int met = sandbox_run(SANDBOX_ON, roles[r], try_escape);
			if (has_wall(escape) && met != REFUSED)
				fail_msg("rights %u: %s: %d", roles[r],
					 escape->name, met);
		}
}

/* What seccomp does not let through kills; Landlock still refuses. */
static void
an_intruder_is_killed(void **unused)
{
	(void)unused;
	for (escape = escapes; escape->name != NULL; escape++) {
		int met = sandbox_run(SANDBOX_KILL, AS_WORKER, try_escape);
		if (has_wall(escape) && met != REFUSED && met != -SIGSYS)
			fail_msg("%s: %d", escape->name, met);
	}
	assert_int_equal(sandbox_run(SANDBOX_KILL, AS_WORKER, fork_one),
			 -SIGSYS);
}

static void
the_work_goes_on(void **unused)
{
	(void)unused;
	static const enum sandbox_mode modes[] = { SANDBOX_ON, SANDBOX_KILL,
						   SANDBOX_LOG, SANDBOX_OFF };
	static const struct {
		const char *name;
		unsigned rights;
		int (*trial)(void);
	} allowed[] = {
		{ "write inside", AS_WORKER, write_inside },
		{ "connect", AS_WORKER, connect_to_database },
		{ "realloc", AS_WORKER, grow_memory },
		{ "read /etc/hosts", AS_RESOLVER, read_hosts },
		{ "a name", AS_RESOLVER, find_name },
		{ "no name", AS_RESOLVER, find_no_name },
	};

	for (size_t m = 0; m < sizeof(modes) / sizeof(*modes); m++)
		for (size_t i = 0; i < sizeof(allowed) / sizeof(*allowed);
		     i++) {
			int met = sandbox_run(modes[m], allowed[i].rights,
					      allowed[i].trial);
			if (met != DONE)
				fail_msg("%s: %d", allowed[i].name, met);
		}
}

static void
threads_are_inside_too(void **unused)
{
	(void)unused;
	int met = sandbox_run(SANDBOX_ON, AS_WORKER, write_outside_by_thread);

	assert_int_equal(met, landlock_abi() > 0 ? REFUSED : DONE);
}

static void
an_abort_is_an_abort(void **unused)
{
	(void)unused;
	assert_int_equal(sandbox_run(SANDBOX_KILL, AS_WORKER, abort_now),
			 -SIGABRT);
}

static void
log_and_off_forbid_nothing(void **unused)
{
	(void)unused;
	assert_int_equal(sandbox_run(SANDBOX_LOG, AS_WORKER, fork_one), DONE);
	assert_int_equal(sandbox_run(SANDBOX_LOG, AS_WORKER, write_outside),
			 DONE);
	assert_int_equal(sandbox_run(SANDBOX_OFF, AS_WORKER, fork_one), DONE);
}

/* Where the database is not reached by it, no socket of that family. */
static void
sockets_are_those_that_the_rules_need(void **unused)
{
	(void)unused;
	struct sandbox_rules rules = { .rights = AS_WORKER };

	assert_int_equal(sandbox_run_with(&rules, connect_to_database),
			 REFUSED);
	assert_int_equal(sandbox_run_with(&rules, connect_locally), REFUSED);
	rules.connects_locally = true;
	assert_int_equal(sandbox_run_with(&rules, connect_locally), DONE);
	assert_int_equal(sandbox_run_with(&rules, connect_to_database),
			 REFUSED);
	rules.has_more_ports = true;
	assert_int_equal(sandbox_run_with(&rules, connect_to_database), DONE);
	/* syslog(3) sends datagrams, or a stream where that is what it is. */
	rules = (struct sandbox_rules){ .rights = AS_LOGGER };
	assert_int_equal(sandbox_run_with(&rules, send_locally), REFUSED);
	assert_int_equal(sandbox_run_with(&rules, connect_locally), REFUSED);
	rules.connects_locally = true;
	assert_int_equal(sandbox_run_with(&rules, send_locally), DONE);
	assert_int_equal(sandbox_run_with(&rules, connect_locally), DONE);
}

static void
only_who_resolves_reads_etc(void **unused)
{
	(void)unused;
	int met = landlock_abi() > 0 ? REFUSED : DONE;

	assert_int_equal(sandbox_run(SANDBOX_ON, AS_LOGGER, read_hosts), met);
	assert_int_equal(sandbox_run(SANDBOX_ON, AS_WORKER, read_hosts), met);
	assert_int_equal(sandbox_run(SANDBOX_ON, AS_STATUS, read_hosts),
			 REFUSED);
	assert_int_equal(sandbox_run(SANDBOX_ON, AS_NOTHING, read_hosts),
			 REFUSED);
}

static void
the_slot_says_what_holds(void **unused)
{
	(void)unused;
	struct slot_figures f;

	assert_int_equal(sandbox_run(SANDBOX_STRICT, AS_WORKER, write_inside),
			 DONE);
	scoreboard_read_slot(sandbox_board, OWN_SLOT, &f);
	assert_int_equal(f.sandbox.landlock, landlock_abi());
	assert_true(f.sandbox.no_new_privs);
	assert_true(f.sandbox.instructions > 100);
	assert_int_equal(f.sandbox.capabilities, 0);
	assert_true(f.sandbox.uid != 0);
	uint32_t hash = f.sandbox.hash;
	sandbox_run(SANDBOX_ON, AS_WORKER, write_inside);
	scoreboard_read_slot(sandbox_board, OWN_SLOT, &f);
	assert_int_equal(f.sandbox.hash, hash);
	sandbox_run(SANDBOX_ON, AS_LOGGER, write_outside);
	scoreboard_read_slot(sandbox_board, OWN_SLOT, &f);
	assert_int_not_equal(f.sandbox.hash, hash);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_intruder_is_refused_in_any_role),
		cmocka_unit_test(an_intruder_is_killed),
		cmocka_unit_test(the_work_goes_on),
		cmocka_unit_test(threads_are_inside_too),
		cmocka_unit_test(an_abort_is_an_abort),
		cmocka_unit_test(log_and_off_forbid_nothing),
		cmocka_unit_test(sockets_are_those_that_the_rules_need),
		cmocka_unit_test(only_who_resolves_reads_etc),
		cmocka_unit_test(the_slot_says_what_holds),
	};

	return cmocka_run_group_tests(tests, sandbox_set_up, sandbox_clear_up);
}
