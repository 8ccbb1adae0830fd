/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One thread asks, which may take half a minute where no name server answers;
 * the other shows life and hears the master. */
#include "resolver/resolver.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/process.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum {
	TURN_MS = 500,                  /* heartbeat */
	AGAIN_S = 10,
	EXIT_UNABLE = 3
};

/* What was last found of a name, or told of it. */
struct name {
	struct host_addresses found;
	bool is_missing;
};

struct resolver {
	const struct store_settings *settings;
	struct host_names *names;
	struct name *known;             /* one for each host */
};

/* The order is the name server's, which may turn them round each time. */
static bool
is_same(const struct host_addresses *a, const struct host_addresses *b)
{
	size_t common = 0;

	assert(a->count <= HOST_ADDRESSES && b->count <= HOST_ADDRESSES);
	for (size_t i = 0; i < a->count; i++)
		for (size_t k = 0; k < b->count; k++)
			common += a->at[i].len == b->at[k].len &&
				  memcmp(a->at[i].bytes, b->at[k].bytes,
					 a->at[i].len) == 0;
	return a->count == b->count && common == a->count;
}

/* Finds the addresses of the i-th host, and tells of a change. */
static void
look_up(struct resolver *r, size_t i)
{
	const char *host = r->settings->hosts[i].name, *why;
	struct name *known = &r->known[i];
	struct host_addresses found;
	struct buf text = BUF(1024);
	char one[ADDRESS_TEXT_SIZE];

	bool is_there = host_names_ask(host, &found, &why);
	host_names_set(r->names, i, &found);
	if (!is_there && !known->is_missing)
		log_warn("the name of a database host is not found: what was "
			 "found before counts",
			 LOG_STR("host", host), LOG_STR("error", why),
			 LOG_NUM("addresses", known->found.count));
	if (is_there &&
	    (known->is_missing || !is_same(&found, &known->found))) {
		for (size_t k = 0; k < found.count; k++) {
			address_print(&found.at[k], one);
			buf_printf(&text, "%s%s", k > 0 ? " " : "", one);
		}
		log_info("the name of a database host was looked up",
			 LOG_STR("host", host),
			 LOG_VIEW("addresses", buf_view(&text)));
		buf_release(&text);
	}
	known->is_missing = !is_there;
	if (is_there)
		known->found = found;
}

static void *
look_up_all(void *resolver)
{
	struct resolver *r = resolver;

	for (;;) {
		for (size_t i = 0; i < r->settings->host_count; i++)
			if (host_has_name(&r->settings->hosts[i]))
				look_up(r, i);
		nanosleep(&(struct timespec){ .tv_sec = AGAIN_S }, NULL);
	}
	return NULL;
}

int
resolver_run(const struct store_settings *settings, struct host_names *names,
	     const struct child_context *context)
{
	static const char ready = CHILD_READY;
	struct resolver r = {
		.settings = settings,
		.names = names,
		.known = memory_new(settings->host_count, sizeof(*r.known)),
	};
	struct pollfd channel = { .fd = context->channel, .events = POLLIN };
	struct host_addresses ignored;
	const char *why;
	pthread_t thread;

	resolver_prepare();
	/* Not for the answer: what it loads must be there before. */
	(void)host_names_ask("localhost", &ignored, &why);
	if (child_enter_sandbox(context) != 0)
		return EXIT_UNABLE;
	int error = pthread_create(&thread, NULL, look_up_all, &r);
	if (error != 0) {
		log_error("no thread to look names up",
			  LOG_STR("error", strerror(error)));
		return EXIT_UNABLE;
	}
	slot_set_state(context->slot, SLOT_READY);
	send(context->channel, &ready, 1, MSG_NOSIGNAL);
	/* Those that connect have what was found, and need it no fresher while
	 * they leave: whatever the master says is the end. */
	do
		slot_beat(context->slot, SLOT_LOOP);
	while (poll(&channel, 1, TURN_MS) <= 0);
	return EXIT_SUCCESS;
}
