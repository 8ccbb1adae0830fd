/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scoreboard for Prometheus. */
#ifndef STATUS_METRICS_H
#define STATUS_METRICS_H

#include "base/buf.h"
#include "base/scoreboard.h"
#include "status/status.h"

enum metrics_format {
	METRICS_TEXT,                   /* Prometheus' text format 0.0.4 */
	METRICS_OPENMETRICS             /* OpenMetrics 1.0 */
};

/* Appends all metrics, as they are now. */
void metrics_print(const struct scoreboard *b, const struct status_duty *duty,
		   enum metrics_format format, struct buf *out);

#endif
