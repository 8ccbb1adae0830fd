/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The masters that run on this machine, whatever configuration they have. */
#ifndef CONTROL_MASTERS_H
#define CONTROL_MASTERS_H

#include "base/buf.h"

/* Appends a line for each master that can be seen: its process id and, where
 * we may know it, its pid file. Returns how many. */
size_t masters_list(struct buf *out);

#endif
