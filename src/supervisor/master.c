/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a master has however it came to be: at a start, at a reload, as the
 * trial of a new program, or in the middle of an upgrade. */
#include "supervisor/master.h"

#include "base/memory.h"
#include "base/process.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
	START_MS = 60000,       /* name look-ups and libraries included */
	GRACE_MS = 3000,        /* beyond the deadlines that children keep */
	QUIT_MS = 3000,
	REGIONS_A_WORKER = 4,   /* generations that drain */
	MORE_REGIONS = 16,
	OWN_FILES = 64          /* queues, the database, the spool, ... */
};

struct config_source
master_source(const struct config_source *own, const struct handover *h)
{
	struct config_source source = *own;

	if (h->mode == HANDOVER_NONE)
		return source;
	source.file = h->config_file;
	source.log_file = h->log_file[0] != '\0' ? h->log_file : NULL;
	return source;
}

struct config *
master_await_config(const struct config_source *source, struct buf *why)
{
	struct config *c = NULL;
	sigset_t pending;

	while (c == NULL) {
		fprintf(stderr, "guerrilla-smtpd: waiting: %.*s", (int)why->len,
			why->len > 0 ? why->at : "");
		buf_release(why);
		sigpending(&pending);
		if (sigismember(&pending, SIGTERM) == 1 ||
		    sigismember(&pending, SIGINT) == 1 ||
		    sigismember(&pending, SIGQUIT) == 1)
			_exit(EXIT_CONFIG);
		sleep(1);
		c = config_read(source, why);
	}
	buf_release(why);
	return c;
}

struct master *
master_new(const struct supervisor_options *o, const struct handover *h)
{
	const struct config_source source = master_source(&o->source, h);
	struct master *m = memory_new(1, sizeof(*m));
	char here[MASTER_PATH_SIZE / 2];

	m->options = *o;
	m->options.source.file = memory_copy_text(source.file);
	m->options.source.log_file = source.log_file != NULL
		? memory_copy_text(source.log_file) : NULL;
	m->options.argv = title_prepare(o->argc, o->argv);
	m->control.listener = m->pid_file = m->ready_pipe = -1;
	m->now.log_file = m->next.log_file = -1;
	m->tickets = memfd_create("tickets", MFD_CLOEXEC);
	m->upgrade.program = m->upgrade.words = -1;
	/* The file that an upgrade will run: as it was called, so that a link
	 * to the newest version is followed again; not /proc/self/exe, which
	 * stays with the old file. */
	const char *name = m->options.argv[0];
	if (name != NULL && name[0] == '/') {
		snprintf(m->program, sizeof(m->program), "%s", name);
	} else if (name != NULL && strchr(name, '/') != NULL &&
		   getcwd(here, sizeof(here)) != NULL) {
		snprintf(m->program, sizeof(m->program), "%s/%.2000s", here,
			 name);
	} else {
		ssize_t n = readlink("/proc/self/exe", m->program,
				     sizeof(m->program) - 1);
		m->program[n > 0 ? n : 0] = '\0';
	}
	for (int i = 0; i < SCOREBOARD_SLOTS; i++)
		m->children[i] = NO_CHILD;
	return m;
}

void
master_init_log(const struct master *m)
{
	const struct log_client client = {
		.fd = m->lines[1],
		.format = m->now.config->log.format,
		.level = m->now.config->log.level,
		.name = "master",
		.slot = scoreboard_slot_at(m->scoreboard, 0),
	};

	log_init(&client);
}

struct process_times
master_times(const struct config *config)
{
	return (struct process_times){
		.start_ms = START_MS,
		.drain_ms = config->worker.drain_ms + GRACE_MS,
		.stop_ms = config->worker.shutdown_ms + GRACE_MS,
		.quit_ms = QUIT_MS,
	};
}

int
master_make_connection_limits(struct master *m, const struct config *config)
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

/* One worker may come to hold all connections there are, while the others
 * are busy or dead, so each gets room for all. */
int
master_raise_files(const struct config *config, struct buf *why)
{
	const struct worker_settings *w = &config->worker;
	struct rlimit limit;

	size_t need = w->connections + w->net.listener_count + OWN_FILES;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
		buf_printf(why, "cannot read the limit of open files: %s\n",
			   strerror(errno));
		return -1;
	}
	if (limit.rlim_cur >= need)
		return 0;
	rlim_t had = limit.rlim_max;
	if (limit.rlim_max < need)
		limit.rlim_max = need;
	limit.rlim_cur = need;
	if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
		return 0;
	buf_printf(why, "limits.connections = %zu needs %zu open files, but "
		   "at most %llu are allowed: raise LimitNOFILE= or ulimit "
		   "-n, or lower the key\n", w->connections, need,
		   (unsigned long long)had);
	return -1;
}

void
master_limit_file_size(size_t most)
{
	const struct rlimit limit = { most, most };

	setrlimit(RLIMIT_FSIZE, &limit);
}

void
master_allow_core(bool dumps_core)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_CORE, &limit) == 0) {
		/* The hard limit stays: a reload may want it again. */
		limit.rlim_cur = dumps_core ? limit.rlim_max : 0;
		setrlimit(RLIMIT_CORE, &limit);
	}
	prctl(PR_SET_DUMPABLE, dumps_core ? 1 : 0, 0, 0, 0);
}
