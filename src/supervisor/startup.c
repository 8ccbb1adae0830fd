/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The order of a start: what root is needed for first, then the drop, then
 * everything again as the user, since a reload will have to do it so. */
#include "supervisor/startup.h"

#include "base/pid_file.h"
#include "supervisor/account_check.h"
#include "supervisor/background.h"
#include "supervisor/directories.h"
#include "supervisor/limits.h"
#include "supervisor/privileges.h"
#include "supervisor/root_open.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	START_MS = 60000,       /* name look-ups and libraries included */
	GRACE_MS = 3000,        /* beyond the deadlines that children keep */
	QUIT_MS = 3000,
	REGIONS_A_WORKER = 4,   /* generations that drain */
	MORE_REGIONS = 16,
	WHY_SIZE = 16384
};

/* What the steps of a start have in common. */
struct start {
	struct master *m;
	struct config *config;
	struct account account;
	bool is_root;           /* we were, at first */
	int run_dir;            /* where root may make files; -1 */
	struct buf why;
};

static int
fail(struct start *s, const char *text)
{
	buf_printf(&s->why, "%s\n", text);
	return EXIT_START;
}

static int
fail_with_errno(struct start *s, const char *what)
{
	buf_printf(&s->why, "%s: %s\n", what, strerror(errno));
	return EXIT_START;
}

static void
say_why(struct start *s)
{
	struct view rest = buf_view(&s->why);

	while (rest.len > 0) {
		size_t end = view_find(rest, '\n');
		fprintf(stderr, "guerrilla-smtpd: %.*s\n", (int)end, rest.at);
		rest = view_slice(rest, end + 1, rest.len);
	}
	buf_release(&s->why);
}

static int
find_account(struct start *s)
{
	const struct config *c = s->config;
	char reason[1024];

	if (geteuid() != 0) {
		s->account = (struct account){ "this user", geteuid(),
					       getegid() };
		return 0;
	}
	if (account_find(c->user, c->group, &s->account, reason) != 0)
		return fail(s, reason);
	if (s->account.uid == 0 && !c->may_be_root)
		return fail(s, "user is root: name another one, or set "
			    "allow_root = true");
	if (s->account.uid == 0 &&
	    !account_may_be_root(c, reason, sizeof(reason)))
		return fail(s, reason);
	s->m->advice = BUF(WHY_SIZE);
	account_check(c, &s->account, &s->m->advice);
	return 0;
}

static int
open_control(struct start *s, const char *run_dir)
{
	int control = control_listen(run_dir);

	if (control < 0)
		return fail_with_errno(s, "cannot make the control socket");
	control_socket_init(&s->m->control, control, s->is_root);
	return 0;
}

/* What root makes in run_dir the account cannot open, only take away. Where
 * root must not work there the account makes it, in open_as_user. */
