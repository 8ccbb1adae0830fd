/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the status process answers to a request that libmicrohttpd has read. */
#ifndef STATUS_ANSWERS_H
#define STATUS_ANSWERS_H

#include "base/child_context.h"
#include "status/pages.h"
#include "status/status.h"

#include <microhttpd.h>
#include <stdarg.h>

struct shared_body {
	struct MHD_Response *response;  /* NULL: none yet */
	unsigned code;
	int64_t made_ms;
};

struct answers {
	const struct status_duty *duty;
	const struct child_context *context;
	bool is_loopback;               /* the listener: Host must be ours */
	struct shared_body bodies[STATUS_PAGES];
};

/* Answers one request and counts it, as MHD_AccessHandlerCallback. answers: a
 * struct answers. MHD_NO: the connection is to be closed. */
enum MHD_Result answers_give(void *answers, struct MHD_Connection *c,
			     const char *path, const char *method,
			     const char *version, const char *data,
			     size_t *data_len, void **state);

/* Counts what the library refuses by itself, which it tells its log alone:
 * MHD_LogCallback. Log lines of other words are nothing to us. */
void answers_hear_library(void *answers, const char *format, va_list values)
	__attribute__((format(printf, 2, 0)));

#endif
