/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much of spool_max is left: one figure for all workers, on disk and in
 * shared memory. Called by delivery. */
#ifndef STORE_SPOOL_ROOM_H
#define STORE_SPOOL_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct spool_room;

/* Of the folders below dir, which must be there; NULL with errno. */
struct spool_room *spool_room_open(const char *dir);
void spool_room_close(struct spool_room **r);

/* Takes what a file of so many bytes needs on disk, that is whole blocks and
 * an inode, if it is there below most; else false and errno ENOSPC. */
bool spool_room_take(struct spool_room *r, size_t bytes, uint64_t most);

#endif
