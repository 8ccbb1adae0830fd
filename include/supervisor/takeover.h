/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An upgrade, seen from the program that comes. */
#ifndef SUPERVISOR_TAKEOVER_H
#define SUPERVISOR_TAKEOVER_H

#include "supervisor/master.h"

/* The trial: one worker without listeners becomes ready. The exit code. */
int takeover_try(struct master *m, struct config *config,
		 const struct handover *h);

/* Makes the master out of what was handed over. -1 with errno: then nobody
 * can serve on. */
int takeover_adopt(struct master *m, const struct handover *h);

/* Brings the new generation up, whose configuration it owns from then on. -1
 * with the reason in why: then the caller tries another configuration. */
int takeover_begin(struct master *m, struct config *config,
		   const struct handover *h, struct buf *why);

/* Until the new generation serves, or it is clear that it will not. */
void takeover_tick(struct master *m);

#endif
