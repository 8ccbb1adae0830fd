/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When certificates end: for the scoreboard, and a warning in time. */
#ifndef SUPERVISOR_EXPIRY_H
#define SUPERVISOR_EXPIRY_H

#include "supervisor/master.h"

/* Notes the first end of the generation in force; warns at its start and
 * then daily, from two weeks before. */
void expiry_look(struct master *m);

#endif
