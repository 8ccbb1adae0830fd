/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All that one worker needs, filled by config. */
#ifndef WORKER_SETTINGS_H
#define WORKER_SETTINGS_H

#include "mime/settings.h"
#include "net/settings.h"
#include "smtp/settings.h"
#include "store/settings.h"

enum header_check { HEADER_CHECK_REJECT, HEADER_CHECK_SCORE,
		    HEADER_CHECK_OFF };

/* How the loop waits for its descriptors. */
enum event_method { EVENT_EPOLL, EVENT_POLL };

struct worker_settings {
	struct smtp_settings smtp;
	struct mime_settings mime;
	struct net_settings net;
	struct store_settings store;

	enum header_check header_check;
	double header_check_score;
	size_t received;                /* header fields a message may have;
					 * 0: any number */

	size_t workers;                 /* resolved: never 0 */
	size_t connections;             /* limits, over all workers */
	size_t connections_per_ip;
	size_t rate_per_ip;
	bool discards_over_rate;        /* as smtp.discards_over_rate does */
	size_t rate_per_recipient;
	size_t rate_per_domain;
	size_t memory;                  /* bytes, of one worker */

	int64_t greet_delay_ms;
	int64_t command_ms;             /* timeouts */
	int64_t data_ms;
	int64_t transaction_ms;
	size_t min_rate;                /* bytes a second */
	int64_t tls_ms;
	int64_t proxy_ms;
	int64_t shutdown_ms;
	int64_t drain_ms;

	enum event_method event_method;
	size_t recycle_mails;           /* 0: never */
	size_t recycle_rss;
};

#endif
