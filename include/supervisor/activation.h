/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sockets that whoever started us has opened (sd_listen_fds(3)). */
#ifndef SUPERVISOR_ACTIVATION_H
#define SUPERVISOR_ACTIVATION_H

#include "base/view.h"

enum { ACTIVATION_SOCKETS = 32, ACTIVATION_NAME_SIZE = 64 };

struct activation {
	size_t count;
	struct {
		int fd;
		char name[ACTIVATION_NAME_SIZE];
	} sockets[ACTIVATION_SOCKETS];
};

/* Takes the sockets from LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES, makes
 * them close-on-exec and non-blocking, and removes the variables. */
void activation_take(struct activation *a);

/* A copy of the one descriptor of that name; -1, with the reason in why,
 * where there is none or more than one, or it does not listen. */
int activation_open(const struct activation *a, struct view name, char *why,
		    size_t size);

#endif
