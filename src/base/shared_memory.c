/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sealed files without a name (memfd), and how a child maps them. */
#include "base/shared_memory.h"

#include "base/process.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

size_t
shared_memory_pages(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (size + page - 1) / page * page;
}

int
shared_memory_open(const char *name, size_t size)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -1;
	if (ftruncate(fd, (off_t)size) == 0 &&
	    fcntl(fd, F_ADD_SEALS,
		  F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
		return fd;
	close_keeping_errno(fd);
	return -1;
}

/* A child maps its part into the gap that MADV_DONTFORK left, where nothing
 * else must lie; but that sanitizer's runtime starts a thread in each child,
 * whose stack would come to lie there. */
#ifdef __SANITIZE_THREAD__
enum { IN_THE_GAP = MAP_FIXED };
#else
enum { IN_THE_GAP = MAP_FIXED_NOREPLACE };
#endif

void *
shared_memory_map(int fd, size_t size, int protection)
{
	struct stat st;

	int seals = fcntl(fd, F_GET_SEALS);
	if (fstat(fd, &st) != 0 || st.st_size != (off_t)size || seals < 0 ||
	    (seals & F_SEAL_SHRINK) == 0) {
		errno = EPROTO;
		return NULL;
	}
	/* Pages are used only as something is written into them. */
	void *at = mmap(NULL, size, protection, MAP_SHARED | MAP_NORESERVE,
			fd, 0);
	if (at == MAP_FAILED)
		return NULL;
#ifndef __SANITIZE_THREAD__
	madvise(at, size, MADV_DONTFORK);
#endif
	return at;
}

int
shared_memory_remap(void *at, size_t size, int fd,
		    const struct shared_part *own)
{
	char path[64];

	assert(own->offset + own->size <= size);
	assert(shared_memory_pages(own->offset) == own->offset);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int reader = open(path, O_RDONLY | O_CLOEXEC);
	if (reader < 0)
		return -1;
	void *all = mmap(at, size, PROT_READ,
			 MAP_SHARED | MAP_NORESERVE | IN_THE_GAP, reader, 0);
	close_keeping_errno(reader);
	if (all != at)
		return -1;
	if (own->size == 0)
		return 0;
	void *part = mmap((char *)at + own->offset, own->size,
			  PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
			  (off_t)own->offset);
	return part != MAP_FAILED ? 0 : -1;
}
