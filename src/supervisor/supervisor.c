/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The master's loop: wait for signals, words, verbs and time; do what each
 * asks; look what follows from it. */
#include "supervisor/supervisor.h"

#include "base/clock.h"
#include "base/history.h"
#include "base/signals.h"
#include "base/process.h"
#include "supervisor/children.h"
#include "supervisor/notify.h"
#include "supervisor/pause.h"
#include "supervisor/proof.h"
#include "supervisor/readiness.h"
#include "supervisor/reload.h"
#include "supervisor/roles.h"
#include "supervisor/startup.h"
#include "supervisor/stop.h"
#include "supervisor/takeover.h"
#include "supervisor/upgrade.h"
#include "supervisor/usage.h"
#include "supervisor/watchdog.h"
#include "supervisor/worker_count.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	LONGEST_POLL_MS = 1000,
	PUBLISH_MS = 500,
	AWAITED_POLL_MS = 20,   /* while somebody waits for what slots say */
	DAY_SECONDS = 24 * 3600,
	EXPIRY_DAYS = 14        /* a certificate is warned of before its end */
};

/* ---- What is asked ------------------------------------------------------- */

static void
reload(struct master *m)
{
	m->wants_reload = true;
}

static void
upgrade(struct master *m)
{
	m->upgrade.is_wanted = true;
}

static void
reopen(struct master *m)
{
	int fresh = logger_open_target(&m->now.config->log);

	/* The next logger starts with this one. */
	if (fresh >= 0) {
		if (m->now.log_file >= 0)
			close(m->now.log_file);
		m->now.log_file = fresh;
	}
	children_say_all(m, SLOT_LOGGER, CHILD_REOPEN);
	control_socket_take_up(&m->control, CONTROL_REOPEN);
	control_socket_answer(
		&m->control, CONTROL_REOPEN, fresh != -1,
		fresh != -1
			? "log files opened again"
			: "the log file cannot be opened again: the old one is "
			  "kept");
}

/* It looks at once, and goes on whatever becomes of it. */
static void
replay(struct master *m)
{
	children_say_all(m, SLOT_JANITOR, CHILD_REPLAY);
	control_socket_take_up(&m->control, CONTROL_REPLAY);
	control_socket_answer(&m->control, CONTROL_REPLAY, true,
			      "what was set aside as refused is tried again");
}

static const struct {
	int signal;                     /* 0: none */
	enum control_verb verb;         /* of -s */
	void (*run)(struct master *);
	bool is_served;                 /* not while the service stops */
} requests[] = {
	{ SIGQUIT, CONTROL_KILL, stop_at_once, false },
	{ SIGTERM, CONTROL_STOP, stop_gracefully, false },
	{ SIGINT, CONTROL_NOTHING, stop_gracefully, false },
	{ SIGHUP, CONTROL_RELOAD, reload, true },
	{ SIGUSR1, CONTROL_REOPEN, reopen, false },
	{ SIGUSR2, CONTROL_UPGRADE, upgrade, true },
	{ 0, CONTROL_PAUSE, pause_begin, false },
	{ 0, CONTROL_RESUME, pause_end, false },
	{ 0, CONTROL_REPLAY, replay, false },
	{ SIGTTIN, CONTROL_NOTHING, worker_count_grow, true },
	{ SIGTTOU, CONTROL_NOTHING, worker_count_shrink, true },
};

static void
hear_requests(struct master *m)
{
	bool is_asked[CONTROL_VERBS];
	struct signal_sender sender;
	char name[16];

	signals_quiet();
	if (signals_came(SIGCHLD, NULL))
		children_reap(m);
	/* Those who died are known until all are in that they could have
	 * sent: a child that asks and dies is a child all the same. */
	if (control_socket_accept(&m->control, children_is_child, m))
		m->dead_count = 0;
	control_socket_hear(&m->control, is_asked);
	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
		int signal = requests[i].signal;
		bool came = signals_came(signal, &sender);
		if (came) {
			snprintf(name, sizeof(name), "SIG%s",
				 sigabbrev_np(signal));
			log_info("asked by a signal", LOG_STR("signal", name),
				 LOG_NUM("sender", sender.pid),
				 LOG_NUM("uid", sender.uid));
		}
		if ((came || is_asked[requests[i].verb]) &&
		    (!requests[i].is_served || m->phase == MASTER_SERVING))
			requests[i].run(m);
	}
}

/* ---- What follows -------------------------------------------------------- */

