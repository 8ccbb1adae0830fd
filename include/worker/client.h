/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The connections of one worker, and what they share. Private to the room:
 * everything here belongs to the loop's thread. */
#ifndef WORKER_CLIENT_H
#define WORKER_CLIENT_H

#include "base/child_context.h"
#include "base/log.h"
#include "net/connection_limits.h"
#include "net/tls.h"
#include "smtp/session.h"
#include "worker/delivery.h"
#include "worker/lookup_cache.h"
#include "worker/loop.h"
#include "worker/settings.h"

#include <sys/types.h>

enum client_phase {
	CLIENT_PROXY,           /* a PROXY header must come first */
	CLIENT_HANDSHAKE,       /* TLS, implicit or after STARTTLS */
	CLIENT_GREET_WAIT,      /* greet_delay: must not speak yet */
	CLIENT_TALKING,
	CLIENT_LINGERING        /* the last reply is out: read until it closes,
				 * so that a reset does not overtake it */
};

struct client {
	struct timer timer;             /* first */
	struct watch watch;
	struct worker *worker;
	const struct listen_settings *listener;
	struct session *session;        /* NULL before PROXY is done */
	struct tls *tls;                /* NULL in clear */
	struct message *submitted;      /* delivery has it */
	struct buf in;                  /* read, but not yet fed */
	struct buf out;                 /* replies not yet sent */
	size_t charged;                 /* to the budget, for in and out */
	struct address peer;
	uint32_t index;                 /* in worker->clients */
	uint32_t serial;                /* tells users of an index apart */
	uint64_t session_number;        /* in the log */
	struct session_counts counted;  /* in the scoreboard */
	int64_t phase_ms;               /* when the phase began */
	int64_t command_ms;             /* when the awaited command's time
					 * began, or the peer last read */
	int64_t transaction_ms;         /* 0: none */
	int64_t data_ms;                /* 0: not in data */
	int64_t heard_ms;               /* last bytes from the client */
	int64_t asked_ms;               /* 0: no look-up under way */
	enum client_phase phase;
	bool is_counted;                /* in the connections, under peer */
	bool wants_write;               /* the socket is full, or TLS says so */
	bool has_unread;                /* TLS may hold bytes that poll() does
					 * not know of */
};

struct worker {
	struct loop loop;
	const struct worker_settings *settings;
	const struct child_context *context;
	struct smtp_state state;
	struct budget budget;
	size_t memory_peak;             /* of budget.used, since the last time
					 * that memory was given back */
	struct connection_counter connections;
	struct delivery *delivery;
	struct lookup_cache *lookups;
	struct client **clients;
	size_t client_slots;
	size_t client_count;
	uint32_t free_slot;
	uint32_t next_serial;
	struct domains *domains;        /* state.more_domains, ours */
	struct domains *blocked;        /* state.more_blocked */
	struct refusal_log *refusals;
	char *scratch;                  /* SCRATCH_BYTES, for reading */
	struct watch *listeners;        /* one each of net.listeners */
	struct timer accept_timer;      /* ends a pause of the listeners */
	struct timer drain_timer;       /* deadline of a drain or stop */
	struct timer heartbeat;         /* heartbeat, gauges */
	struct watch channel;
	struct watch results;
	size_t mails;                   /* verdicts given, for recycling */
	size_t recycle_mails;           /* with jitter; 0: never */
	int64_t draining_ms;            /* when is_draining began */
	bool knows_store;               /* tried once: clients may come */
	bool is_ready;                  /* CHILD_READY was sent */
	bool is_store_behind;           /* our store does not answer, but
					 * another worker's does */
	bool is_paused;                 /* no descriptor was left, or: */
	bool has_left_some;             /* the others were to take the next */
	bool is_listening;              /* the listeners are watched */
	bool has_asked_to_recycle;      /* CHILD_RECYCLE was sent */
	bool is_draining;               /* no new clients */
	bool is_stopping;               /* idle sessions go at once */
	bool is_done;
};

enum {
	SCRATCH_BYTES = 64 * 1024,
	PRESSURE_MS = 10 * 1000         /* every deadline, nearly full */
};

