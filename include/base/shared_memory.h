/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory that several processes map: files without a name that nobody can
 * cut or lengthen under those who map them. A process maps for writing only
 * the pages that are its own; what it could read it cannot make writable
 * later, since that mapping came from a read-only descriptor. */
#ifndef BASE_SHARED_MEMORY_H
#define BASE_SHARED_MEMORY_H

#include <stddef.h>

/* The size in whole pages of this system. */
size_t shared_memory_pages(size_t size);

/* size bytes of zeros, sealed: a close-on-exec descriptor, or -1 with
 * errno. */
int shared_memory_open(const char *name, size_t size);

/* All of it, PROT_READ or with PROT_WRITE: NULL with errno (EPROTO: it has
 * another size or could be cut). A child of a fork does not inherit this
 * mapping; it maps what is its own. */
void *shared_memory_map(int fd, size_t size, int protection);

/* The part of the memory that one process may write. */
struct shared_part {
	size_t offset;                  /* whole pages, both */
	size_t size;                    /* 0: it may only read */
};

/* In a child: the same memory at the same address, read-only but for its own
 * part. Needs /proc. -1 with errno. The descriptor can be closed then, and
 * must be: with it more could be mapped. */
int shared_memory_remap(void *at, size_t size, int fd,
			const struct shared_part *own);

#endif
