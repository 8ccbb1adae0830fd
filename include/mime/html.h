/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The little that must be known of HTML: whether there is text in it, and
 * which charset it claims. */
#ifndef MIME_HTML_H
#define MIME_HTML_H

#include "base/view.h"

/* Whether nothing but white space is left when tags are taken away. */
bool html_is_empty(struct view html);

/* Whether v is nothing but white space, of ASCII or no-break kind. */
bool text_is_blank(struct view v);

/* The charset of <meta charset=x> or <meta ... content="...; charset=x"> in
 * the first kilobyte; empty without one. */
struct view html_meta_charset(struct view html);

#endif
