/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What processes count and measure: the one table from which the enums, the
 * JSON and the metrics are made. A row tells the figure's name in the enum and
 * to the outside, its unit, the thread that writes it (in a worker; other
 * processes have one thread) and what it means. */
#ifndef BASE_FIGURES_H
#define BASE_FIGURES_H

#include <stdint.h>

/* Each thread that exists has one heartbeat and beats it while it is idle
 * too. SLOT_DELIVERY is the one that calls the database: a worker's second
 * thread, the janitor's only one. */
enum slot_thread { SLOT_LOOP, SLOT_DELIVERY, SLOT_THREADS };
enum figure_unit { UNIT_NONE, UNIT_BYTES, UNIT_SECONDS };

/* Counters only grow; log_dropped is written by both, under a lock. */
#define SLOT_COUNTER_TABLE(ROW) \
	ROW(COUNT_CONNECTIONS, "connections", UNIT_NONE, SLOT_LOOP, \
	    "Connections that were accepted") \
	ROW(COUNT_CONNECTIONS_REFUSED, "connections_refused", UNIT_NONE, \
	    SLOT_LOOP, "Connections over a limit or of blocked_clients") \
	ROW(COUNT_MAILS_ACCEPTED, "mails_accepted", UNIT_NONE, SLOT_LOOP, \
	    "Messages answered 250: stored or spooled") \
	ROW(COUNT_MAILS_DISCARDED, "mails_discarded", UNIT_NONE, SLOT_LOOP, \
	    "Messages answered 250 and thrown away, not stored") \
	ROW(COUNT_MAILS_REFUSED, "mails_refused", UNIT_NONE, SLOT_LOOP, \
	    "Messages answered 5xx after their data") \
	ROW(COUNT_MAILS_DEFERRED, "mails_deferred", UNIT_NONE, SLOT_LOOP, \
	    "Messages answered 4xx after their data") \
	ROW(COUNT_MAILS_IN_DOUBT, "mails_in_doubt", UNIT_NONE, SLOT_LOOP, \
	    "Messages without an answer: nobody knows if they are stored") \
	ROW(COUNT_MAILS_SPOOLED, "mails_spooled", UNIT_NONE, SLOT_LOOP, \
	    "Messages answered 250 that went to the spool") \
	ROW(COUNT_MAILS_REPLAYED, "mails_replayed", UNIT_NONE, SLOT_LOOP, \
	    "Messages that went from the spool into the database") \
	ROW(COUNT_MAILS_SET_ASIDE, "mails_set_aside", UNIT_NONE, SLOT_LOOP, \
	    "Spooled messages that the database refuses for ever") \
	ROW(COUNT_RECIPIENTS_REFUSED, "recipients_refused", UNIT_NONE, \
	    SLOT_LOOP, "Recipients that were not accepted") \
	ROW(COUNT_RECIPIENTS_OVER_RATE, "recipients_over_rate", UNIT_NONE, \
	    SLOT_LOOP, "Recipients over `rate_per_recipient` or " \
	    "`rate_per_domain`, refused or without a row") \
	ROW(COUNT_SENDERS_BLOCKED, "senders_blocked", UNIT_NONE, SLOT_LOOP, \
	    "Messages refused or thrown away, as `blocked_senders` says") \
	ROW(COUNT_BYTES, "bytes", UNIT_BYTES, SLOT_LOOP, \
	    "Bytes of the accepted messages") \
	ROW(COUNT_BATCHES, "batches", UNIT_NONE, SLOT_DELIVERY, \
	    "Statements or transactions that stored messages") \
	ROW(COUNT_ROWS, "rows", UNIT_NONE, SLOT_DELIVERY, \
	    "Rows that were stored") \
	ROW(COUNT_EVENTS, "events", UNIT_NONE, SLOT_DELIVERY, \
	    "Arrival events that a socket of `notify` took") \
	ROW(COUNT_EVENTS_LOST, "events_lost", UNIT_NONE, SLOT_DELIVERY, \
	    "Arrival events that were lost: nobody there, or too slow") \
	ROW(COUNT_ROWS_EXPIRED, "rows_expired", UNIT_NONE, SLOT_LOOP, \
	    "Rows deleted, as `retention` says") \
	ROW(COUNT_RECONNECTS, "reconnects", UNIT_NONE, SLOT_DELIVERY, \
	    "Connections made to the database") \
	ROW(COUNT_STORE_ERRORS, "store_errors", UNIT_NONE, SLOT_DELIVERY, \
	    "Errors of the database") \
	ROW(COUNT_LIMITS_MET, "limits_met", UNIT_NONE, SLOT_DELIVERY, \
	    "Messages of which a part was not parsed, as `limits` say") \
	ROW(COUNT_POISON, "poison", UNIT_NONE, SLOT_DELIVERY, \
	    "Messages stored without parsing: they killed a worker before") \
	ROW(COUNT_TLS_HANDSHAKES, "tls_handshakes", UNIT_NONE, SLOT_LOOP, \
	    "TLS handshakes that were completed") \
	ROW(COUNT_TLS_FAILURES, "tls_failures", UNIT_NONE, SLOT_LOOP, \
	    "TLS handshakes that failed") \
	ROW(COUNT_SIGNATURES, "signatures", UNIT_NONE, SLOT_LOOP, \
	    "Signatures that the signer made") \
	ROW(COUNT_LOG_DROPPED, "log_dropped", UNIT_NONE, SLOT_LOOP, \
	    "Log lines that were lost")

