/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What becomes too old: certificates, which the scoreboard and a warning
 * tell in time, and the keys of session tickets. */
#ifndef SUPERVISOR_CERTIFICATE_EXPIRY_H
#define SUPERVISOR_CERTIFICATE_EXPIRY_H

#include "supervisor/master.h"

/* Turns the ticket keys; notes the first end of the generation in force;
 * warns at its start and then daily, from two weeks before. */
void certificate_expiry_tick(struct master *m);

#endif
