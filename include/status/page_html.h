/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The page for people: complete without its script, which only renews it. */
#ifndef STATUS_PAGE_HTML_H
#define STATUS_PAGE_HTML_H

#include "base/buf.h"
#include "base/scoreboard.h"
#include "status/status.h"

/* Appends the page (HTML). reasons: why no mail is taken, a line each; empty
 * where it is. */
void page_print_html(const struct scoreboard *b,
		     const struct status_duty *duty, struct view reasons,
		     struct buf *out);

/* Its style (CSS) and its script (JavaScript). */
extern const char page_style_text[], page_script_text[];

#endif