/* Notes the first end of the generation in force and warns of it, when that
 * begins and then daily: a forgotten certificate is found out by those who
 * wait for mail. */
static void
look_at_certificates(struct master *m)
{
	struct certificate_end c, first = { .end_s = 0 };
	size_t count = 0;

	if (m->expiry_generation == m->now.number &&
	    clock_ms() < m->next_expiry_ms)
		return;
	m->expiry_generation = m->now.number;
	m->next_expiry_ms = clock_ms() + (int64_t)DAY_SECONDS * 1000;
	/* All of them, and the one that ends first. Where there are more than
	 * have a place, that one's is the last. */
	while (m->now.tls != NULL &&
	       tls_context_certificate(m->now.tls, count, &c)) {
		if (count < SCOREBOARD_CERTIFICATES)
			scoreboard_note_certificate(m->scoreboard, count,
						    c.name, c.end_s);
		if (count == 0 || c.end_s < first.end_s)
			first = c;
		count++;
	}
	if (count > SCOREBOARD_CERTIFICATES)
		scoreboard_note_certificate(m->scoreboard,
					    SCOREBOARD_CERTIFICATES - 1,
					    "other", first.end_s);
	for (; count < SCOREBOARD_CERTIFICATES; count++)
		scoreboard_note_certificate(m->scoreboard, count, "", 0);
	slot_gauge(scoreboard_slot_at(m->scoreboard, 0), GAUGE_CERTIFICATE_END,
		   first.end_s > 0 ? (uint64_t)first.end_s : 0);
	int64_t left = first.end_s - clock_wall_us() / 1000000;
	if (m->now.tls != NULL && left <= 0)
		log_warn("a certificate has expired: renew it and reload",
			 LOG_STR("file", first.file),
			 LOG_NUM("days_ago", -left / DAY_SECONDS));
	else if (m->now.tls != NULL && left / DAY_SECONDS < EXPIRY_DAYS)
		log_warn("a certificate expires soon: renew it and reload",
			 LOG_STR("file", first.file),
			 LOG_NUM("days_left", left / DAY_SECONDS));
}

static void
look(struct master *m)
{
	children_tick(m);
	if (m->phase == MASTER_SERVING) {
		readiness_tick(m);
		takeover_tick(m);
		reload_tick(m);
		upgrade_tick(m);
		pause_tick(m);
		worker_count_tick(m);
		worker_count_want_helpers(m);
		children_tick(m);
		look_at_certificates(m);
	}
	watchdog_tick(m);
	m->figures.master = getpid();
	scoreboard_describe(m->scoreboard, &m->figures);
	slot_beat(scoreboard_slot_at(m->scoreboard, 0), SLOT_LOOP);
	int64_t now_ms = clock_ms();
	/* For readers that are not root; also after a stop of this process. */
	if (now_ms >= m->next_publish_ms) {
		m->next_publish_ms = now_ms + PUBLISH_MS;
		usage_tick(m);
		history_take(m->scoreboard, clock_us(), clock_wall_us());
		if (scoreboard_publish(m->scoreboard, m->now.config->run_dir) !=
		    0)
			log_warn("the scoreboard cannot be copied",
				 LOG_STR("to", m->now.config->run_dir),
				 LOG_STR("error", strerror(errno)));
	}
	int64_t feed_ms = notify_watchdog_ms();
	if (feed_ms != 0 && now_ms >= m->next_feed_ms) {
		m->next_feed_ms = now_ms + feed_ms;
		notify_send("WATCHDOG=1\n");
	}
}

/* ---- The loop ------------------------------------------------------------ */

static int
poll_timeout_ms(const struct master *m)
{
	int64_t now_ms = clock_ms();
	int64_t next_ms = process_table_next_ms(&m->processes, now_ms);
	int64_t reload_ms = reload_next_ms(m);

	if (reload_ms < next_ms)
		next_ms = reload_ms;
	if (m->phase != MASTER_SERVING && m->next_progress_ms < next_ms)
		next_ms = m->next_progress_ms;
	bool is_awaited = (m->is_ready && m->ready_pipe >= 0) ||
			  m->pause_answer_ms != 0;
	int64_t most_ms = is_awaited ? AWAITED_POLL_MS : LONGEST_POLL_MS;
	if (next_ms > now_ms + most_ms)
		next_ms = now_ms + most_ms;
	return next_ms > now_ms ? (int)(next_ms - now_ms) : 0;
}

