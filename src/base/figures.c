/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The names of all figures, by their enums. */
#include "base/figures.h"

#include <stddef.h>

#define FIGURE_ROW(which, name, unit, thread, help) \
	[which] = { name, help, unit, thread },

const struct figure slot_counter_figures[SLOT_COUNTERS] = {
	SLOT_COUNTER_TABLE(FIGURE_ROW)
};

const struct figure slot_gauge_figures[SLOT_GAUGES] = {
	SLOT_GAUGE_TABLE(FIGURE_ROW)
};

const struct figure slot_histogram_figures[SLOT_HISTOGRAMS] = {
	SLOT_HISTOGRAM_TABLE(FIGURE_ROW)
};

static const char *const refused[] = { "blocked", "full", "per_ip", "rate",
				       "no_store", "paused", "early", NULL };

static const char *const tls_versions[] = { "1.2", "1.3", NULL };

static const char *const tls_failures[] = { "closed", "handshake", "timeout",
					    NULL };

/* enum store_action */
static const char *const store_actions[] = { "repeat", "next_host", "in_doubt",
					     "split", "reread", "full", NULL };

/* The bits of enum mime_limit, by their keys. */
static const char *const limits[] = {
	"header_lines", "header_bytes", "header_field", "header_colons",
	"boundary_lines", "multiparts", "mime_parts", "mime_depth", "cpu", NULL
};

/* enum log_level */
static const char *const log_levels[] = { "debug", "info", "warn", "error",
					  NULL };

#define HTTP(path, code) "path=\"" path "\",code=\"" code "\""

static const char *const http_requests[] = {
	HTTP("/", "200"), HTTP("/page.css", "200"), HTTP("/page.js", "200"),
	HTTP("/healthz", "200"), HTTP("/readyz", "200"),
	HTTP("/status.json", "200"), HTTP("/metrics", "200"),
	HTTP("/healthz", "503"), HTTP("/readyz", "503"),
	HTTP("other", "400"), HTTP("other", "404"), HTTP("other", "405"),
	HTTP("other", "413"), HTTP("other", "414"), HTTP("other", "421"),
	HTTP("other", "431"), HTTP("other", "505"), NULL
};

#define SERIES_ROW(which, name, label, values, help) \
	[which] = { name, help, label, values },

const struct series_figure slot_series_figures[SLOT_SERIES] = {
	SLOT_SERIES_TABLE(SERIES_ROW)
};
