/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The order of a start: what root is needed for first, then the drop, then
 * everything again as the user, since a reload will have to do it so. */
#include "supervisor/startup.h"

#include "base/clock.h"
#include "base/pid_file.h"
#include "net/listen.h"
#include "supervisor/background.h"
#include "supervisor/directories.h"
#include "supervisor/limits.h"
#include "supervisor/privileges.h"

#include <errno.h>
#include <fcntl.h>
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
	char reason[ACCOUNT_REASON_SIZE];

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
	return 0;
}

/* A file that we just made as root must be the user's, or it could not be
 * opened again after a rotation. */
static int
give_log_away(struct start *s, int fd)
{
	struct stat st;

	if (geteuid() != 0 || fd < 0 || fstat(fd, &st) != 0 ||
	    !S_ISREG(st.st_mode) || st.st_size > 0 || st.st_uid != 0 ||
	    fchown(fd, s->account.uid, s->account.gid) == 0)
		return 0;
	return fail_with_errno(s, "cannot give the log file away");
}

/* Made while we are root it stays root's: no worker, whatever became of its
 * sandbox, can cut the file under those who map it. The group may read. */
static int
open_scoreboard(struct start *s)
{
	struct master *m = s->m;

	m->scoreboard =
		scoreboard_create(s->config->run_dir, &m->scoreboard_fd);
	if (m->scoreboard == NULL ||
	    (geteuid() == 0 &&
	     fchown(m->scoreboard_fd, (uid_t)-1, s->account.gid) != 0))
		return fail_with_errno(s, "cannot make the scoreboard");
	return 0;
}

/* A socket that root made must be the account's, or the mode would speak of
 * root and its group. The descriptor makes sure that it is a socket that is
 * given away, whoever else may write in that folder. */
static int
give_socket_away(struct start *s, const char *path)
{
	struct stat st;

	int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	bool is_given = fd >= 0 && fstat(fd, &st) == 0 &&
			S_ISSOCK(st.st_mode) &&
			fchownat(fd, "", s->account.uid, s->account.gid,
				 AT_EMPTY_PATH) == 0;
	int error = errno;
	if (fd >= 0)
		close(fd);
	if (is_given)
		return 0;
	errno = error;
	return fail_with_errno(s, path);
}

static int
give_sockets_away(struct start *s)
{
	const struct net_settings *net = &s->config->worker.net;
	struct listen_name name;
	const char *fault;
	int code = 0;

	for (size_t i = 0; i < net->listener_count && code == 0; i++)
		if (geteuid() == 0 &&
		    listen_parse(view_of(net->listeners[i].name), &name,
				 &fault) && name.kind == LISTEN_UNIX)
			code = give_socket_away(s, name.rest.at);
	return code;
}

static int
open_as_root(struct start *s)
{
	const struct config *c = s->config;
	char reason[512];

	if (limits_raise_files(c, &s->why) != 0 ||
	    directory_make(c->run_dir, 0755, &s->account, &s->why) != 0)
		return EXIT_START;
	/* Without a spool in use its directory is only a convenience. */
	const struct store_settings *store = &c->worker.store;
	struct buf spool_why = BUF(1024);
	bool needs_spool = store->on_outage == STORE_OUTAGE_SPOOL;
	if (directory_make(store->spool_dir, 0700, &s->account,
			   needs_spool ? &s->why : &spool_why) != 0 &&
	    needs_spool)
		return EXIT_START;
	buf_release(&spool_why);
	s->m->pid_file = pid_file_take(c->pid_file, reason, sizeof(reason));
	if (s->m->pid_file < 0)
		return fail(s, reason);
	if (generation_open(&s->m->now, s->config, NULL, &s->why) != 0 ||
	    give_sockets_away(s) != 0 ||
	    give_log_away(s, s->m->now.log_file) != 0)
		return EXIT_START;
	return open_scoreboard(s);
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

	m->backlogs = log_backlogs_new(MASTER_BACKLOGS, &m->backlogs_fd);
	if (m->backlogs == NULL)
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
	int control = control_listen(s->config->run_dir);
	if (control < 0)
		return fail_with_errno(s, "cannot make the control socket");
	control_socket_init(&m->control, control);
	return 0;
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
	struct start s = { .m = m, .config = first, .why = BUF(WHY_SIZE) };
	int code = 0;

	umask(027);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		code = steps[i](&s);
		if (code != 0)
			break;
	}
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
