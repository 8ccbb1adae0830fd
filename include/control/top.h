/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `-s top`: what the service does, seen live in a terminal. */
#ifndef CONTROL_TOP_H
#define CONTROL_TOP_H

#include "base/exit_code.h"

/* Reads the scoreboard each second until 'q' or a signal; follows upgrades
 * and restarts. Where stdout is no terminal that can be drawn on: a line a
 * second. EXIT_DONE, or EXIT_REFUSED where nothing can be read at first. */
enum exit_code top_run(const char *run_dir, const char *pid_file);

#endif
