/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What children of most roles do alike. */
#include "base/child_context.h"

#include "base/log.h"

#include <errno.h>
#include <string.h>

int
child_enter_sandbox(const struct child_context *context)
{
	if (sandbox_enter(context->sandbox, context->slot) == 0)
		return 0;
	log_error("the sandbox cannot be entered",
		  LOG_STR("error", strerror(errno)));
	return -1;
}
