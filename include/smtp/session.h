/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One SMTP conversation (RFC 5321) as a pure machine: bytes in, replies and
 * wishes out. It does no I/O, reads no clock and writes no log. */
#ifndef SMTP_SESSION_H
#define SMTP_SESSION_H

#include "base/buf.h"
#include "mail.h"
#include "smtp/settings.h"

struct session;

/* What the session waits for. While it is not INPUT, session_feed takes
 * nothing. */
enum session_want {
	SESSION_WANTS_INPUT,
	SESSION_WANTS_DOMAINS,  /* answer: session_domains_known; not used
				 * while more_domains is known */
	SESSION_WANTS_RECIPIENT,        /* session_recipient_known */
	SESSION_WANTS_DELIVERY, /* session_take_message, session_delivered */
	SESSION_WANTS_ADMISSION,        /* session_client_admitted, or
				 * session_end */
	SESSION_WANTS_TLS,      /* flush, handshake, session_tls_started */
	SESSION_WANTS_CLOSE     /* flush and close */
};

enum recipient_answer { RECIPIENT_KNOWN, RECIPIENT_UNKNOWN,
			RECIPIENT_UNDECIDED };

enum {
	/* session_feed pauses once out holds this much: flush it first. */
	SESSION_OUT_HIGH = 4096,
	/* Most bytes one call can add beyond that. */
	SESSION_OUT_CEILING = SESSION_OUT_HIGH + 4096
};

/* settings and state must outlive the session; budget is charged for what
 * the client makes grow. Idle sessions are small: no buffer exists while
 * nothing is in it. */
struct session *session_new(const struct smtp_settings *settings,
			    const struct smtp_state *state,
			    struct budget *budget,
			    const struct address *client);

/* With its message, unless that was taken; takes NULL. */
void session_free(struct session **s);

/* What this client may, said before session_greet: XCLIENT, once (it is
 * one of xclient_hosts); no STARTTLS on this listener (tls = "off"). */
void session_allow_xclient(struct session *s);
void session_forbid_starttls(struct session *s);

/* Whose session it is: handed to settings->refused. */
void session_set_owner(struct session *s, void *owner);

/* 220, RFC 5321 3.1. */
void session_greet(struct session *s, struct buf *out);

/* Feeds bytes from the client; returns how many were used. Stops early once
 * session_want() is not INPUT, or out is at SESSION_OUT_HIGH. Replies are
 * appended to out. Cannot fail: bad input becomes a reply. Bytes after the
 * final dot are left for the next call (RFC 2920 3.2). */
size_t session_feed(struct session *s, struct view bytes, struct buf *out);

enum session_want session_want(const struct session *s);

/* For WANTS_RECIPIENT: whom the pending RCPT names (its `to` key). */
struct view session_recipient(const struct session *s);
void session_recipient_known(struct session *s, enum recipient_answer answer,
			     struct buf *out);

/* For WANTS_DOMAINS: more_domains has come, or waiting for it is over; while
 * it is NULL the pending RCPT gets 451 4.4.3. */
void session_domains_known(struct session *s, struct buf *out);

/* For WANTS_ADMISSION: XCLIENT named another client, session_client(), who may
 * come in as if it had connected itself. */
void session_client_admitted(struct session *s, struct buf *out);

/* For WANTS_DELIVERY: hands the complete message over; began_us and the id
 * are the caller's to set. Freed by message_free. */
struct message *session_take_message(struct session *s);

/* Gives its memory back to the budget; sets *m to NULL, and takes NULL. */
void message_free(struct message **m);

/* Rows that it will have: one for each recipient that is kept. */
size_t message_rows(const struct message *m);

/* The message's verdict. id is its id, for the 250; NULL otherwise. */
void session_delivered(struct session *s, enum verdict verdict,
		       const char *id, struct buf *out);

/* The code of the reply that a verdict gets: "250 2.0.0", "554 5.7.1". */
struct view session_verdict_code(enum verdict verdict);

/* For WANTS_TLS: the handshake is done; all state is forgotten (RFC 3207
 * 4.2). Until then session_feed takes and drops what it is given. On an
 * implicit-TLS listener: before session_greet. version_and_cipher goes into
 * the message: "TLSv1.3 TLS_AES_...". */
void session_tls_started(struct session *s, struct view version_and_cipher);

/* Why the caller ends the session; the reply is 421 with its enhanced code. */
enum session_end {
	SESSION_END_IDLE,       /* 4.4.2: a deadline passed */
	SESSION_END_SLOW,       /* 4.4.2: below min_rate */
	SESSION_END_STOPPING,   /* 4.3.2: draining or stopping */
	SESSION_END_RATE,       /* 4.7.0: per-address limits */
	SESSION_END_OVERLOAD,   /* 4.3.2: too many connections */
	SESSION_END_NO_STORE,   /* 4.3.0: no host can be written */
	SESSION_END_BLOCKED,    /* 554 5.7.1: blocked_clients */
	SESSION_END_EARLY       /* 554 5.5.1: spoke before the greeting */
};

/* Appends the reply, wants CLOSE from now on, and drops any message. */
void session_end(struct session *s, enum session_end why, struct buf *out);

/* Gives up the unfinished message for want of memory: what follows of it is
 * read and thrown away, 452 4.3.1 at its end. */
void session_give_up_message(struct session *s);

/* What the caller's deadlines and drains need to know. */
bool session_is_in_transaction(const struct session *s); /* after MAIL */
bool session_is_in_data(const struct session *s);        /* DATA or BDAT */
bool session_is_mid_command(const struct session *s);    /* half a line */
size_t session_message_bytes(const struct session *s);   /* held now */
size_t session_data_bytes(const struct session *s);      /* come so far, also
							  * what is dropped */
bool session_has_quit(const struct session *s);          /* CLOSE by QUIT */
const struct address *session_client(const struct session *s); /* XCLIENT
							 * changes it */

/* What has been counted in this session. */
struct session_counts {
	uint32_t lines;                 /* command lines, good or bad */
	uint32_t mails;                 /* answered 250 after their data */
	uint32_t transactions;          /* MAIL answered 250 */
	uint32_t errors;                /* commands answered 5xx */
	uint32_t recipients_refused;    /* RCPT answered 4xx or 5xx */
	uint32_t recipients_over_rate;  /* RCPT, refused or discarded */
	uint32_t senders_blocked;       /* MAIL answered 550 */
	uint32_t mails_refused;         /* 5xx after the data, by the session */
	uint32_t mails_deferred;        /* 4xx after the data, by the session */
};
struct session_counts session_counts(const struct session *s);

/* What has begun since the last call, bits of these: two of a kind in one
 * block of bytes are one. */
enum session_event {
	SESSION_NEW_LINE = 1,           /* a command line came to its end */
	SESSION_NEW_TRANSACTION = 2     /* MAIL answered 250 */
};
unsigned session_events(struct session *s);

/* What the client did, for the log; constant text, or NULL: "HTTP on an SMTP
 * port", "TLS in clear", "bare CR or LF in data", ... Said once each. */
const char *session_remark(struct session *s);

#endif