static void
serve(struct master *m)
{
	struct pollfd polls[1 + CONTROL_ASKERS + 1 + SCOREBOARD_SLOTS];
	int whose[SCOREBOARD_SLOTS];
	struct slot_tenant self = { .role = SLOT_MASTER,
				    .role_name = role_name(SLOT_MASTER),
				    .generation = 1 };

	scoreboard_occupy(m->scoreboard, 0, &self);
	self.pid = getpid();
	scoreboard_occupy(m->scoreboard, 0, &self);
	/* After an upgrade others read it already, and a first round that
	 * starts all processes takes its time. */
	slot_beat(scoreboard_slot_at(m->scoreboard, 0), SLOT_LOOP);
	slot_set_state(scoreboard_slot_at(m->scoreboard, 0), SLOT_READY);
	pause_set_title(m);
	snprintf(m->figures.version, sizeof(m->figures.version), "%s",
		 VERSION);
	m->next_look_ms = clock_ms();
	do {
		look(m);
		polls[0] = (struct pollfd){ m->signals, POLLIN, 0 };
		size_t n = 1 + control_socket_watch(&m->control, polls + 1);
		size_t first_child = n;
		n += children_watch(m, polls + n, whose);
		assert(n <= sizeof(polls) / sizeof(polls[0]));
		if (poll(polls, (nfds_t)n, poll_timeout_ms(m)) < 0)
			n = 0;
		for (size_t i = first_child; i < n; i++)
			if (polls[i].revents != 0)
				children_hear(m, whose[i - first_child]);
		hear_requests(m);
	} while (!stop_tick(m));
	stop_finish(m);
}

static int
open_signals(struct master *m)
{
	static const int caught[] = { SIGCHLD, SIGHUP, SIGTERM, SIGINT,
				      SIGQUIT, SIGUSR1, SIGUSR2, SIGTTIN,
				      SIGTTOU, 0 };

	m->signals = signals_catch(caught);
	if (m->signals >= 0)
		return 0;
	perror("guerrilla-smtpd: cannot catch signals");
	return EXIT_START;
}

/* A fresh start. */
static int
begin(struct master *m, struct config *config)
{
	const struct process self = { .role = SLOT_MASTER, .pid = getpid() };

	int code = startup(m, config);
	if (code == 0)
		code = open_signals(m);
	if (code != 0)
		return code;
	master_init_log(m);
	m->generations = m->now.number = 1;
	m->figures.began_wall_us = clock_wall_us();
	m->figures.generation = m->now.number;
	struct process_times times = master_times(m->now.config);
	process_table_init(&m->processes, &times, clock_ms());
	log_info("starting", LOG_STR("version", VERSION),
		 LOG_NUM("generation", m->now.number));
	readiness_advise(m);
	proof_log(&self, m->now.config, &(struct slot_sandbox){ 0 });
	if (children_staff(m, &m->now) != 0)
		log_error("there are more workers than places");
	worker_count_want_helpers(m);
	return 0;
}

/* The middle of an upgrade: the first config is read and what it names is
 * there already. */
static int
take_over(struct master *m, struct config *config, struct handover *h)
{
	struct buf why = BUF(65536);

	if (takeover_adopt(m, h) != 0) {
		perror("guerrilla-smtpd: cannot map what was handed over");
		return EXIT_START;
	}
	while (takeover_begin(m, config, h, &why) != 0)
		config = master_await_config(&m->options.source, &why);
	return open_signals(m);
}

struct config *
supervisor_boot_config(const struct supervisor_options *o, struct buf *faults)
{
	struct arena arena = { 0 };
	struct handover h;

	handover_read(&arena, &h);
	const struct config_source source = master_source(&o->source, &h);
	struct config *c = config_read(&source, faults);
	if (c == NULL && h.mode == HANDOVER_TAKEOVER)
		c = master_await_config(&source, faults);
	arena_free(&arena);
	return c;
}

int
supervisor_run(struct config *first, const struct supervisor_options *o)
{
	struct arena arena = { 0 };
	struct handover h;

	handover_read(&arena, &h);
	struct master *m = master_new(o, &h);
	if (h.mode == HANDOVER_TRIAL)
		return takeover_try(m, first, &h);
	m->takeover.arena = arena;
	int code = h.mode == HANDOVER_NONE ? begin(m, first)
					   : take_over(m, first, &h);
	if (code == 0)
		serve(m);
	free(m);
	return code;
}
