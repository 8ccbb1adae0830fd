/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The order of a start: what root is needed for first, then the drop, then
 * everything again as the user, since a reload will have to do it so. */
#include "supervisor/startup.h"

#include "base/pid_file.h"
#include "supervisor/account_check.h"
#include "supervisor/directories.h"
#include "supervisor/privileges.h"
#include "supervisor/readiness.h"
#include "supervisor/root_open.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WHY_SIZE = 16384 };

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

static int
go_to_background(struct start *s)
{
	if (!s->m->options.source.is_daemon)
		return 0;
	s->m->ready_pipe = background_begin();
	return s->m->ready_pipe >= 0
		? 0 : fail_with_errno(s, "cannot go to the background");
}

static int
find_account(struct start *s)
{
	const struct config *c = s->config;
	char reason[1024];

	if (!s->is_root) {
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

static int
open_as_root(struct start *s)
{
	const struct config *c = s->config;
	const struct store_settings *store = &c->worker.store;
	bool needs_spool = store->on_outage == STORE_OUTAGE_SPOOL;
	struct buf ignored = BUF(1024);
	char reason[ROOT_OPEN_WHY], path[64];

	if (master_raise_files(c, &s->why) != 0 ||
	    directory_make(c->run_dir, 0755, &s->account, &s->why) != 0)
		return EXIT_START;
	s->run_dir = directory_open_run_dir(c, &s->account);
	/* Without a spool in use its directory is only a convenience. */
	int made = directory_make(store->spool_dir, 0700, &s->account,
				  needs_spool ? &s->why : &ignored);
	buf_release(&ignored);
	if (made != 0 && needs_spool)
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
	/* What root makes in run_dir the account cannot open, only take away.
	 * Where root must not work there the account makes it. */
	if (s->run_dir < 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", s->run_dir);
	return open_control(s, path);
}

/* And the files once more, as the user: what only root can read now, no
 * reload could read later. */
static int
become_user(struct start *s)
{
	struct generation *g = &s->m->now;
	char reason[ACCOUNT_REASON_SIZE];

	if (privileges_drop(&s->account, s->config->keeps_bind_capability,
			    reason, sizeof(reason)) != 0)
		return fail(s, reason);
	master_allow_core(s->config->dumps_core);
	struct config *again = config_read(&s->m->options.source, &s->why);
	if (again == NULL) {
		buf_printf(&s->why, "read as %s: what only root can read "
			   "could not be read again by a reload\n",
			   s->account.user);
		return EXIT_START;
	}
	const struct net_settings *x = &g->config->worker.net;
	const struct net_settings *y = &again->worker.net;
	bool is_same = x->listener_count == y->listener_count &&
		       x->has_status == y->has_status;
	for (size_t i = 0; is_same && i < net_listener_sum(x); i++)
		is_same = strcmp(x->listeners[i].name,
				 y->listeners[i].name) == 0;
	if (!is_same) {
		config_free(&again);
		return fail(s, "the configuration changed while it was read");
	}
	config_free(&g->config);
	g->config = again;
	s->config = again;
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
	if (generation_load(&m->now, &m->spools, &s->why) != 0)
		return EXIT_START;
	m->scoreboard = scoreboard_create(&m->scoreboard_fd);
	m->backlogs = log_backlogs_open(MASTER_BACKLOGS);
	if (m->scoreboard == NULL || m->backlogs < 0)
		return fail_with_errno(s, "no memory to share");
	if (master_make_connection_limits(m, s->config) != 0)
		return fail_with_errno(s, "cannot make the connection limits");
	if (log_pair(m->lines) != 0)
		return fail_with_errno(s, "cannot make the log's queue");
	return m->control.listener >= 0 ? 0
		: open_control(s, s->config->run_dir);
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
	for (size_t i = 0; code == 0 && i < sizeof(steps) / sizeof(*steps); i++)
		code = steps[i](&s);
	if (s.run_dir >= 0)
		close(s.run_dir);
	if (code == 0)
		return 0;
	for (struct view rest = buf_view(&s.why); rest.len > 0;) {
		struct view line = view_take_line(&rest);
		fprintf(stderr, "guerrilla-smtpd: %.*s\n", (int)line.len,
			line.at);
	}
	buf_release(&s.why);
	if (m->now.config != NULL)
		generation_close(&m->now, NULL);
	else
		config_free(&s.config);
	pid_file_leave(&m->pid_file);
	return code;
}
