/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The nouns that cross rooms: a peer, an envelope, a message as it came by
 * SMTP, and a mail as it goes into the table. */
#ifndef MAIL_H
#define MAIL_H

#include "base/arena.h"
#include "base/chain.h"
#include "base/queue.h"
#include "base/view.h"

#include <stdatomic.h>
#include <stdint.h>

/* An IP address in network byte order; an IPv4-mapped one is kept as IPv4.
 * A peer on a unix socket counts as 127.0.0.1 with is_local set. */
struct address {
	uint8_t bytes[16];
	uint16_t port;
	uint8_t len;            /* 4 or 16 */
	bool is_local;
};

enum {
	MAIL_ID_LEN = 32,       /* hex digits of an id, without the NUL */
	MAIL_LOGGED_ID_SIZE = 200,
	ADDRESS_TEXT_SIZE = 46  /* an address as text, with its NUL */
};

/* One accepted RCPT. Views live in the message's arena. */
struct recipient {
	struct recipient *next;
	struct view address;    /* column `recipient`: as given, without <> */
	struct view domain;     /* as it compares: A-label, lower case */
	struct view key;        /* column `to`: lower case, A-label or
				 * local-part@primary_host */
	struct view trace;      /* headers put before the message for this
				 * recipient; filled by delivery */
	bool is_postmaster;     /* never looked up, header_check only scores */
	bool is_discarded;      /* listed under `discard`: gets no row */
	int64_t counted_ms;     /* by its rate then (clock_ms); 0: it is not */
};

struct envelope {
	struct view sender;     /* without <>; empty for <> */
	struct recipient *first;
	struct recipient *last;
	size_t recipients;      /* accepted and different ones */
	bool is_blocked;        /* its sender is: no row, whoever gets it */
	bool is_smtputf8;
	bool is_8bit;           /* BODY=8BITMIME or BINARYMIME */
	bool is_binary;         /* BODY=BINARYMIME */
};

/* What became of a message; each has one reply. */
enum verdict {
	VERDICT_NONE,           /* not known yet */
	VERDICT_STORED,         /* committed: 250 */
	VERDICT_SPOOLED,        /* fsynced in the spool: 250 */
	VERDICT_DISCARDED,      /* every recipient is under `discard`, or its
				 * sender is blocked: 250 */
	VERDICT_TRY_LATER,      /* storage fault: 451 4.3.0 */
	VERDICT_FULL,           /* disk or table full: 452 4.3.1 */
	VERDICT_TOO_BIG,        /* true size, found in the data: 552 5.3.4 */
	VERDICT_HEADER_CHECK,   /* names no hosted domain: 554 5.7.1 */
	VERDICT_LOOP,           /* more Received than limits.received: 554
				 * 5.4.6 */
	VERDICT_IN_DOUBT,       /* unknown at the end: close without a reply */
	VERDICT_BLOCKED         /* by the sender in From: 550 5.7.1 */
};

/* One complete message. Made by a session, owned by whoever holds it: loop,
 * queue, delivery, queue, loop. Only the loop's thread allocates from or
 * frees arena and raw, since their budget is its own. */
struct message {
	struct queue_link link;         /* first: the queues' links are it */
	struct arena arena;
	struct envelope envelope;
	struct chain raw;               /* bytes sent, after unstuffing */
	char id[MAIL_ID_LEN + 1];       /* UUIDv7, last four digits 0000 */
	int64_t complete_wall_us;       /* when the id was made */
	int64_t complete_us;            /* the same, monotonic */
	int64_t began_us;               /* MAIL, monotonic */
	int64_t parse_us;               /* spent in mime, wait and store: the */
	int64_t wait_us;                /* log's line of the whole story */
	int64_t store_us;
	struct address client;
	struct view helo;
	struct view protocol;           /* Received "with": SMTP, ESMTPS, ... */
	struct view tls;                /* "TLSv1.3 cipher"; empty in clear */
	uint64_t session;               /* its number in the log */
	char message_id[MAIL_LOGGED_ID_SIZE];   /* the header's, for the log:
					 * cut, set by delivery */
	uint64_t client_key;            /* who waits for the verdict */
	enum verdict verdict;
	int error;                      /* the database's, 0 without one */
	bool was_tried;                 /* the database has been given it */
	atomic_bool is_abandoned;       /* the client hung up: drop it, if it
					 * is not yet in the database */
};

/* Whether the To, Cc, ... headers name a domain that we host. */
enum addressed { ADDRESSED_UNKNOWN, ADDRESSED_TO_US, ADDRESSED_ELSEWHERE };

/* A message with the columns derived from it. All text is valid UTF-8
 * without NUL, CR and LF in headers gone; views live in an arena of delivery
 * or in the message itself, until the verdict. */
struct mail {
	struct message *message;
	struct view from;               /* address, lower case */
	struct view subject;
	struct view body;
	struct view charset;
	struct view content_type;
	struct view message_id;
	struct view reply_to;
	struct view sender;
	struct view in_doubt;           /* a commit of it that was lost, as
					 * the store notes it for the spool */
	double spam_score;
	size_t received;                /* Received fields of the header */
	bool has_attach;
	enum addressed addressed;
	unsigned limits_met;            /* bits of enum mime_limit */
};

#endif
