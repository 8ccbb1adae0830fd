/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The new file must first show, in a child, that it can read the
 * configuration and bring a worker up; the same descriptor is then executed
 * in place, so that it cannot be another file by then. The master keeps its
 * pid, its sockets and its children. */
#include "supervisor/upgrade.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/signals.h"
#include "supervisor/notify.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TRIAL_MS = 90000, WORDS_SIZE = 2048, EXIT_CANNOT_EXEC = 126 };

/* ---- What is handed over ------------------------------------------------- */

static void
add_listeners(const struct generation *g, struct handover *h)
{
	if (g->config == NULL || g->listeners == NULL)
		return;
	const struct net_settings *net = &g->config->worker.net;
	for (size_t i = 0; i < net_listener_sum(net); i++) {
		size_t k = 0;
		while (k < h->listener_count &&
		       h->listeners[k].fd != g->listeners[i])
			k++;
		if (k < h->listener_count)
			continue;
		h->listeners = memory_grow(h->listeners, k,
					   sizeof(*h->listeners));
		h->listeners[h->listener_count++] = (struct handed_listener){
			g->listeners[i], net->listeners[i].name };
	}
}

static void
fill(const struct master *m, struct handover *h)
{
	const struct config_source *source = &m->options.source;

	h->generation = m->now.number;
	h->wants_reload = m->wants_reload;
	h->paused_until_ms = m->paused_until_ms;
	h->wants_upgrade = m->upgrade.is_wanted;
	h->pid_file = m->pid_file;
	h->scoreboard = m->scoreboard_fd;
	h->backlogs = m->backlogs;
	h->control = m->control.listener;
	h->is_control_roots = m->control.is_roots;
	h->lines[0] = m->lines[0];
	h->lines[1] = m->lines[1];
	h->program = m->program;
	h->config_file = source->file;
	h->log_file = source->log_file != NULL ? source->log_file : "";
	h->figures = m->figures;
	h->spools = m->spools;
	h->connection_limits.fd = -1;
	if (m->connection_limits != NULL)
		connection_limits_hand_over(m->connection_limits,
					    &h->connection_limits);
	add_listeners(&m->now, h);
	/* Before a takeover is done also those that only the workers of the
	 * program before still listen on. */
	add_listeners(&m->takeover.handed, h);
	h->children = memory_new(SCOREBOARD_SLOTS, sizeof(*h->children));
	for (int i = 1; i < SCOREBOARD_SLOTS; i++) {
		const struct child *c = &m->children[i];
		bool counts = h->connection_limits.fd >= 0 &&
			      c->connection_limits == m->connection_limits;
		if (process_is_alive(&m->processes.entries[i]))
			h->children[h->child_count++] = (struct handed_child){
				i, c->channel, m->processes.entries[i],
				counts ? c->region : -1 };
	}
	for (size_t i = 0; i < CONTROL_ASKERS; i++) {
		const struct asker *a = &m->control.askers[i];
		if (a->fd >= 0 && a->verb != CONTROL_NOTHING)
			h->askers[h->asker_count++] = (struct handed_asker){
				a->fd, a->verb, a->is_taken_up };
	}
}

/* Executes the new file with what is handed over. Returns only on failure:
 * errno, and all as it was. */
static void
run_program(struct master *m, enum handover_mode mode)
{
	struct handover h = { .mode = mode };

	fill(m, &h);
	handover_keep_open(&h, true);
	if (handover_write(&h) >= 0)
		fexecve(m->upgrade.program, m->options.argv, environ);
	int error = errno;
	handover_forget();
	handover_keep_open(&h, false);
	free(h.listeners);
	free(h.children);
	errno = error;
}

/* ---- The trial ----------------------------------------------------------- */

static void
refuse(struct master *m, const char *why)
{
	struct upgrade *u = &m->upgrade;

	log_error("upgrade refused", LOG_STR("why", why),
		  LOG_STR("program", m->program));
	control_socket_tell(&m->control, CONTROL_UPGRADE, why);
	control_socket_answer(&m->control, CONTROL_UPGRADE, false,
			      "upgrade refused: the running program goes on");
	notify_send("STATUS=Upgrade refused, generation %u serves\n",
		    m->now.number);
	if (u->program >= 0)
		close(u->program);
	if (u->words >= 0)
		close(u->words);
	*u = (struct upgrade){ .program = -1, .words = -1,
			       .is_wanted = u->is_wanted };
}

