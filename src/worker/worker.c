/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One worker process: start, serve, drain, end. */
#include "worker/worker.h"

#include "base/clock.h"
#include "base/log.h"
#include "mime/mime.h"
#include "net/domain_name.h"
#include "store/events.h"
#include "worker/client.h"
#include "worker/mail_log.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

enum {
	TURN_MS = 1000,
	MMAP_THRESHOLD = 4 << 20,       /* above what a batch needs */
	EXIT_UNABLE = 3
};

void
worker_warm_up(void)
{
	mime_warm_up();
	store_warm_up();
}

static void
on_channel(struct loop *loop, struct watch *watch, short events)
{
	struct worker *w = worker_of(loop);
	char word = CHILD_DRAIN;        /* end of file: the master is gone */

	(void)events;
	ssize_t n = read(watch->fd, &word, 1);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		log_warn("the master is gone: this worker drains");
		loop_forget(loop, watch);
	}
	if (word == CHILD_QUIT)
		_exit(EXIT_SUCCESS);
	if (word == CHILD_PAUSE || word == CHILD_RESUME)
		worker_pause(w, word == CHILD_PAUSE);
	if (word == CHILD_DRAIN || word == CHILD_STOP)
		worker_begin_drain(w, word == CHILD_STOP);
}

/* It only ends the wait: serve() takes them each time. */
static void
on_results(struct loop *loop, struct watch *watch, short events)
{
	(void)loop;
	(void)watch;
	(void)events;
}

static void
set_up(struct worker *w, const struct worker_settings *s,
       const struct child_context *context)
{
	uint16_t random = 0;

#ifdef __GLIBC__
	/* One arena for each of the two threads. What each batch needs again
	 * is not fetched from the system each time, in fresh pages; what large
	 * mail needed goes back by worker_on_heartbeat. */
	mallopt(M_ARENA_MAX, 2);
	mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD);
	mallopt(M_TRIM_THRESHOLD, MMAP_THRESHOLD);
#endif
	w->settings = s;
	w->context = context;
	loop_init(&w->loop, s->event_method);
	w->loop.context = w;
	w->budget.limit = s->memory;
	w->scratch = memory_new(1, SCRATCH_BYTES);
	w->lookups = lookup_cache_new();
	w->refusals = refusal_log_new();
	w->connections = (struct connection_counter){
		.connection_limits = context->connection_limits,
		.region = context->connection_region,
		.limits = { s->connections, s->connections_per_ip,
			    s->rate_per_ip, s->rate_per_recipient,
			    s->rate_per_domain },
	};
	w->state.offers_starttls = context->tls != NULL;
	w->state.slot = context->slot;
	/* Up to an eighth more, so that workers are not replaced together. */
	if (getrandom(&random, sizeof(random), 0) < 0)
		random = 0;
	w->recycle_mails = s->recycle_mails +
			   s->recycle_mails / 8 * random / UINT16_MAX;
}

static void
become_ready(struct worker *w)
{
	static const char ready = CHILD_READY;

	w->is_ready = true;
	if (!w->is_draining)
		slot_set_state(w->context->slot, w->state.is_paused
			       ? SLOT_PAUSED : SLOT_READY);
	if (write(w->context->channel, &ready, 1) != 1)
		log_warn("the master does not hear that this worker is ready",
			 LOG_NUM("errno", errno));
}

/* The listeners are watched once it is ready. */
static void
serve(struct worker *w)
{
	w->heartbeat.due = worker_on_heartbeat;
	loop_set_timer(&w->loop, &w->heartbeat, clock_ms());
	fcntl(w->context->channel, F_SETFL, O_NONBLOCK);
	w->channel = (struct watch){ .fd = w->context->channel,
				     .ready = on_channel };
	loop_watch(&w->loop, &w->channel, POLLIN);
	struct queue *results = delivery_results(w->delivery);
	w->results = (struct watch){ .fd = results->descriptor,
				     .ready = on_results };
	loop_watch(&w->loop, &w->results, POLLIN);
	while (!w->is_done) {
		loop_turn(&w->loop,
			  queue_may_wait(results) ? TURN_MS : 0);
		worker_take_results(w);
		/* After all that this turn has brought: one batch. */
		delivery_begin(w->delivery);
		if (w->knows_store && !w->is_ready)
			become_ready(w);
		worker_update_memory(w);
		if (w->is_draining && w->client_count == 0)
			w->is_done = true;
	}
}

int
worker_run(const struct worker_settings *settings,
	   const struct child_context *context, int *listeners)
{
	struct worker w = { .is_ready = false };
	struct worker_settings own = *settings;

	own.smtp.domain_to_ascii = domain_name_to_ascii;
	own.smtp.refused = client_on_refusal;
	if (own.rate_per_recipient > 0 || own.rate_per_domain > 0) {
		own.smtp.admits_recipient = client_admits_recipient;
		own.smtp.gives_up = client_gives_up;
		own.smtp.discards_over_rate |= own.discards_over_rate;
	}
	set_up(&w, &own, context);
	own.store.event_socket = -1;
	if (own.store.event_sockets.count > 0)
		own.store.event_socket = events_socket();
	if (child_enter_sandbox(context) != 0)
		return EXIT_UNABLE;
	w.delivery = delivery_start(&own, context);
	if (w.delivery == NULL) {
		log_error("delivery cannot start", LOG_NUM("errno", errno));
		return EXIT_UNABLE;
	}
	if (context->is_paused)
		worker_pause(&w, true);
	worker_take_listeners(&w, listeners);
	serve(&w);
	log_debug("worker ends", LOG_NUM("mails", w.mails));
	delivery_stop(&w.delivery);
	loop_deinit(&w.loop);
	lookup_cache_free(&w.lookups);
	refusal_log_free(&w.refusals);
	domains_free(&w.domains);
	free(w.clients);
	free(w.listeners);
	free(w.scratch);
	return EXIT_SUCCESS;
}
