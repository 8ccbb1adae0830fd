/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `-s VERB`: what the operator wants of the running master. */
#ifndef CONTROL_VERB_H
#define CONTROL_VERB_H

#include "base/exit_code.h"

#include <stdbool.h>

struct verb_request {
	const char *verb;               /* one that options_parse took */
	bool as_json;                   /* of status */
	bool is_wide;                   /* of status */
	const char *length;             /* of pause; NULL: no end */
	const char *run_dir;
	const char *pid_file;
};

/* Waits for the outcome and prints it: to stdout what was done, to stderr
 * why it was not. Returns the exit code. */
enum exit_code verb_run(const struct verb_request *request);

#endif
