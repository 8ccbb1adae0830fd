/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether the service as a whole is well: what the scoreboard says, put
 * together for people, exit codes and probes. */
#ifndef BASE_SERVICE_HEALTH_H
#define BASE_SERVICE_HEALTH_H

#include "base/buf.h"
#include "base/scoreboard.h"

/* Times are seconds since 1970; 0 where there is none. */
struct service_health {
	size_t workers;                 /* that are ready, also paused */
	size_t workers_paused;          /* of them */
	size_t workers_up;              /* of them, with a database host */
	size_t workers_down;            /* without; the rest have not tried */
	int64_t down_since;             /* of the first of those */
	char host[SLOT_HOST_SIZE];      /* of one that has it; or "" */
	bool has_more_hosts;            /* others write elsewhere */
	char error[SLOT_ERROR_SIZE];    /* the latest of all processes */
	int64_t error_at;
	uint64_t held;                  /* messages that wait for it */
	uint64_t spool_files, spool_bytes, spool_set_aside;
	int64_t spool_oldest;
	int64_t spool_refused;          /* by a worker, the latest */
	int64_t certificate_end;
};

/* Days before its end at which a certificate wants to be renewed. */
enum { CERTIFICATE_DAYS = 14 };

/* Puts together what the slots of all processes say now. */
void service_health_read(const struct scoreboard *b,
			 struct service_health *h);

/* Whether it refused mail of late: it has no room, or its disk fails. A
 * minute later it may be tried again. */
bool service_health_spool_refuses(const struct service_health *h, int64_t now);

/* Appends a line for each thing that an operator should see to; returns how
 * many. 0: all is well. now is seconds since 1970. */
size_t service_health_faults(const struct service_health *h, int64_t now,
			     struct buf *out);

/* One JSON object, for programs: all that is known of the service and of each
 * of its processes. now_us is the monotonic clock, wall_us the wall clock. */
void status_print_json(const struct scoreboard *b, int64_t now_us,
		       int64_t wall_us, struct buf *out);

#endif
