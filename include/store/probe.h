/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether somebody listens at a host, asked without waiting: a dead host
 * must not cost the mail that another one takes meanwhile. */
#ifndef STORE_PROBE_H
#define STORE_PROBE_H

#include "store/settings.h"

enum probe_answer { PROBE_WAITS, PROBE_LISTENS, PROBE_SILENT };

struct probe {
	int fd;                 /* -1: none under way */
	int64_t until_ms;
};

#define PROBE_NONE ((struct probe){ .fd = -1 })

/* Begins to connect; the name is looked up, and that may wait. */
void probe_start(struct probe *p, const struct store_host *host,
		 int64_t until_ms);

/* Ends the probe, unless it still waits. */
enum probe_answer probe_ask(struct probe *p);
void probe_stop(struct probe *p);

#endif
