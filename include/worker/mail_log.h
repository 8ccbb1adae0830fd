/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The log's lines of mails and refusals, and the ids of messages. The loop's
 * thread. */
#ifndef WORKER_MAIL_LOG_H
#define WORKER_MAIL_LOG_H

#include "base/log.h"
#include "mail.h"
#include "smtp/session.h"

/* How a client is called in the log: its address, or "unix socket". */
void mail_log_client(const struct address *client,
		     char out[ADDRESS_TEXT_SIZE]);

/* A session's number as it stands in the log, 16 hex digits. */
enum { MAIL_LOG_SESSION_SIZE = 17 };
void mail_log_session(uint64_t session, char out[MAIL_LOG_SESSION_SIZE]);

/* Writes the id of a message that became complete at wall_us (microseconds
 * since 1970, UTC): a UUID of version 7 (RFC 9562 5.7) as 32 lower-case hex
 * digits whose last four are 0000; a row puts its recipient's number there.
 * The 12 bits behind the milliseconds tell the fraction (6.2, method 3), 46
 * bits are random. */
void message_id_make(int64_t wall_us, char id[MAIL_ID_LEN + 1]);

/* All that happened to the message, after its verdict. */
void mail_log_verdict(const struct message *m);

/* One line at info; a message that is refused gets an id for it. */
void mail_log_refusal(const struct address *peer, uint64_t session,
		      const struct smtp_refusal *refusal);

/* How many lines were written of each reason and client: 10 a minute. What
 * is beyond them is told in a line of its own, when the minute is over. */
struct refusal_log;
struct refusal_log *refusal_log_new(void);

/* Whether this one gets a line; counts it. Times are of clock_ms(). */
bool refusal_log_may(struct refusal_log *l, const struct address *client,
		     const struct smtp_refusal *refusal, int64_t now_ms);

/* Tells of the minutes that are over; to be called now and then. */
void refusal_log_sweep(struct refusal_log *l, int64_t now_ms);

/* The same for all of them; *l is NULL afterwards. */
void refusal_log_free(struct refusal_log **l);

#endif
