/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A store, a spool and a reader that only do what a test of delivery says.
 * Linked before the rooms: these functions stand in for their own. */
#ifndef SUPPORT_WORKER_DOUBLES_H
#define SUPPORT_WORKER_DOUBLES_H

#include "base/clock.h"
#include "store/spool.h"
#include "worker/delivery.h"
#include "worker/mail_reader.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { MOST = 64 };

/* ---- The doubles. Their state is set before the thread starts, or atomic.  */

extern atomic_bool is_up;
extern atomic_bool is_slow; /* store_save takes a while */
extern atomic_bool is_stuck; /* ids with an 's' get no verdict */
extern atomic_int saves;
extern atomic_int largest_batch;
extern atomic_int forgotten;
extern atomic_int spooled;
extern atomic_bool is_in_doubt;
extern atomic_int connects; /* tried while it is down */
extern atomic_llong may_try_ms; /* 0: at any time */
extern char saved[MOST * 4][MAIL_ID_LEN + 1];
extern atomic_int saved_count;

/* ---- Messages in, verdicts out ------------------------------------------ */

static struct worker_settings settings;
static struct child_context context;

static int
set_up(void **state)
{
	(void)state;
	settings = (struct worker_settings){
		.store = { .batch_rows = 8, .batch_bytes = 1000,
			   .hold_ms = 300, .spool_dir = "spool" },
	};
	is_up = true;
	is_slow = false;
	is_stuck = false;
	is_in_doubt = false;
	may_try_ms = 0;
	connects = 0;
	saves = largest_batch = forgotten = spooled = saved_count = 0;
	return 0;
}

static struct message *
new_message(char kind, int number, size_t recipients)
{
	struct message *m = calloc(1, sizeof(*m));

	snprintf(m->id, sizeof(m->id), "%c%031d", kind, number);
	m->envelope.recipients = recipients;
	m->complete_us = clock_us();
	assert_true(chain_append(&m->raw, VIEW("0123456789")));
	return m;
}

static void
drop(struct message *m)
{
	chain_free(&m->raw);
	free(m);
}

static void
wait_for(struct delivery *d)
{
	struct pollfd fd = { .fd = delivery_descriptor(d), .events = POLLIN };

	assert_int_equal(poll(&fd, 1, 5000), 1);
}

/* Takes verdicts until there are count; each must be the one given. */
static void
expect(struct delivery *d, int count, enum verdict verdict)
{
	while (count > 0) {
		wait_for(d);
		struct message *m = delivery_take_verdicts(d);
		while (m != NULL) {
			struct message *next = (struct message *)m->link.next;
			assert_int_equal(m->verdict, verdict);
			drop(m);
			count--;
			m = next;
		}
	}
	assert_int_equal(count, 0);
}

#endif
