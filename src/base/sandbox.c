/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which system calls a child may make: those on a list, for its role; all
 * others answer EPERM, are logged by the kernel, or kill, as the key
 * `sandbox` says. What is not here: exec, fork, ptrace, kill of others,
 * mount, bind, listen, sockets of odd families, memory both writable and
 * executable. */
#include "base/sandbox.h"

#include "base/landlock.h"

#include <errno.h>

#ifdef __linux__
#include <linux/sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	WORKER = 1 << SLOT_WORKER,
	JANITOR = 1 << SLOT_JANITOR,
	LOGGER = 1 << SLOT_LOGGER,
	STATUS = 1 << SLOT_STATUS,
	STORING = WORKER | JANITOR,
	ANY = WORKER | JANITOR | LOGGER | STATUS
};

struct permit {
	const char *call;
	unsigned roles;
};

static const struct permit permits[] = {
	/* memory, but for mmap and mprotect below */
	{ "brk", ANY }, { "madvise", ANY }, { "mremap", ANY },
	{ "munmap", ANY },
	/* threads and their sleep */
	{ "clock_getres", ANY }, { "clock_gettime", ANY },
	{ "clock_nanosleep", ANY }, { "exit", ANY }, { "exit_group", ANY },
	{ "futex", ANY }, { "getcpu", ANY }, { "gettid", ANY },
	{ "gettimeofday", ANY }, { "membarrier", ANY }, { "nanosleep", ANY },
	{ "restart_syscall", ANY }, { "rseq", ANY },
	{ "sched_getaffinity", ANY }, { "sched_yield", ANY },
	{ "set_robust_list", ANY }, { "time", ANY },
	/* signals to itself */
	{ "rt_sigaction", ANY }, { "rt_sigpending", ANY },
	{ "rt_sigprocmask", ANY }, { "rt_sigreturn", ANY },
	{ "rt_sigtimedwait", ANY }, { "sigaltstack", ANY },
	/* who and where am I */
	{ "getcwd", ANY }, { "getegid", ANY }, { "geteuid", ANY },
	{ "getgid", ANY }, { "getgroups", ANY }, { "getpid", ANY },
	{ "getppid", ANY }, { "getrandom", ANY }, { "getresgid", ANY },
	{ "getresuid", ANY }, { "getrlimit", ANY }, { "getrusage", ANY },
	{ "getuid", ANY }, { "sysinfo", ANY }, { "times", ANY },
	{ "uname", ANY },
	/* descriptors */
	{ "close", ANY }, { "close_range", ANY }, { "dup", ANY },
	{ "dup2", ANY }, { "dup3", ANY }, { "eventfd2", ANY },
	{ "fcntl", ANY }, { "pipe", ANY }, { "pipe2", ANY }, { "poll", ANY },
	{ "ppoll", ANY }, { "pselect6", ANY }, { "read", ANY },
	{ "readv", ANY }, { "select", ANY }, { "write", ANY },
	{ "writev", ANY },
	{ "epoll_create1", WORKER | STATUS },
	{ "epoll_ctl", WORKER | STATUS },
	{ "epoll_pwait", WORKER | STATUS },
	{ "epoll_wait", WORKER | STATUS },
	/* files: Landlock says which */
	{ "access", ANY }, { "faccessat", ANY }, { "faccessat2", ANY },
	{ "fstat", ANY }, { "fstatfs", ANY }, { "getdents64", ANY },
	{ "lseek", ANY }, { "lstat", ANY }, { "newfstatat", ANY },
	{ "open", ANY }, { "openat", ANY }, { "pread64", ANY },
	{ "preadv", ANY }, { "readlink", ANY }, { "readlinkat", ANY },
	{ "stat", ANY }, { "statfs", ANY }, { "statx", ANY },
	{ "fadvise64", STORING }, { "fallocate", STORING },
	{ "fchmod", STORING }, { "fdatasync", STORING },
	{ "flock", STORING }, { "fsync", STORING }, { "ftruncate", STORING },
	{ "mkdir", STORING }, { "mkdirat", STORING },
	{ "pwrite64", STORING }, { "pwritev", STORING },
	{ "rename", STORING }, { "renameat", STORING },
	{ "renameat2", STORING }, { "rmdir", STORING },
	{ "umask", STORING }, { "unlink", STORING },
	{ "unlinkat", STORING },
	/* sockets: socket() itself below */
	{ "connect", STORING | LOGGER }, { "getpeername", ANY },
	{ "getsockname", ANY }, { "getsockopt", ANY }, { "recvfrom", ANY },
	{ "recvmmsg", ANY }, { "recvmsg", ANY }, { "sendmmsg", ANY },
	{ "sendmsg", ANY }, { "sendto", ANY }, { "setsockopt", ANY },
	{ "shutdown", ANY },
	{ "accept", WORKER | STATUS }, { "accept4", WORKER | STATUS },
};

/* Calls that are right with some arguments only: (argument & mask) == value
 * is allowed, and nothing else. */
struct narrow {
	const char *call;
	unsigned roles;
	unsigned argument;
	uint64_t mask;
	uint64_t value;
};

#define WHOLE UINT64_C(0xffffffff)

