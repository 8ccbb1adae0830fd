/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the log says of a death. */
#ifndef SUPERVISOR_EXIT_REPORT_H
#define SUPERVISOR_EXIT_REPORT_H

#include "supervisor/master.h"

/* Logs how entry i ended, with what its slot says it was doing, and puts the
 * message it was parsing on the poison list. Before the process table hears. */
void exit_report_write(struct master *m, int i, int status);

/* Why it will be started again, where it will; status is waitpid's. */
enum restart_cause exit_report_cause(const struct process *e, int status);

/* How a process ended or was stopped, from waitpid's status: "SIGSEGV, core
 * dumped", "exit 1". */
void exit_report_describe(int status, char *out, size_t size);

#endif
