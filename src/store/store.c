/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a store is made of, and what its owner may ask. */
#include "store/store.h"

#include "base/clock.h"
#include "base/memory.h"
#include "store/state.h"

#include <stdlib.h>

struct store *
store_new(const struct store_settings *settings, struct scoreboard_slot *slot)
{
	struct store *s = memory_new(1, sizeof(*s));

	s->settings = settings;
	s->slot = slot;
	atomic_store(&s->stop_ms, INT64_MAX);
	failover_init(&s->failover, settings, slot);
	s->events = events_new(settings, slot);
	return s;
}

void
store_free(struct store **s)
{
	if (*s == NULL)
		return;
	struct store *store = *s;
	if (store->recipient_query != NULL)
		mysql_stmt_close(store->recipient_query);
	failover_deinit(&store->failover);
	events_free(&store->events);
	in_doubt_deinit(&store->in_doubt);
	free(store->pending);
	free(store->rows);
	free(store->raws);
	free(store);
	*s = NULL;
}

struct store_size_limits
store_size_limits(const struct store *s)
{
	return s->failover.size_limits;
}

bool
store_connect(struct store *s)
{
	return failover_connect(&s->failover,
				clock_ms() + s->settings->timeout_ms);
}

bool
store_is_up(const struct store *s)
{
	return s->failover.connection != NULL;
}

const char *
store_last_words(const struct store *s)
{
	return s->failover.connection != NULL
		       ? s->failover.connection->fault.text
		       : s->failover.fault.text;
}

int64_t
store_next_try_ms(const struct store *s)
{
	return s->failover.connection != NULL
		       ? 0
		       : hosts_next_ms(&s->failover.hosts);
}

bool
store_is_in_doubt(const struct store *s, const struct message *m)
{
	const struct in_doubt *d = in_doubt_find(&s->in_doubt, m);

	return d != NULL && d->may_be_stored;
}

void
store_forget(struct store *s, const struct message *m)
{
	in_doubt_remove(&s->in_doubt, m);
}

void
store_suspect(struct store *s, const struct mail *mail)
{
	in_doubt_suspect(in_doubt_add(&s->in_doubt, mail->message),
			 mail->in_doubt);
}

void
store_hand_over(const struct store *s, struct mail *mail, struct arena *arena)
{
	const struct in_doubt *d = in_doubt_find(&s->in_doubt, mail->message);
	char text[LOST_TEXT_SIZE];

	if (d != NULL && in_doubt_write(d, text))
		mail->in_doubt = arena_copy(arena, view_of(text));
}

void
store_stop_at(struct store *s, int64_t at_ms)
{
	atomic_store(&s->stop_ms, at_ms);
}
