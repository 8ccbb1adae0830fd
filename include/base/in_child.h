/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks that leave nothing behind in the process that wants to know. */
#ifndef BASE_IN_CHILD_H
#define BASE_IN_CHILD_H

#include <stdbool.h>
#include <stddef.h>

/* Lets a child that is forked for it answer, and waits: what it read, as a
 * private key, goes with it. False where check said so or no child could be
 * had, with what it wrote to why, of which size bytes are there. The caller
 * has one thread. */
bool in_child(bool (*check)(const void *what, char *why, size_t size),
	      const void *what, char *why, size_t size);

#endif
