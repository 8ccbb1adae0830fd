/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses in header fields (RFC 5322 3.4), as loosely as they are written.
 * Linear and without recursion: groups may be nested a million deep. */
#ifndef MIME_MAILBOX_H
#define MIME_MAILBOX_H

#include "base/view.h"

/* Copies the first mailbox of a From-like value, without name, comments,
 * brackets, route and blanks, into where, which has room for value.len
 * bytes. Returns its length; 0 where there is none. *has_domain_out tells
 * whether it has an '@'. */
size_t mailbox_first(struct view value, char *where, bool *has_domain_out);

/* Takes the next domain (what follows an '@') from the front of *rest. */
bool mailbox_next_domain(struct view *rest, struct view *domain_out);

#endif
