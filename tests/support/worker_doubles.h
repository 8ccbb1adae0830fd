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
extern atomic_bool is_refusing; /* the reader, whatever it reads */
extern atomic_int connects; /* tried while it is down */
extern atomic_llong may_try_ms; /* 0: at any time */
extern char saved[MOST * 4][MAIL_ID_LEN + 1];
extern atomic_int saved_count;

/* ---- Messages in, verdicts out ------------------------------------------ */

extern struct worker_settings test_settings;
extern struct child_context test_context;

/* For cmocka: all doubles as at the start. */
int set_up_doubles(void **state);

/* An id begins with kind: 's' may be stuck, 'r' is refused. */
struct message *new_message(char kind, int number, size_t recipients);

/* Submits it alone: an idle thread begins with it at once. */
void submit(struct delivery *d, struct message *m);

/* The next result of this kind; news between are passed over. */
struct queue_link *next_result(struct delivery *d, enum delivery_kind kind);

/* Takes verdicts until there are count; each must be the one given. */
void expect_verdicts(struct delivery *d, int count, enum verdict verdict);

#endif
