/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses in header fields (RFC 5322 3.4), as loosely as they are written.
 * Views are the fields' raw values, with their folds. */
#ifndef MIME_MAILBOX_H
#define MIME_MAILBOX_H

#include "base/view.h"

/* What GMime may see of one value: more bytes, or more colons, than these are
 * not given to it, since each group that is opened costs it stack. */
enum { MAILBOX_MOST = 6000, MAILBOX_COLONS = 32 };

/* The address of a value that is one mailbox and leaves nothing to a reader:
 * "a@b", "<a@b>", "Plain words <a@b>", "\"Words, in quotes\" <a@b>". Empty for
 * any other, of which GMime may read the same. */
struct view mailbox_plain(struct view value);

/* Copies the address of the first mailbox that has an '@' into where, which
 * has room for value.len bytes; else the first lone word. Returns its length;
 * 0 where there is none. *has_domain_out tells whether it has an '@'. */
size_t mailbox_first(struct view value, char *where, bool *has_domain_out);

/* Whether a mailbox of the value has a domain that is_wanted. */
bool mailbox_has_domain(struct view value,
			bool (*is_wanted)(void *context, struct view domain),
			void *context);

/* Whether the value names anybody: groups may be empty. */
bool mailbox_names_any(struct view value);

#endif
