/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a message as it came to a mail as it is stored: derived columns, the
 * trace headers of each recipient, the header check. Delivery's thread. */
#ifndef WORKER_MAIL_READER_H
#define WORKER_MAIL_READER_H

#include "base/child_context.h"
#include "mail.h"
#include "smtp/domains.h"
#include "worker/settings.h"

struct mail_reader;

struct mail_reader *mail_reader_new(const struct worker_settings *settings,
				    const struct child_context *context);
void mail_reader_free(struct mail_reader **r);

/* Domains that count as hosted beside the configured ones; NULL for none.
 * They stay the caller's. */
void mail_reader_set_domains(struct mail_reader *r,
			     const struct domains *more);

/* The same of unwanted senders. */
void mail_reader_set_blocked(struct mail_reader *r,
			     const struct domains *more);

/* Fills mail and its recipients' traces from the message; text lives in
 * arena. Returns VERDICT_NONE, or the verdict of mail that is refused or thrown
 * away (message->verdict is left to the caller). */
enum verdict mail_reader_read(struct mail_reader *r, struct message *message,
			      struct arena *arena, struct mail *mail);

#endif
