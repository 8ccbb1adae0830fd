/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Command lines carried out, in the order that RFC 5321 allows. */
#ifndef SMTP_VERBS_H
#define SMTP_VERBS_H

#include "smtp/session_state.h"

/* Runs one line, which has no CRLF. */
void verbs_run(struct session *s, struct view line, struct buf *out);

#endif
