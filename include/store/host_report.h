/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the operator is told of hosts that cannot be used. */
#ifndef STORE_HOST_REPORT_H
#define STORE_HOST_REPORT_H

#include "base/scoreboard.h"
#include "store/hosts.h"
#include "store/outcome.h"

/* As the configuration has it. */
struct view host_name(const struct store_settings *settings, size_t host);

/* One line when a host's trouble begins or changes, not one an attempt; of
 * what somebody must mend one of all processes, again each minute. */
void host_report(const struct hosts *hosts, size_t host,
		 struct scoreboard_slot *slot,
		 const struct store_fault *fault);

/* The last error of this process for status: what it is about, the server's
 * number and words. */
void host_report_status(struct scoreboard_slot *slot, const char *about,
			int error, const char *text);

#endif
