/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What stands under each path. */
#ifndef STATUS_PAGES_H
#define STATUS_PAGES_H

#include "base/buf.h"
#include "base/scoreboard.h"
#include "status/status.h"

enum status_page {
	PAGE_HTML, PAGE_CSS, PAGE_JS, PAGE_HEALTHZ, PAGE_READYZ, PAGE_JSON,
	PAGE_METRICS, PAGE_OPENMETRICS, STATUS_PAGES
};

struct page_answer {
	unsigned code;                  /* of HTTP */
	const char *type;               /* Content-Type */
	struct buf body;                /* the caller releases it */
};

/* The page of a path and of the Accept field ("" where there is none); -1: no
 * such page. */
int page_find(const char *path, const char *accept);

/* Fills the page with what the scoreboard says now. */
void page_print(enum status_page page, const struct scoreboard *b,
		const struct status_duty *duty, struct page_answer *out);

/* Whether the Host field (NULL: none) may name a service that listens on a
 * loopback address: an address literal, localhost, its hostname. Any other
 * name is one that a stranger's DNS let point here. */
bool page_host_is_good(const char *host, const char *hostname);

#endif