/* Gauges go up and down. */
#define SLOT_GAUGE_TABLE(ROW) \
	ROW(GAUGE_SESSIONS, "sessions", UNIT_NONE, SLOT_LOOP, \
	    "Sessions that are open") \
	ROW(GAUGE_ADDRESSES, "tracked_addresses", UNIT_NONE, SLOT_LOOP, \
	    "Addresses that have a connection, in the tables of the workers") \
	ROW(GAUGE_ADDRESSES_LIMIT, "tracked_addresses_limit", UNIT_NONE, \
	    SLOT_LOOP, "How many those tables have room for") \
	ROW(GAUGE_MEMORY, "memory", UNIT_BYTES, SLOT_LOOP, \
	    "Bytes charged to limits.memory") \
	ROW(GAUGE_HELD, "held", UNIT_NONE, SLOT_DELIVERY, \
	    "Messages that wait for a verdict") \
	ROW(GAUGE_WAITING, "waiting", UNIT_NONE, SLOT_DELIVERY, \
	    "Of them, those that were tried and will be again") \
	ROW(GAUGE_WAITING_SINCE, "waiting_since", UNIT_SECONDS, \
	    SLOT_DELIVERY, "When the oldest of those came, since 1970; 0: " \
	    "none") \
	ROW(GAUGE_DOMAINS, "domains", UNIT_NONE, SLOT_DELIVERY, \
	    "Domains that `domains_query` gave") \
	ROW(GAUGE_DOMAINS_REFRESHED, "domains_refreshed", UNIT_SECONDS, \
	    SLOT_DELIVERY, "When it last did, since 1970; 0: never") \
	ROW(GAUGE_MAX_MESSAGE_BYTES, "max_message_bytes", UNIT_BYTES, \
	    SLOT_DELIVERY, "The SIZE that is offered") \
	ROW(GAUGE_STORE_UP, "store_up", UNIT_NONE, SLOT_DELIVERY, \
	    "Whether a database host can be written") \
	ROW(GAUGE_STORE_DOWN_SINCE, "store_down_since", UNIT_SECONDS, \
	    SLOT_DELIVERY, "Since when, since 1970, no host can be written; " \
	    "0: one can") \
	ROW(GAUGE_SPOOL_FILES, "spool_files", UNIT_NONE, SLOT_LOOP, \
	    "Files that wait in the spool") \
	ROW(GAUGE_SPOOL_BYTES, "spool_bytes", UNIT_BYTES, SLOT_LOOP, \
	    "Bytes that wait in the spool") \
	ROW(GAUGE_SPOOL_OLDEST, "spool_oldest", UNIT_SECONDS, SLOT_LOOP, \
	    "When the oldest message in the spool came, since 1970; 0: none") \
	ROW(GAUGE_SPOOL_SET_ASIDE, "spool_set_aside", UNIT_NONE, SLOT_LOOP, \
	    "Spooled files that an operator must see") \
	ROW(GAUGE_SPOOL_SET_ASIDE_OLDEST, "spool_set_aside_oldest", \
	    UNIT_SECONDS, SLOT_LOOP, \
	    "When the oldest of them came, since 1970; 0: none") \
	ROW(GAUGE_SPOOL_REFUSED, "spool_refused", UNIT_SECONDS, \
	    SLOT_DELIVERY, "When the spool took no message, since 1970; 0: " \
	    "it took the last") \
	ROW(GAUGE_RETENTION_LAG, "retention_lag", UNIT_SECONDS, SLOT_LOOP, \
	    "How long expired mail waits to be deleted") \
	ROW(GAUGE_RETENTION_DONE, "retention_done", UNIT_SECONDS, SLOT_LOOP, \
	    "When nothing was left to delete, since 1970; 0: not yet") \
	ROW(GAUGE_CERTIFICATE_END, "certificate_end", UNIT_SECONDS, \
	    SLOT_LOOP, "When the first certificate ends, since 1970; 0: none")