static void
begin(struct master *m)
{
	struct upgrade *u = &m->upgrade;
	char why[MASTER_PATH_SIZE + 128];

	assert(u->trial == 0 && u->program < 0 && u->words < 0);
	u->is_wanted = false;
	control_socket_take_up(&m->control, CONTROL_UPGRADE);
	log_info("upgrade begins", LOG_STR("program", m->program));
	notify_send("STATUS=Upgrading\n");
	u->program = open(m->program, O_RDONLY | O_CLOEXEC);
	if (u->program < 0) {
		snprintf(why, sizeof(why), "cannot open %s: %s", m->program,
			 strerror(errno));
		refuse(m, why);
		return;
	}
	u->words = memfd_create("guerrilla-smtpd trial", MFD_CLOEXEC);
	u->until_ms = clock_ms() + TRIAL_MS;
	pid_t pid = u->words >= 0 ? fork() : -1;
	if (pid == 0) {
		signals_for_child();
		dup2(u->words, STDOUT_FILENO);
		dup2(u->words, STDERR_FILENO);
		run_program(m, HANDOVER_TRIAL);
		fprintf(stderr, "cannot execute %s: %s\n", m->program,
			strerror(errno));
		fflush(stderr);
		_exit(EXIT_CANNOT_EXEC);
	}
	if (pid < 0) {
		snprintf(why, sizeof(why), "no %s for the trial: %s",
			 u->words < 0 ? "memory" : "process",
			 strerror(errno));
		refuse(m, why);
		return;
	}
	u->trial = pid;
}

bool
upgrade_reaped(struct master *m, pid_t pid, int status)
{
	struct upgrade *u = &m->upgrade;
	char words[WORDS_SIZE], why[WORDS_SIZE + 128];

	if (u->trial == 0 || pid != u->trial)
		return false;
	if (WIFSTOPPED(status))
		return true;
	u->trial = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		u->is_proven = true;
		return true;
	}
	ssize_t n = pread(u->words, words, sizeof(words) - 1, 0);
	words[n > 0 ? n : 0] = '\0';
	for (char *c = words; *c != '\0'; c++)
		if (*c == '\n')
			*c = c[1] != '\0' ? ';' : '\0';
	snprintf(why, sizeof(why),
		 "the trial of the new program ended with %s %d%s%s",
		 WIFSIGNALED(status) ? "signal" : "exit code",
		 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
		 words[0] != '\0' ? ": " : "", words);
	refuse(m, why);
	return true;
}

void
upgrade_give_up(struct master *m, const char *why)
{
	struct upgrade *u = &m->upgrade;

	m->takeover.is_under_way = false;
	if (!u->is_wanted && u->trial == 0 && !u->is_proven)
		return;
	if (u->trial > 0)
		kill(u->trial, SIGKILL);
	u->is_wanted = false;
	refuse(m, why);
}

void
upgrade_tick(struct master *m)
{
	struct upgrade *u = &m->upgrade;
	sigset_t all, before;
	char why[128];

	if (u->trial > 0 && clock_ms() > u->until_ms)
		kill(u->trial, SIGKILL);
	/* One thing at a time: a reload is finished first. */
	bool is_free = m->is_ready && m->next.config == NULL &&
		       (!m->takeover.is_under_way || m->takeover.has_told) &&
		       u->trial == 0;
	if (u->is_proven && is_free) {
		struct pollfd came = { .fd = m->signals, .events = POLLIN };
		/* A signal between two programs would meet no handler and
		 * kill: it waits until the next one catches it. One that came
		 * before is heard first. */
		sigfillset(&all);
		sigprocmask(SIG_SETMASK, &all, &before);
		bool is_quiet = poll(&came, 1, 0) == 0;
		if (is_quiet)
			run_program(m, HANDOVER_TAKEOVER);
		sigprocmask(SIG_SETMASK, &before, NULL);
		if (!is_quiet)
			return;
		snprintf(why, sizeof(why), "cannot execute it: %s",
			 strerror(errno));
		refuse(m, why);
	} else if (u->is_wanted && is_free && !u->is_proven) {
		begin(m);
	}
}
