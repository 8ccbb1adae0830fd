/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where mail goes, filled by config (sections mysql and store). */
#ifndef STORE_SETTINGS_H
#define STORE_SETTINGS_H

#include "base/view.h"

#include <stdbool.h>
#include <stdint.h>

enum store_order { STORE_ORDER_LISTED, STORE_ORDER_SPREAD };
enum store_outage { STORE_OUTAGE_TEMPFAIL, STORE_OUTAGE_SPOOL };

enum { STORE_EARLIER_SPOOLS = 3 };

struct store_host {
	const char *name;               /* "" with a socket */
	unsigned port;                  /* 0: the unix socket */
};

/* How long mail to a domain is kept. */
struct retention_domain {
	const char *pattern;            /* A-labels; "*.domain": below it */
	int64_t keep_ms;                /* 0: for ever */
};

struct store_settings {
	struct store_host *hosts;
	size_t host_count;
	enum store_order order;
	const char *socket;             /* "": the library's own */
	const char *user;
	const char *password;           /* from password or password_file */
	const char *database;
	const char *table;              /* "new_mail" */
	const char *raw_table;          /* "": raw messages are in the rows */
	bool has_tls;
	const char *tls_ca;
	int64_t connect_timeout_ms;
	int64_t timeout_ms;
	int64_t max_age_ms;

	size_t batch_rows;
	size_t batch_bytes;
	size_t transaction_bytes;       /* limits.transaction_bytes */
	size_t message_size;            /* limits.message_size */
	int64_t hold_ms;
	enum store_outage on_outage;
	const char *spool_dir;
	bool is_spool_ours;             /* the master holds its lock */
	const char *earlier_spools[STORE_EARLIER_SPOOLS + 1]; /* held as well,
					 * until they are empty; NULL ends */
	size_t spool_max;
	int64_t set_aside_ms;           /* a refused message is tried so long */
	int64_t retention_ms;           /* 0: for ever */
	struct retention_domain *retention_domains; /* the first counts */
	size_t retention_domain_count;
	const char *domains_query;      /* '' without one */
	const char *recipient_query;
	const char *blocked_senders_query;
	int64_t domains_refresh_ms;
	int64_t lookup_ms;              /* timeouts.lookup */
	struct strings event_sockets;   /* notify.socket */
	unsigned event_format;          /* JSON is the only one */
	int event_socket;               /* what events are sent from, where
					 * there are such: the process's own */
};

#endif
