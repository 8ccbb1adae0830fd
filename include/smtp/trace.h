/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The trace headers that a receiving server puts before a message
 * (RFC 5321 4.4): Return-Path, Delivered-To, Received. */
#ifndef SMTP_TRACE_H
#define SMTP_TRACE_H

#include "base/buf.h"
#include "mail.h"

/* Most bytes trace_write appends, whatever the client said. */
enum { TRACE_MAX = 4096 };

/* Appends the headers of one recipient's copy, each folded at 78 columns,
 * foreign control characters gone, ending in CRLF. */
void trace_write(const struct message *m, const struct recipient *r,
		 const char *hostname, struct buf *out);

#endif
