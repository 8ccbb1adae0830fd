/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Escapes by code, memory and what of the kernel is seldom used. */
#include "support/escapes.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef const struct escape_scene scene;

static int
closed(int fd)
{
	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

/* ---- Code and memory ----------------------------------------------------- */

/* A file that it wrote, as code. */
int
escape_execute_written(scene *s)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/code", s->spool);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || write(fd, "\xc3", 1) != 1)
		return -1;
	void *at = mmap(NULL, 1, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	int error = errno;
	close(fd);
	unlink(path);
	errno = error;
	return at != MAP_FAILED ? 0 : -1;
}

int
escape_execute_library(scene *s)
{
	(void)s;
	int fd = open("/usr/bin/env", O_RDONLY);
	if (fd < 0)
		return -1;
	void *at = mmap(NULL, 1, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	int error = errno;
	close(fd);
	errno = error;
	return at != MAP_FAILED ? 0 : -1;
}

int
escape_execute_data(scene *s)
{
	(void)s;
	static char page[8192];
	uintptr_t at = ((uintptr_t)page + 4095) & ~(uintptr_t)4095;

	return mprotect((void *)at, 4096, PROT_READ | PROT_EXEC);
}

int
escape_execute_anonymous(scene *s)
{
	(void)s;
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return at != MAP_FAILED ? 0 : -1;
}

int
escape_make_memory_file(scene *s)
{
	(void)s;
	return closed(memfd_create("code", MFD_CLOEXEC));
}

/* Code written by way of the file that a process's memory is. */
int
escape_write_own_memory(scene *s)
{
	(void)s;
	return closed(open("/proc/self/mem", O_RDWR));
}

/* The next process's slot, by growing one's own. */
int
escape_grow_own_slot(scene *s)
{
	if (s->own == NULL) {
		errno = EPERM;
		return -1;
	}
	void *at = mremap(s->own, s->own_size, 2 * s->own_size,
			  MREMAP_MAYMOVE);
	return at != MAP_FAILED ? 0 : -1;
}

int
escape_write_other_slot(scene *s)
{
	if (s->own == NULL) {
		errno = EPERM;
		return -1;
	}
	return mprotect((char *)s->own + s->own_size, s->own_size,
			PROT_READ | PROT_WRITE);
}

int
escape_watch_faults(scene *s)
{
	(void)s;
	return closed((int)syscall(SYS_userfaultfd, O_CLOEXEC));
}

int
escape_load_bpf(scene *s)
{
	(void)s;
	char attributes[64] = { 0 };

	return closed((int)syscall(SYS_bpf, 0, attributes,
				   sizeof(attributes)));
}

int
escape_use_ring(scene *s)
{
	(void)s;
	char parameters[120] = { 0 };

	return closed((int)syscall(SYS_io_uring_setup, 1, parameters));
}

int
escape_use_keys(scene *s)
{
	(void)s;
	return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID,
		       KEY_SPEC_SESSION_KEYRING, 0) >= 0 ? 0 : -1;
}

int
escape_watch_events(scene *s)
{
	(void)s;
	char attributes[128] = { 0 };

	return closed((int)syscall(SYS_perf_event_open, attributes, 0, -1, -1,
				   0));
}
