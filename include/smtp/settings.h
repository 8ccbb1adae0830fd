/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the protocol must know, filled by config. */
#ifndef SMTP_SETTINGS_H
#define SMTP_SETTINGS_H

#include "base/view.h"
#include "mail.h"
#include "smtp/domains.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A MAIL, a RCPT or a whole message that a session answered 4xx or 5xx. What
 * is refused for its verdict is not among them: who gave it knows. */
struct smtp_refusal {
	const struct message *message;  /* from an accepted MAIL on, or NULL */
	struct view helo;
	struct view sender;             /* as given; without <> where valid */
	struct view recipient;          /* the same, of RCPT; else empty */
	struct view code;               /* "550 5.7.1" */
	struct view words;              /* of the reply */
	bool is_message;                /* its data has come, all or some */
	bool is_discarded;              /* the client was told 250 instead */
};

/* A domain as an A-label, lower case and without a trailing dot, into out
 * (size bytes); its length, or 0 where it is no domain name. */
typedef size_t smtp_to_ascii(struct view domain, char *out, size_t size);

struct smtp_settings {
	const char *hostname;           /* greeting, Received */
	const char *primary_host;       /* "": `to` keeps its own domain */
	struct domains *domains;        /* hosted: domains and domain_files */
	struct domains *discard_domains;
	struct strings discard_addresses;       /* keys, in lower case */
	struct domains *blocked_senders; /* and addresses: blocked.h */
	bool blocks_by_header;          /* From is looked at too */
	bool discards_blocked;          /* instead of 550 */
	bool has_blocked_query;         /* more of them are there */
	bool discards_over_rate;        /* instead of 450 */
	bool has_domains_query;         /* more domains are in the database */
	bool has_recipient_query;
	bool accepts_bare_newline;
	bool adds_trace_headers;

	size_t message_size;            /* limits.message_size, bytes */
	size_t transaction_bytes;
	size_t recipients;              /* a message */
	size_t mails;                   /* a session */
	size_t errors;                  /* a session, then 421 */
	size_t commands;                /* without a mail, then 421; 0: off */

	/* The room has no IDNA library of its own: net's is handed in. */
	smtp_to_ascii *domain_to_ascii;

	/* Whether one more mail may come for a recipient, by its `to`, which is
	 * counted then and so noted in it; and what became of a message with
	 * such recipients: it was given up. With the owner of the session.
	 * NULL: it may, and nobody is told. */
	bool (*admits_recipient)(void *owner, struct recipient *recipient);
	void (*gives_up)(void *owner, const struct message *message);

	/* Told what is refused, with the owner of the session, which it must
	 * not call; the views live until it returns. NULL: nobody is told. */
	void (*refused)(void *owner, const struct smtp_refusal *refusal);
};

/* What changes while a worker runs, shared by its sessions: written by the
 * loop's thread only. */
struct smtp_state {
	struct scoreboard_slot *slot;   /* where replies are counted, or NULL */
	size_t max_message_bytes;       /* SIZE: settings and table together */
	size_t max_address_chars;       /* what `to` and `recipient` can hold */
	bool offers_smtputf8;           /* they can hold UTF-8 */
	bool offers_starttls;           /* a certificate is loaded */
	bool is_tls_broken;             /* STARTTLS gets 454 4.7.0 */
	bool is_store_away;             /* MAIL gets 451 4.3.0 */
	bool is_memory_tight;           /* DATA and BDAT get 452 4.3.1 */
	bool is_under_pressure;         /* error limit is 1 */
	bool is_draining;               /* 421 once a transaction has ended */
	bool is_paused;                 /* and no other one begins */
	const struct domains *more_domains;     /* from domains_query; NULL
						 * until it first succeeded */
	const struct domains *more_blocked;     /* the same of
						 * blocked_senders_query */
};

#endif