/* ---- client.c: the connections of the worker --------------------------- */

/* In the table, without callbacks or a phase yet; owns fd from here on. */
struct client *client_new(struct worker *w, int fd,
			  const struct address *peer,
			  const struct listen_settings *listener);

/* Takes it out of everything and frees it; its message, if delivery has one,
 * is marked as abandoned. */
void client_free(struct client *c);

/* For delivery's answers: the client, if it is still there. */
uint64_t client_key(const struct client *c);
struct client *client_find(struct worker *w, uint64_t key);

void client_watch(struct client *c, short events);

/* Adds to the scoreboard what the session has refused. */
void client_count(struct client *c);

/* Charges buffers and TLS by their size; false: the budget is used up. */
bool client_charge(struct client *c);

void client_log(enum log_level level, const struct client *c,
		const char *what);

/* settings->smtp.admits_recipient and gives_up: the owner is a client. */
bool client_admits_recipient(void *owner, struct recipient *recipient);
void client_gives_up(void *owner, const struct message *message);

/* What its recipients were counted for has not come. */
void worker_uncount(struct worker *w, const struct message *message);

/* settings->smtp.refused: the owner is a client. */
void client_on_refusal(void *owner, const struct smtp_refusal *refusal);

void client_count_refused(const struct client *c, enum series_refused reason);
void client_count_tls_failure(const struct client *c,
			      enum series_tls_failure reason);

/* Counts it in the limits, or logs and counts the refusal. */
bool client_may_enter(struct client *c, enum session_end *why_out);

/* The same for the client that XCLIENT named: refused, it gets its reply. */
void client_readmit(struct client *c);

/* Bytes read, 0 at the end of file, -1 with EAGAIN or an error. */
ssize_t client_read(struct client *c, char *where, size_t size);

/* Sends what it can of out; -1 when the connection is gone. */
int client_flush(struct client *c);

/* ---- admission.c: what comes before the session. All may free c --------- */

void client_on_proxy(struct client *c);
void client_on_handshake(struct client *c);
void client_on_greet_wait(struct client *c);

/* Counts it, makes its session, and goes on to TLS or the greeting. */
void client_admit(struct client *c);
void client_greet(struct client *c);

/* ---- session_driver.c: the session and what it wants. All may free c ---- */

void client_on_talking(struct client *c, short events);
void client_on_lingering(struct client *c);

/* Goes on after an answer was given to the session: feeds what waits, sends
 * what there is, serves what it wants. */
void client_resume(struct client *c);

/* Ends the session with a reply: flushed, then lingering. */
void client_end(struct client *c, enum session_end why);

/* ---- timeouts.c ---------------------------------------------------------- */

/* Begins a phase: its deadline counts from now. */
void client_enter(struct client *c, enum client_phase phase);

/* Sets the timer to the nearest of the deadlines that apply. */
void client_set_deadline(struct client *c);

/* Whether its data comes in below timeouts.min_rate. */
bool client_is_slow(const struct client *c);

/* Looks at all deadlines again: what they follow from has changed. */
void worker_reset_deadlines(struct worker *w);

/* ---- connection.c -------------------------------------------------------- */

/* One each of settings->net.listeners; not watched yet. */
void worker_take_listeners(struct worker *w, const int *listeners);

/* Watches the listeners, or not: by memory and by draining. */
void worker_update_listeners(struct worker *w);
void worker_close_listeners(struct worker *w);

/* ---- results.c, drain.c, health.c ---------------------------------------- */

/* All that has come from delivery. */
void worker_take_results(struct worker *w);

/* No new clients from now on. is_stop: idle sessions go at once. */
void worker_begin_drain(struct worker *w, bool is_stop);

/* Newcomers get 421 4.3.2, idle sessions too, transactions end; or no more. */
void worker_pause(struct worker *w, bool is_paused);

/* The heartbeat and what is looked at with it. */
void worker_on_heartbeat(struct loop *loop, struct timer *timer);

/* After each turn of the loop. */
void worker_update_memory(struct worker *w);

static inline struct worker *
worker_of(struct loop *loop)
{
	return loop->context;
}

#endif
