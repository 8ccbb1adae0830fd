/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which host may be tried when: the circuit breaker, pure but for chance;
 * whether anybody listens there; and what is told of those that fail. */
#ifndef STORE_HOSTS_H
#define STORE_HOSTS_H

#include "base/scoreboard.h"
#include "store/outcome.h"
#include "store/settings.h"

struct host_state {
	int64_t may_try_ms;     /* monotonic; 0: at once */
	int64_t pause_ms;       /* after the next failure, twice that */
	int logged_error;       /* said once, until it changes */
};

struct hosts {
	const struct store_settings *settings;
	struct host_state *at;
	size_t count;
	size_t first;           /* the one we like best */
	uint64_t chance;        /* of this process: no two pause alike */
};

/* settings must outlive it, and have a host. seed: any bits, which differ from
 * process to process. */
void hosts_init(struct hosts *h, const struct store_settings *settings,
		uint64_t seed);
void hosts_deinit(struct hosts *h);

/* The k-th to be tried, from 0. */
size_t hosts_order(const struct hosts *h, size_t k);

/* Whether its pause is over. */
bool hosts_is_due(const struct hosts *h, size_t host, int64_t now_ms);

/* It is left alone from now_ms (clock_ms) for about its pause, which doubles,
 * up to two seconds. */
void hosts_failed(struct hosts *h, size_t host, int64_t now_ms);

/* Its pause is the first one again. */
void hosts_worked(struct hosts *h, size_t host);

/* When the next of them may be tried (clock_ms). */
int64_t hosts_next_ms(const struct hosts *h);

/* Between half of ms and ms, by chance. */
int64_t hosts_jitter(struct hosts *h, int64_t ms);

/* A host asked without waiting: a dead one must not cost the mail that
 * another one takes meanwhile. */
enum probe_answer { PROBE_WAITS, PROBE_LISTENS, PROBE_SILENT };

struct addrinfo;
struct probe {
	int fd;                 /* -1: none under way */
	int64_t until_ms;
	struct addrinfo *found; /* the addresses of its name */
	struct addrinfo *next;  /* the one to be tried after this */
};

#define PROBE_NONE ((struct probe){ .fd = -1 })

/* Begins to connect; the name is looked up, and that may wait. Silent from
 * until_ms (clock_ms) on. */
void probe_start(struct probe *p, const struct store_host *host,
		 int64_t until_ms);

/* Ends the probe, unless it still waits. */
enum probe_answer probe_ask(struct probe *p);

/* Closes it; harmless where none is under way. */
void probe_stop(struct probe *p);

/* As the configuration has it. */
struct view host_name(const struct store_settings *settings, size_t host);

/* One line when a host's trouble begins or changes, not one an attempt; of
 * what somebody must mend one of all processes, again each minute. */
void host_report(const struct hosts *hosts, size_t host,
		 struct scoreboard_slot *slot,
		 const struct store_fault *fault);

/* The last error of this process for status: what it is about, the server's
 * number and words. */
void host_report_status(struct scoreboard_slot *slot, const char *about,
			int error, const char *text);

#endif
