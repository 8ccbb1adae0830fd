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

static const char *const refused[] = {
	"reason=\"blocked\"", "reason=\"full\"", "reason=\"per_ip\"",
	"reason=\"rate\"", "reason=\"no_store\"", "reason=\"paused\"",
	"reason=\"early\"", NULL
};

static const char *const tls_versions[] = { "version=\"1.2\"",
					    "version=\"1.3\"", NULL };

static const char *const tls_failures[] = { "reason=\"closed\"",
					    "reason=\"handshake\"", NULL };

/* enum store_action */
static const char *const store_actions[] = {
	"class=\"repeat\"", "class=\"next_host\"", "class=\"in_doubt\"",
	"class=\"split\"", "class=\"reread\"", "class=\"full\"", NULL
};

/* The bits of enum mime_limit, by their keys. */
static const char *const limits[] = {
	"limit=\"header_lines\"", "limit=\"header_bytes\"",
	"limit=\"header_field\"", "limit=\"header_colons\"",
	"limit=\"boundary_lines\"", "limit=\"multiparts\"",
	"limit=\"mime_parts\"", "limit=\"mime_depth\"", "limit=\"cpu\"", NULL
};

/* enum log_level */
static const char *const log_levels[] = {
	"level=\"debug\"", "level=\"info\"", "level=\"warn\"",
	"level=\"error\"", NULL
};

#define HTTP(path, code) "path=\"" path "\",code=\"" code "\""

static const char *const http_requests[] = {
	HTTP("/", "200"), HTTP("/page.css", "200"), HTTP("/page.js", "200"),
	HTTP("/healthz", "200"), HTTP("/readyz", "200"),
	HTTP("/status.json", "200"), HTTP("/metrics", "200"),
	HTTP("/healthz", "503"), HTTP("/readyz", "503"),
	HTTP("other", "404"), HTTP("other", "405"), HTTP("other", "421"), NULL
};

#define SERIES_ROW(which, name, labels, help) [which] = { name, help, labels },

const struct series_figure slot_series_figures[SLOT_SERIES] = {
	SLOT_SERIES_TABLE(SERIES_ROW)
};
