/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inside of a session, shared by the files of this room that carry out
 * its verbs; nobody else includes it. */
#ifndef SMTP_SESSION_STATE_H
#define SMTP_SESSION_STATE_H

#include "smtp/command_line.h"
#include "smtp/data.h"
#include "smtp/reply.h"
#include "smtp/session.h"

/* How far the conversation is: which verbs are in order (RFC 5321 4.1.4). */
enum stage {
	STAGE_START = 1,        /* no EHLO or HELO yet */
	STAGE_GREETED = 2,
	STAGE_SENDER = 4,       /* after MAIL, no recipient accepted */
	STAGE_RECIPIENT = 8,
	STAGE_CHUNKS = 16,      /* BDAT has begun */
	STAGE_ANY = 31
};

/* How the bytes that come now are read. */
enum mode { MODE_LINES, MODE_DATA, MODE_CHUNK };

/* What is wrong with the message; it is read to its end all the same. */
enum data_fault {
	DATA_FAULT_NONE,
	DATA_FAULT_MEMORY,
	DATA_FAULT_NEWLINE,
	DATA_FAULT_SIZE
};

enum remark { REMARK_HTTP = 1, REMARK_TLS = 2, REMARK_NEWLINE = 4,
	      REMARK_LINE = 8, REMARK_ERRORS = 16, REMARK_XCLIENT = 32,
	      REMARK_MEMORY = 64 };

struct session {
	const struct smtp_settings *settings;
	const struct smtp_state *state;
	struct budget *budget;
	void *owner;                    /* for settings->refused */
	struct message *message;        /* from MAIL until handed over */
	struct recipient *pending;      /* RCPT that waits for an answer; in
					 * the message's arena */
	char *helo;                     /* NULL before EHLO and HELO */
	char *tls;                      /* NULL in clear */
	size_t declared_size;           /* SIZE= of the last MAIL, or 0 */
	size_t chunk_left;
	size_t data_bytes;              /* of this message, as they came */
	size_t most_bytes;              /* of this message: SIZE when it
					 * began, and its rows */
	struct command_line line;
	struct address client;
	struct session_counts counts;
	uint32_t idle_commands;         /* that carry no mail, since the last
					 * that was accepted */
	struct data data;
	uint8_t want;                   /* enum session_want */
	uint8_t stage;                  /* enum stage */
	uint8_t mode;                   /* enum mode */
	uint8_t fault;                  /* enum data_fault */
	uint8_t chunk_reply;            /* enum reply of a chunk that is only
					 * skipped; REPLY_OK otherwise */
	uint8_t remarks_due;            /* bits of enum remark */
	uint8_t remarks_said;
	uint8_t events;                 /* bits of enum session_event */
	bool is_ehlo;
	bool is_last_chunk;
	bool may_starttls;
	bool may_xclient;
	bool has_refused_recipient;     /* in this transaction */
	bool has_had_transaction;
	bool has_quit;
};

/* Each reply is said, and so counted, by one of the two. */
void session_say(struct session *s, enum reply which, struct buf *out);
void session_say_with(struct session *s, enum reply which, const char *words,
		      struct buf *out);

/* Says it; a 5xx counts as an error of the client, and at the limit 421
 * follows. */
void session_refuse(struct session *s, enum reply which, struct buf *out);

/* Counts an error of the client; at the limit 421 follows. */
void session_count_error(struct session *s, struct buf *out);

/* Tells settings->refused of a recipient that is thrown away instead. */
void session_tell_discard(const struct session *s, enum reply which,
			  struct view address);

/* Tells settings->refused, before the reply is said. address: of RCPT, or of
 * MAIL where there is no message yet; empty for a message as a whole. */
void session_tell_refusal(const struct session *s, enum reply which,
			  struct view address);

/* Says a 421 (or 221) and wants to close. */
void session_hang_up(struct session *s, enum reply which, struct buf *out);

/* Has session_remark tell it, unless it was told before. */
void session_note(struct session *s, enum remark remark);

/* Drops sender, recipients and data; back to STAGE_GREETED or START. */
void session_forget_transaction(struct session *s);

/* Back to the state after the greeting. */
void session_start_over(struct session *s);

#endif
