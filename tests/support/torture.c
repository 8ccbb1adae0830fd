/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Preloaded into the service: the n-th allocation or the n-th system call of
 * one process fails, once. TORTURE_FILE holds a struct torture, shared with
 * the test that arms it. Calls are counted from then on, in the process whose
 * id stands there; 0 is whoever maps it first (the start of a master). */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { OFF = 0, ALLOCATIONS = 1, CALLS = 2 };

struct torture {
	_Atomic int32_t kind; /* OFF again when it has failed one */
	_Atomic int32_t pid;
	_Atomic int32_t left;	/* the one that makes this 0 fails */
	_Atomic int32_t failed; /* the line below that failed; 0: none */
};

static struct torture *torture;

__attribute__((constructor)) static void
map_torture(void)
{
	const char *file = getenv("TORTURE_FILE");
	int fd = file != NULL ? (int)syscall(SYS_openat, AT_FDCWD, file,
					     O_RDWR | O_CLOEXEC)
			      : -1;

	if (fd < 0)
		return;
	void *at = mmap(NULL, sizeof(*torture), PROT_READ | PROT_WRITE,
			MAP_SHARED, fd, 0);
	close(fd);
	if (at == MAP_FAILED)
		return;
	torture = at;
	int32_t nobody = 0;
	if (torture->kind != OFF)
		atomic_compare_exchange_strong(&torture->pid, &nobody,
					       (int32_t)getpid());
}

/* Whether this call is the one. */
static int
fails(int kind, int line)
{
	if (torture == NULL || torture->kind != kind ||
	    torture->pid != (int32_t)syscall(SYS_getpid) ||
	    atomic_fetch_sub(&torture->left, 1) != 1)
		return 0;
	torture->kind = OFF;
	torture->failed = line;
	return 1;
}

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *at, size_t size);

static void *
no_memory(void)
{
	errno = ENOMEM;
	return NULL;
}

void *
malloc(size_t size)
{
	return fails(ALLOCATIONS, __LINE__) ? no_memory() : __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
	return fails(ALLOCATIONS, __LINE__) ? no_memory()
					    : __libc_calloc(count, size);
}

void *
realloc(void *at, size_t size)
{
	return fails(ALLOCATIONS, __LINE__) ? no_memory()
					    : __libc_realloc(at, size);
}

/* A call with its likely error; what follows is its plain meaning. */
#define FAIL(error)                                                            \
	do                                                                     \
		if (fails(CALLS, __LINE__)) {                                  \
			errno = (error);                                       \
			return -1;                                             \
		}                                                              \
	while (0)

ssize_t
read(int fd, void *at, size_t size)
{
	FAIL(EIO);
	return syscall(SYS_read, fd, at, size);
}

ssize_t
write(int fd, const void *at, size_t size)
{
	FAIL(ENOSPC);
	return syscall(SYS_write, fd, at, size);
}

ssize_t
writev(int fd, const struct iovec *parts, int count)
{
	FAIL(ENOSPC);
	return syscall(SYS_writev, fd, parts, count);
}

ssize_t
recv(int fd, void *at, size_t size, int flags)
{
	FAIL(ECONNRESET);
	return syscall(SYS_recvfrom, fd, at, size, flags, NULL, NULL);
}

ssize_t
send(int fd, const void *at, size_t size, int flags)
{
	FAIL(EPIPE);
	return syscall(SYS_sendto, fd, at, size, flags, NULL, 0);
}

ssize_t
sendmsg(int fd, const struct msghdr *message, int flags)
{
	FAIL(ENOBUFS);
	return syscall(SYS_sendmsg, fd, message, flags);
}

ssize_t
recvmsg(int fd, struct msghdr *message, int flags)
{
	FAIL(EIO);
	return syscall(SYS_recvmsg, fd, message, flags);
}

int
accept4(int fd, struct sockaddr *restrict from, socklen_t *restrict size,
	int flags)
{
	FAIL(EMFILE);
	return (int)syscall(SYS_accept4, fd, from, size, flags);
}

int
socket(int family, int type, int protocol)
{
	FAIL(EMFILE);
	return (int)syscall(SYS_socket, family, type, protocol);
}

int
connect(int fd, const struct sockaddr *to, socklen_t size)
{
	FAIL(ECONNREFUSED);
	return (int)syscall(SYS_connect, fd, to, size);
}

int
setsockopt(int fd, int level, int name, const void *at, socklen_t size)
{
	FAIL(ENOBUFS);
	return (int)syscall(SYS_setsockopt, fd, level, name, at, size);
}

int
poll(struct pollfd *polls, nfds_t count, int timeout_ms)
{
	FAIL(EINTR);
	return (int)syscall(SYS_poll, polls, count, timeout_ms);
}

int
epoll_wait(int fd, struct epoll_event *events, int count, int timeout_ms)
{
	FAIL(EINTR);
	return (int)syscall(SYS_epoll_wait, fd, events, count, timeout_ms);
}

int
epoll_ctl(int fd, int what, int of, struct epoll_event *event)
{
	FAIL(ENOSPC);
	return (int)syscall(SYS_epoll_ctl, fd, what, of, event);
}

int
fsync(int fd)
{
	FAIL(EIO);
	return (int)syscall(SYS_fsync, fd);
}

int
fdatasync(int fd)
{
	FAIL(EIO);
	return (int)syscall(SYS_fdatasync, fd);
}

int
rename(const char *from, const char *to)
{
	FAIL(ENOSPC);
	return (int)syscall(SYS_rename, from, to);
}

int
open(const char *path, int flags, ...)
{
	va_list arguments;

	va_start(arguments, flags);
	mode_t mode =
		flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
	va_end(arguments);
	FAIL(EMFILE);
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int
fstat(int fd, struct stat *out)
{
	FAIL(EIO);
	return (int)syscall(SYS_fstat, fd, out);
}

pid_t
fork(void)
{
	extern pid_t __libc_fork(void);

	FAIL(EAGAIN);
	return __libc_fork();
}