static int
open_in_run_dir(struct start *s)
{
	char path[64];

	if (s->run_dir < 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", s->run_dir);
	return open_control(s, path);
}

/* Without a spool in use its directory is only a convenience. */
static int
make_directories(struct start *s)
{
	const struct store_settings *store = &s->config->worker.store;
	bool needs_spool = store->on_outage == STORE_OUTAGE_SPOOL;
	struct buf ignored = BUF(1024);

	if (directory_make(s->config->run_dir, 0755, &s->account, &s->why) !=
	    0)
		return EXIT_START;
	s->run_dir = directory_open_run_dir(s->config, &s->account);
	int made = directory_make(store->spool_dir, 0700, &s->account,
				  needs_spool ? &s->why : &ignored);
	buf_release(&ignored);
	return made != 0 && needs_spool ? EXIT_START : 0;
}

static int
open_as_root(struct start *s)
{
	const struct config *c = s->config;
	char reason[512];

	if (limits_raise_files(c, &s->why) != 0 || make_directories(s) != 0)
		return EXIT_START;
	int pid_file = root_open_pid_file(c->pid_file, &s->account, reason,
					  sizeof(reason));
	if (pid_file < 0)
		return fail(s, reason);
	if (pid_file_lock(pid_file, c->pid_file, reason, sizeof(reason)) !=
	    0) {
		close(pid_file);
		return fail(s, reason);
	}
	s->m->pid_file = pid_file;
	s->m->now.opens_for = &s->account;
	if (generation_open(&s->m->now, s->config, NULL, &s->why) != 0)
		return EXIT_START;
	return open_in_run_dir(s);
}

static bool
has_same_listeners(const struct config *a, const struct config *b)
{
	const struct net_settings *x = &a->worker.net, *y = &b->worker.net;

	if (x->listener_count != y->listener_count)
		return false;
	for (size_t i = 0; i < x->listener_count; i++)
		if (strcmp(x->listeners[i].name, y->listeners[i].name) != 0)
			return false;
	return true;
}

/* The files once more, as the user: what only root can read now, no reload
 * could read later. */
static int
read_again(struct start *s)
{
	struct generation *g = &s->m->now;

	struct config *again = config_read(&s->m->options.source, &s->why);
	if (again == NULL) {
		buf_printf(&s->why, "read as %s: what only root can read "
			   "could not be read again by a reload\n",
			   s->account.user);
		return EXIT_START;
	}
	if (!has_same_listeners(again, g->config)) {
		config_free(&again);
		return fail(s, "the configuration changed while it was read");
	}
	config_free(&g->config);
	g->config = again;
	s->config = again;
	return 0;
}

static int
become_user(struct start *s)
{
	char reason[256];

	if (privileges_drop(&s->account, s->config->keeps_bind_capability,
			    reason, sizeof(reason)) != 0)
		return fail(s, reason);
	limits_core(s->config->dumps_core);
	return read_again(s);
}

static int
open_shared(struct start *s)
{
	struct master *m = s->m;

	m->scoreboard = scoreboard_create(&m->scoreboard_fd);
	m->backlogs = log_backlogs_open(MASTER_BACKLOGS);
	if (m->scoreboard == NULL || m->backlogs < 0)
		return fail_with_errno(s, "no memory to share");
	if (startup_connection_limits(m, s->config) != 0)
		return fail_with_errno(s, "cannot make the connection limits");
	if (log_pair(m->lines) != 0)
		return fail_with_errno(s, "cannot make the log's queue");
	return 0;
}

static int
open_as_user(struct start *s)
{
	const struct store_settings *store = &s->config->worker.store;
	struct master *m = s->m;

	if (directory_check(s->config->run_dir, &s->account, &s->why) != 0)
		return EXIT_START;
	if (store->on_outage == STORE_OUTAGE_SPOOL &&
	    directory_check(store->spool_dir, &s->account, &s->why) != 0)
		return EXIT_START;
	if (generation_load(&m->now, &m->spools, &s->why) != 0 ||
	    open_shared(s) != 0)
		return EXIT_START;
	return m->control.listener >= 0 ? 0
		: open_control(s, s->config->run_dir);
}

static void
clear_away(struct start *s)
{
	if (s->m->now.config != NULL)
		generation_close(&s->m->now, NULL);
	else
		config_free(&s->config);
	pid_file_leave(&s->m->pid_file);
}

static int
go_to_background(struct start *s)
{
	if (!s->m->options.source.is_daemon)
		return 0;
	s->m->ready_pipe = background_begin();
	return s->m->ready_pipe >= 0
		? 0 : fail_with_errno(s, "cannot go to the background");
}

int
startup(struct master *m, struct config *first)
{
	int (*const steps[])(struct start *) = {
		go_to_background, find_account, open_as_root, become_user,
		open_as_user,
	};
	struct start s = { .m = m,
			   .config = first,
			   .is_root = geteuid() == 0,
			   .run_dir = -1,
			   .why = BUF(WHY_SIZE) };
	int code = 0;

	umask(027);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		code = steps[i](&s);
		if (code != 0)
			break;
	}
	if (s.run_dir >= 0)
		close(s.run_dir);
	if (code == 0)
		return 0;
	say_why(&s);
	clear_away(&s);
	return code;
}

struct process_times
startup_times(const struct config *config)
{
	return (struct process_times){
		.start_ms = START_MS,
		.drain_ms = config->worker.drain_ms + GRACE_MS,
		.stop_ms = config->worker.shutdown_ms + GRACE_MS,
		.quit_ms = QUIT_MS,
	};
}

int
startup_connection_limits(struct master *m, const struct config *config)
{
	size_t connections = config->worker.connections;
	size_t regions = config->worker.workers * REGIONS_A_WORKER +
			 MORE_REGIONS;

	if (m->connection_limits != NULL && m->connection_regions >= regions &&
	    m->counted_connections >= connections)
		return 0;
	struct connection_limits *limits =
		connection_limits_new((unsigned)regions, connections);
	if (limits == NULL)
		return -1;
	/* The old one goes with the last worker that counts in it. */
	m->connection_limits = limits;
	m->connection_regions = regions;
	m->counted_connections = connections;
	return 0;
}
