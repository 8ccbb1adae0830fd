/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the log says of a death. */
#ifndef SUPERVISOR_OBITUARY_H
#define SUPERVISOR_OBITUARY_H

#include "supervisor/master.h"

/* Logs how entry i ended, with what its slot says it was doing, and puts the
 * message it was parsing on the poison list. Before the roster hears. */
void obituary_write(struct master *m, int i, int status);

/* "SIGSEGV"; the number where there is no name. */
const char *obituary_signal_name(int signal);

#endif
