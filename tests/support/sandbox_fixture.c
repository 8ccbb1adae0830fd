/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/sandbox_fixture.h"

#include "base/process.h"

#include <fcntl.h>
#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { NOBODY = 65534 };

char sandbox_inside[] = "/tmp/sandbox-inside-XXXXXX";
char sandbox_outside[] = "/tmp/sandbox-outside-XXXXXX";
char sandbox_secret[64];
struct sockaddr_in sandbox_database, sandbox_elsewhere;
struct scoreboard *sandbox_board;
static int listener, other_listener, board_fd;

static _Noreturn void
live(const struct sandbox_rules *rules, int (*trial)(void))
{
	if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setgid(NOBODY) != 0 ||
			       setuid(NOBODY) != 0))
		_exit(CANNOT);
	if (scoreboard_remap(sandbox_board, board_fd, OWN_SLOT) != 0)
		_exit(CANNOT);
	resolver_prepare();
	if (sandbox_enter(rules, scoreboard_slot_at(sandbox_board, OWN_SLOT)) !=
	    0)
		_exit(CANNOT);
	_exit(trial());
}

/* The exit code, or minus the signal. */
int
sandbox_run_with(const struct sandbox_rules *rules, int (*trial)(void))
{
	int status;

	pid_t child = fork();
	if (child == 0)
		live(rules, trial);
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

int
sandbox_run(enum sandbox_mode mode, unsigned rights, int (*trial)(void))
{
	const struct sandbox_rules rules = {
		.mode = mode,
		.rights = rights,
		.writable = { sandbox_inside },
		.ports = { ntohs(sandbox_database.sin_port) },
	};

	return sandbox_run_with(&rules, trial);
}

static int
open_listener(struct sockaddr_in *where)
{
	socklen_t len = sizeof(*where);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	*where = (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) },
	};
	if (bind(fd, (struct sockaddr *)where, len) != 0 ||
	    listen(fd, 64) != 0 ||
	    getsockname(fd, (struct sockaddr *)where, &len) != 0)
		return -1;
	return fd;
}

int
sandbox_set_up(void **unused)
{
	(void)unused;
	if (mkdtemp(sandbox_inside) == NULL ||
	    mkdtemp(sandbox_outside) == NULL ||
	    chmod(sandbox_inside, 0777) != 0 ||
	    chmod(sandbox_outside, 0777) != 0)
		return -1;
	snprintf(sandbox_secret, sizeof(sandbox_secret), "%s/secret",
		 sandbox_outside);
	close(open(sandbox_secret, O_WRONLY | O_CREAT, 0644));
	listener = open_listener(&sandbox_database);
	other_listener = open_listener(&sandbox_elsewhere);
	sandbox_board = scoreboard_create(&board_fd);
	return listener >= 0 && other_listener >= 0 && sandbox_board != NULL
		       ? 0
		       : -1;
}

static void
remove_in(const char *directory, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	unlink(path);
}

int
sandbox_clear_up(void **unused)
{
	static const char *const names[] = { "secret", "f",    "thread",
					     "code",   "mine", "link" };

	(void)unused;
	close(listener);
	close(other_listener);
	scoreboard_close(&sandbox_board);
	close(board_fd);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		remove_in(sandbox_outside, names[i]);
		remove_in(sandbox_inside, names[i]);
	}
	return rmdir(sandbox_inside) != 0 || rmdir(sandbox_outside) != 0;
}
