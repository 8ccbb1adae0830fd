/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How `-s` speaks to the running master: the unix stream socket
 * run_dir/control takes one verb as a line; lines come back, each a letter, a
 * space and text: '+' progress, then one of 'K' done or 'F' refused or
 * failed. */
#ifndef CONTROL_ASK_MASTER_H
#define CONTROL_ASK_MASTER_H

#include "base/buf.h"
#include "base/exit_code.h"

/* Sends the verb and waits until its outcome is known. `answer` gets the
 * sentences to print, a line each, free of control characters. The master is
 * found by the lock of pid_file and by run_dir; after "stop" and "kill" it is
 * gone when this returns. EXIT_DONE, EXIT_REFUSED or EXIT_NOT_RUNNING, the
 * last without a sentence. */
enum exit_code ask_master(const char *run_dir, const char *pid_file,
			  const char *verb, struct buf *answer);

#endif