static const struct narrow narrows[] = {
	{ "clone", ANY, 0, CLONE_THREAD, CLONE_THREAD },
	{ "mmap", ANY, 2, PROT_EXEC, 0 },
	{ "mmap", ANY, 2, PROT_WRITE, 0 },
	{ "mprotect", ANY, 2, PROT_EXEC, 0 },
	{ "prctl", ANY, 0, WHOLE, PR_SET_NAME },
	{ "prctl", ANY, 0, WHOLE, PR_GET_DUMPABLE },
	{ "prctl", ANY, 0, WHOLE, 0x53564d41 /* PR_SET_VMA: names only */ },
	{ "prlimit64", ANY, 0, WHOLE, 0 },
	{ "ioctl", ANY, 1, WHOLE, FIONREAD },
	{ "ioctl", ANY, 1, WHOLE, FIONBIO },
	{ "ioctl", ANY, 1, WHOLE, 0x5401 /* TCGETS: is it a terminal */ },
	{ "socket", STORING | LOGGER, 0, WHOLE, AF_UNIX },
	{ "socket", STORING, 0, WHOLE, AF_INET },
	{ "socket", STORING, 0, WHOLE, AF_INET6 },
};

/* What libraries try and can do without: an error they understand, even
 * where all else kills. */
static const struct {
	const char *call;
	int error;
	bool has_argument;
	uint64_t value;                 /* of the first argument */
} refusals[] = {
	{ "clone3", ENOSYS, false, 0 },         /* clone() is tried next */
	{ "socket", EAFNOSUPPORT, true, AF_NETLINK },
	{ "sched_setscheduler", EPERM, false, 0 },
};

static uint32_t
action_of(enum sandbox_mode mode)
{
	switch (mode) {
	case SANDBOX_ON:
	case SANDBOX_STRICT: return SCMP_ACT_ERRNO(EPERM);
	case SANDBOX_LOG: return SCMP_ACT_LOG;
	case SANDBOX_KILL: return SCMP_ACT_KILL_PROCESS;
	case SANDBOX_OFF: return SCMP_ACT_ALLOW;
	}
	return SCMP_ACT_ERRNO(EPERM);
}

/* A call that this machine does not have needs no rule. */
static int
add(scmp_filter_ctx filter, uint32_t action, const char *call,
    const struct scmp_arg_cmp *condition)
{
	int number = seccomp_syscall_resolve_name(call);

	if (number < 0)
		return 0;
	return seccomp_rule_add_array(filter, action, number,
				      condition != NULL ? 1 : 0, condition);
}

static int
add_permits(scmp_filter_ctx filter, unsigned role)
{
	int rc = 0;

	for (size_t i = 0; i < sizeof(permits) / sizeof(*permits); i++)
		if (rc == 0 && (permits[i].roles & role) != 0)
			rc = add(filter, SCMP_ACT_ALLOW, permits[i].call,
				 NULL);
	for (size_t i = 0; i < sizeof(narrows) / sizeof(*narrows); i++) {
		const struct narrow *n = &narrows[i];
		const struct scmp_arg_cmp condition = SCMP_CMP(
			n->argument, SCMP_CMP_MASKED_EQ, n->mask, n->value);
		if (rc == 0 && (n->roles & role) != 0)
			rc = add(filter, SCMP_ACT_ALLOW, n->call,
				 &condition);
	}
	return rc;
}

/* abort() and raise() send to a thread of the own process. */
static int
add_own_signals(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp to_self = SCMP_CMP(
		0, SCMP_CMP_MASKED_EQ, WHOLE, (uint64_t)getpid());

	return add(filter, SCMP_ACT_ALLOW, "tgkill", &to_self);
}

static int
add_refusals(scmp_filter_ctx filter)
{
	int rc = 0;

	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
		const struct scmp_arg_cmp is_value = SCMP_CMP(
			0, SCMP_CMP_MASKED_EQ, WHOLE, refusals[i].value);
		uint32_t action = SCMP_ACT_ERRNO((unsigned)refusals[i].error);
		/* The same as the default may not be said again. */
		if (rc == 0)
			rc = add(filter, action, refusals[i].call,
				 refusals[i].has_argument ? &is_value : NULL);
		if (rc == -EACCES)
			rc = 0;
	}
	return rc;
}

static int
seccomp_enter(const struct sandbox_rules *rules)
{
	scmp_filter_ctx filter = seccomp_init(action_of(rules->mode));

	if (filter == NULL) {
		errno = ENOMEM;
		return -1;
	}
	int rc = add_permits(filter, 1u << rules->role);
	if (rc == 0)
		rc = add_own_signals(filter);
	if (rc == 0 && rules->mode != SANDBOX_LOG)
		rc = add_refusals(filter);
	if (rc == 0)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	/* A kernel without it. */
	if (rc == -EINVAL && prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0)
		rc = 0;
	errno = -rc;
	return rc == 0 ? 0 : -1;
}

int
sandbox_enter(const struct sandbox_rules *rules)
{
	if (rules == NULL || rules->mode == SANDBOX_OFF)
		return 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -1;
	/* Landlock first: its calls are not on the list. It cannot log, so
	 * it is left out where nothing shall be forbidden. */
	if (rules->mode != SANDBOX_LOG && landlock_enter(rules) != 0)
		return -1;
	return seccomp_enter(rules);
}
#else
int
sandbox_enter(const struct sandbox_rules *rules)
{
	(void)rules;
	errno = 0;
	return 0;
}
#endif
