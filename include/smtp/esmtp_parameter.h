/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parameters of MAIL and RCPT (RFC 5321 4.1.2, esmtp-param). */
#ifndef SMTP_ESMTP_PARAMETER_H
#define SMTP_ESMTP_PARAMETER_H

#include "base/view.h"

struct esmtp_parameter {
	struct view keyword;
	struct view value;
	bool has_value;         /* there was a "=" */
};

enum esmtp_parameter_kind {
	ESMTP_PARAMETER_END,
	ESMTP_PARAMETER_GOOD,
	ESMTP_PARAMETER_BAD
};

/* Takes the next one from the front of rest. */
enum esmtp_parameter_kind esmtp_parameter_next(struct view *rest,
					       struct esmtp_parameter *out);

#endif