/* How often which value came: of a message, or of a batch. */
#define SLOT_HISTOGRAM_TABLE(ROW) \
	ROW(HISTOGRAM_RECEIVE, "receive_seconds", UNIT_SECONDS, SLOT_LOOP, \
	    "From MAIL to the end of a message's data") \
	ROW(HISTOGRAM_REPLY, "reply_seconds", UNIT_SECONDS, SLOT_LOOP, \
	    "From the end of a message's data to its reply") \
	ROW(HISTOGRAM_WAIT, "wait_seconds", UNIT_SECONDS, SLOT_LOOP, \
	    "What a message waited for the database to be free") \
	ROW(HISTOGRAM_PARSE, "parse_seconds", UNIT_SECONDS, SLOT_LOOP, \
	    "What the columns of a message took to be read") \
	ROW(HISTOGRAM_MESSAGE, "message_bytes", UNIT_BYTES, SLOT_LOOP, \
	    "Messages that were received whole") \
	ROW(HISTOGRAM_COMMIT, "commit_seconds", UNIT_SECONDS, SLOT_DELIVERY, \
	    "What storing a batch of messages took") \
	ROW(HISTOGRAM_LOOKUP, "lookup_seconds", UNIT_SECONDS, SLOT_DELIVERY, \
	    "What looking up recipients in the database took") \
	ROW(HISTOGRAM_BATCH_ROWS, "batch_rows", UNIT_NONE, SLOT_DELIVERY, \
	    "Rows of a batch that was stored") \
	ROW(HISTOGRAM_SPOOL_WRITE, "spool_write_seconds", UNIT_SECONDS, \
	    SLOT_DELIVERY, "What spooling a batch of messages took") \
	ROW(HISTOGRAM_RENDER, "render_seconds", UNIT_SECONDS, SLOT_LOOP, \
	    "What making a page or the metrics took")

/* Counters with labels: how often each of a few values came. A value has an
 * enum below, of the order in slot_series_figures. */
#define SLOT_SERIES_TABLE(ROW) \
	ROW(SERIES_REPLIES, "replies", NULL, NULL, \
	    "Replies of SMTP") \
	ROW(SERIES_REFUSED, "connections_refused", "reason", refused, \
	    "Connections turned away, by why") \
	ROW(SERIES_TLS_HANDSHAKES, "tls_handshakes", "version", tls_versions, \
	    "TLS handshakes that were completed") \
	ROW(SERIES_TLS_FAILURES, "tls_failures", "reason", tls_failures, \
	    "TLS handshakes that failed") \
	ROW(SERIES_STORE_ERRORS, "store_errors", "class", store_actions, \
	    "Errors of the database, by what they ask for") \
	ROW(SERIES_HOST_FAILURES, "store_host_failures", NULL, NULL, \
	    "Times that a database host was given up for a while") \
	ROW(SERIES_LIMITS_MET, "limits_met", "limit", limits, \
	    "Messages of which a part was not parsed, by the limit") \
	ROW(SERIES_LOG_LINES, "log_lines", "level", log_levels, \
	    "Lines that came to the logger") \
	ROW(SERIES_HTTP, "http_requests", NULL, http_requests, \
	    "Requests that the status process answered")

#define SLOT_ENUM_ROW(which, name, unit, thread, help) which,
#define SERIES_ENUM_ROW(which, name, label, values, help) which,

enum slot_counter { SLOT_COUNTER_TABLE(SLOT_ENUM_ROW) SLOT_COUNTERS };
enum slot_gauge { SLOT_GAUGE_TABLE(SLOT_ENUM_ROW) SLOT_GAUGES };
enum slot_histogram { SLOT_HISTOGRAM_TABLE(SLOT_ENUM_ROW) SLOT_HISTOGRAMS };
enum slot_series { SLOT_SERIES_TABLE(SERIES_ENUM_ROW) SLOT_SERIES };

/* What does not fit is counted by the last one. */
enum { SERIES_VALUES = 64, SERIES_HOSTS = 16 };

enum series_refused { REFUSED_BLOCKED, REFUSED_FULL, REFUSED_PER_IP,
		      REFUSED_RATE, REFUSED_NO_STORE, REFUSED_PAUSED,
		      REFUSED_EARLY };
/* One for each page with 200, then those. */
enum series_http { HTTP_PAGES = 7, HTTP_HEALTHZ_503 = HTTP_PAGES,
		   HTTP_READYZ_503, HTTP_400, HTTP_404, HTTP_405, HTTP_413,
		   HTTP_414, HTTP_421, HTTP_431, HTTP_505 };
enum series_tls_version { TLS_VERSION_12, TLS_VERSION_13 };
enum series_tls_failure { TLS_FAILURE_CLOSED, TLS_FAILURE_HANDSHAKE,
			  TLS_FAILURE_TIMEOUT };

/* A row, for who prints: "mails_accepted", ... */
struct figure {
	const char *name;
	const char *help;
	enum figure_unit unit;
	enum slot_thread thread;
};

/* The label's name, and its values by their enum, NULL at the end. Without a
 * name each value is a set of labels, as Prometheus has them; without values
 * whoever prints knows them. */
struct series_figure {
	const char *name;
	const char *help;
	const char *label;
	const char *const *values;
};

extern const struct series_figure slot_series_figures[SLOT_SERIES];
extern const struct figure slot_counter_figures[SLOT_COUNTERS];
extern const struct figure slot_gauge_figures[SLOT_GAUGES];
extern const struct figure slot_histogram_figures[SLOT_HISTOGRAMS];

/* No figure is more than that, whatever stands in memory: 2^53 - 1, which
 * JSON's numbers hold, and of which 512 make no overflow. */
#define FIGURE_MAX UINT64_C(9007199254740991)

#endif
