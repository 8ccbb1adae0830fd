/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whose mail is unwanted: addresses, domains and "*.domain", all in one set of
 * names. */
#ifndef SMTP_BLOCKED_H
#define SMTP_BLOCKED_H

#include "smtp/settings.h"

/* An address of the longest path, whose domain may have grown as an A-label. */
enum { BLOCKED_KEY_SIZE = 64 + 1 + 256 };

/* How an address is compared: local part in lower case and without quotes, the
 * domain as an A-label, into out; empty where it is no address. */
struct view blocked_key(smtp_to_ascii *to_ascii, struct view mailbox,
			char out[BLOCKED_KEY_SIZE]);

/* Whether a sender's mail is unwanted, by the settings or by more (or NULL);
 * never that of <>. */
bool blocked_sender(const struct smtp_settings *settings,
		    const struct domains *more, struct view mailbox);

#endif
