/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parameters of MAIL and RCPT (RFC 5321 4.1.2, esmtp-param). */
#ifndef SMTP_PARAMETER_H
#define SMTP_PARAMETER_H

#include "base/view.h"

struct parameter {
	struct view keyword;
	struct view value;
	bool has_value;         /* there was a "=" */
};

enum parameter_kind { PARAMETER_END, PARAMETER_GOOD, PARAMETER_BAD };

/* Takes the next one from the front of rest. */
enum parameter_kind esmtp_parameter_next(struct view *rest,
					 struct parameter *out);

#endif
