/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which system calls a child may make: those on a list, by its rights, some
 * with some arguments only; all others answer EPERM, are logged by the
 * kernel, or kill, as the key `sandbox` says. What is not here: exec, fork,
 * ptrace, kill of others (nor by fcntl, O_ASYNC), mount, bind, listen,
 * sockets that are no stream or of odd families, memory that is executed,
 * mremap (which would grow what is our own of shared memory over what is
 * another's). */
#include "base/seccomp_filter.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Any of these rights is enough. */
enum {
	THREADS = SANDBOX_THREADS,
	STORING = SANDBOX_STORES,
	LOGGING = SANDBOX_LOGS,
	SERVING = SANDBOX_SERVES,
	RESOLVING = SANDBOX_RESOLVES,
	OPENING = STORING | LOGGING | RESOLVING, /* files, while they run */
	SIGNING = SANDBOX_SIGNS,
	ACCEPTING = SERVING | SANDBOX_REPORTS,
	ANY = 1 << 8,                   /* who is no SANDBOX_SIGNS */
	ALL = 1 << 9,                   /* nothing is asked for */
	/* What else the rules must say. */
	LOCALLY = 1 << 16,              /* connects_locally */
	BY_TCP = 1 << 17                /* ports, or more, or DNS's */
};

struct permit {
	const char *call;
	unsigned rights;
};

static const struct permit permits[] = {
	/* memory, but for mmap and mprotect below */
	{ "brk", ALL }, { "madvise", ALL }, { "munmap", ALL },
	/* threads and their sleep */
	{ "clock_getres", ANY }, { "clock_gettime", ALL },
	{ "clock_nanosleep", ANY }, { "exit", ALL }, { "exit_group", ALL },
	{ "futex", ALL }, { "getcpu", ANY }, { "gettid", ALL },
	{ "gettimeofday", ALL }, { "membarrier", ANY }, { "nanosleep", ANY },
	{ "restart_syscall", ALL }, { "rseq", ALL },
	{ "sched_getaffinity", ALL }, { "sched_yield", ANY },
	{ "set_robust_list", ALL }, { "time", ALL },
	/* signals to itself */
	{ "rt_sigaction", ALL }, { "rt_sigpending", ANY },
	{ "rt_sigprocmask", ALL }, { "rt_sigreturn", ALL },
	{ "rt_sigtimedwait", ANY }, { "sigaltstack", ALL },
	/* who and where am I */
	{ "getcwd", ANY }, { "getegid", ANY }, { "geteuid", ANY },
	{ "getgid", ANY }, { "getgroups", ANY }, { "getpid", ALL },
	{ "getppid", ANY }, { "getrandom", ALL }, { "getresgid", ANY },
	{ "getresuid", ANY }, { "getrlimit", ANY }, { "getrusage", ANY },
	{ "getuid", ANY }, { "sysinfo", ANY }, { "times", ANY },
	{ "uname", ANY },
	/* descriptors */
	{ "close", ALL }, { "close_range", ANY }, { "dup", ANY },
	{ "dup2", ANY }, { "dup3", ANY }, { "eventfd2", ANY },
	{ "pipe", ANY }, { "pipe2", ANY }, { "poll", ALL },
	{ "ppoll", ANY }, { "pselect6", ANY }, { "read", ALL },
	{ "readv", ANY }, { "select", ANY }, { "write", ALL },
	{ "writev", ANY },
	{ "epoll_create1", ACCEPTING }, { "epoll_ctl", ACCEPTING },
	{ "epoll_pwait", ACCEPTING }, { "epoll_wait", ACCEPTING },
	/* files: Landlock says which */
	{ "access", ANY }, { "faccessat", ANY }, { "faccessat2", ANY },
	{ "fstat", ALL }, { "fstatfs", ANY }, { "getdents64", ANY },
	{ "lseek", ANY }, { "lstat", ANY }, { "newfstatat", ANY },
	{ "pread64", ALL }, { "preadv", ANY }, { "readlink", ANY },
	{ "readlinkat", ANY }, { "stat", ANY }, { "statfs", ANY },
	{ "statx", ANY },
	{ "open", OPENING }, { "openat", OPENING },
	{ "fadvise64", STORING }, { "fallocate", STORING },
	{ "fchmod", STORING }, { "fdatasync", STORING },
	{ "flock", STORING }, { "fsync", STORING }, { "ftruncate", STORING },
	{ "mkdir", STORING }, { "mkdirat", STORING },
	{ "pwrite64", STORING | SIGNING }, { "pwritev", STORING },
	{ "rename", STORING }, { "renameat", STORING },
	{ "renameat2", STORING }, { "rmdir", STORING },
	{ "umask", STORING }, { "unlink", STORING },
	{ "unlinkat", STORING },
	/* sockets: socket() and setsockopt() themselves below */
	{ "connect", OPENING }, { "getpeername", ANY },
	{ "getsockname", ANY }, { "getsockopt", ANY }, { "recvfrom", ALL },
	{ "recvmmsg", ANY }, { "recvmsg", ALL }, { "sendmmsg", ANY },
	{ "sendmsg", ALL }, { "sendto", ALL }, { "shutdown", ANY },
	{ "accept", ACCEPTING }, { "accept4", ACCEPTING },
};

/* (argument & mask) == value. */
struct condition {
	unsigned argument;
	uint64_t mask;
	uint64_t value;
};

/* Calls that are right with some arguments only: one condition or two. */
struct narrow {
	const char *call;
	unsigned rights;
	struct condition first;
	struct condition second;        /* mask 0: none */
};

#define WHOLE UINT64_C(0xffffffff)
#define NO_MORE { 0, 0, 0 }
#define KIND (WHOLE & ~(uint64_t)(SOCK_CLOEXEC | SOCK_NONBLOCK))

/* A thread shares all of these, and may or may not the others. */
#define THREAD (CLONE_VM | CLONE_SIGHAND | CLONE_THREAD)
#define THREAD_TOO (CLONE_FS | CLONE_FILES | CLONE_SYSVSEM | CLONE_SETTLS | \
		    CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID | \
		    CLONE_CHILD_SETTID | CLONE_DETACHED)

#define OPTION(level, name) \
	{ "setsockopt", OPENING, { 1, WHOLE, level }, { 2, WHOLE, name } }
#define SOCKET(rights, family, type) \
	{ "socket", rights, { 0, WHOLE, family }, { 1, KIND, type } }

static const struct narrow narrows[] = {
	{ "clone", THREADS, { 0, WHOLE & ~(uint64_t)THREAD_TOO, THREAD },
	  NO_MORE },
	{ "mmap", ALL, { 2, PROT_EXEC, 0 }, NO_MORE },
	{ "mprotect", ALL, { 2, PROT_EXEC, 0 }, NO_MORE },
	{ "prctl", ANY, { 0, WHOLE, PR_SET_NAME }, NO_MORE },
	{ "prctl", ANY, { 0, WHOLE, PR_GET_DUMPABLE }, NO_MORE },
	{ "prctl", ANY, { 0, WHOLE, 0x53564d41 /* PR_SET_VMA: names */ },
	  NO_MORE },
	/* Limits are read, not set. */
	{ "prlimit64", ANY, { 0, WHOLE, 0 }, { 2, UINT64_MAX, 0 } },
	{ "fcntl", ANY, { 1, WHOLE, F_GETFD }, NO_MORE },
	{ "fcntl", ANY, { 1, WHOLE, F_SETFD }, NO_MORE },
	{ "fcntl", ANY, { 1, WHOLE, F_GETFL }, NO_MORE },
	{ "fcntl", ANY, { 1, WHOLE, F_DUPFD_CLOEXEC }, NO_MORE },
	{ "fcntl", ANY, { 1, WHOLE, F_SETFL }, { 2, O_ASYNC, 0 } },
	{ "ioctl", ANY, { 1, WHOLE, FIONREAD }, NO_MORE },
	{ "ioctl", ANY, { 1, WHOLE, FIONBIO }, NO_MORE },
	{ "ioctl", ANY, { 1, WHOLE, 0x5401 /* TCGETS: a terminal? */ },
	  NO_MORE },
	SOCKET(OPENING | LOCALLY, AF_UNIX, SOCK_STREAM),
	SOCKET(STORING | RESOLVING | BY_TCP, AF_INET, SOCK_STREAM),
	SOCKET(STORING | RESOLVING | BY_TCP, AF_INET6, SOCK_STREAM),
	SOCKET(LOGGING | LOCALLY, AF_UNIX, SOCK_DGRAM),
	OPTION(SOL_SOCKET, SO_KEEPALIVE),
	OPTION(SOL_SOCKET, SO_RCVTIMEO),
	OPTION(SOL_SOCKET, SO_SNDTIMEO),
	OPTION(SOL_SOCKET, SO_RCVBUF),
	OPTION(SOL_SOCKET, SO_SNDBUF),
	OPTION(IPPROTO_IP, IP_TOS),
	{ "setsockopt", OPENING | SANDBOX_REPORTS, { 1, WHOLE, IPPROTO_TCP },
	  { 2, WHOLE, TCP_NODELAY } },
	{ "setsockopt", SANDBOX_REPORTS, { 1, WHOLE, IPPROTO_TCP },
	  { 2, WHOLE, TCP_CORK } },
	OPTION(IPPROTO_TCP, TCP_USER_TIMEOUT),
	OPTION(IPPROTO_TCP, TCP_KEEPIDLE),
	OPTION(IPPROTO_TCP, TCP_KEEPINTVL),
	OPTION(IPPROTO_TCP, TCP_KEEPCNT),
};

/* What libraries try and can do without: an error they understand, even
 * where all else kills. */
static const struct {
	const char *call;
	int error;
	struct condition first;         /* mask 0: any arguments */
	struct condition second;
} refusals[] = {
	{ "clone3", ENOSYS, NO_MORE, NO_MORE }, /* clone() is tried next */
	{ "mremap", ENOMEM, NO_MORE, NO_MORE }, /* realloc() copies */
	{ "sched_setscheduler", EPERM, NO_MORE, NO_MORE },
	{ "socket", EAFNOSUPPORT, { 0, WHOLE, AF_NETLINK }, NO_MORE },
	{ "socket", EPERM, { 0, WHOLE, AF_INET }, { 1, KIND, SOCK_DGRAM } },
	{ "socket", EPERM, { 0, WHOLE, AF_INET6 }, { 1, KIND, SOCK_DGRAM } },
	/* A name server's cache, where sockets of this kind are none of the
	 * database's. */
	{ "socket", EPERM, { 0, WHOLE, AF_UNIX }, { 1, KIND, SOCK_STREAM } },
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
    const struct condition conditions[2])
{
	struct scmp_arg_cmp compared[2];
	unsigned count = 0;

	int number = seccomp_syscall_resolve_name(call);
	if (number < 0)
		return 0;
	for (; count < 2 && conditions[count].mask != 0; count++)
		compared[count] = SCMP_CMP(
			conditions[count].argument, SCMP_CMP_MASKED_EQ,
			conditions[count].mask, conditions[count].value);
	return seccomp_rule_add_array(filter, action, number, count,
				      compared);
}

static bool
is_permitted(unsigned rights, unsigned who)
{
	const unsigned reach = LOCALLY | BY_TCP;

	return (rights & who & ~reach) != 0 &&
	       (rights & reach & ~who) == 0;
}

static int
add_rules(scmp_filter_ctx filter, const struct sandbox_rules *rules)
{
	static const struct condition none[2] = { NO_MORE, NO_MORE };
	bool by_tcp = rules->ports[0] != 0 || rules->has_more_ports ||
		      (rules->rights & SANDBOX_RESOLVES) != 0;
	bool signs = (rules->rights & SANDBOX_SIGNS) != 0;
	/* What the process may, in bits of the tables. */
	unsigned who = (unsigned)ALL | rules->rights |
		       (signs ? 0 : (unsigned)ANY) |
		       (rules->connects_locally ? (unsigned)LOCALLY : 0) |
		       (by_tcp ? (unsigned)BY_TCP : 0);
	int rc = 0;

	assert(rules->rights < ANY);
	for (size_t i = 0; i < sizeof(permits) / sizeof(*permits); i++)
		if (rc == 0 && is_permitted(permits[i].rights, who))
			rc = add(filter, SCMP_ACT_ALLOW, permits[i].call,
				 none);
	for (size_t i = 0; i < sizeof(narrows) / sizeof(*narrows); i++) {
		const struct narrow *n = &narrows[i];
		const struct condition both[2] = { n->first, n->second };
		if (rc == 0 && is_permitted(n->rights, who))
			rc = add(filter, SCMP_ACT_ALLOW, n->call, both);
	}
	if (rc != 0 || rules->mode == SANDBOX_LOG)
		return rc;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
		const struct condition both[2] = { refusals[i].first,
						   refusals[i].second };
		if (rc == 0)
			rc = add(filter,
				 SCMP_ACT_ERRNO((unsigned)refusals[i].error),
				 refusals[i].call, both);
		/* The same as the default may not be said again, and what is
		 * permitted stays so. */
		if (rc == -EACCES || rc == -EEXIST)
			rc = 0;
	}
	return rc;
}

/* The instructions, as they are before what is each process's own is added
 * to them. */
static void
describe(scmp_filter_ctx filter, struct slot_sandbox *out)
{
	unsigned char bytes[8 * 1024];
	ssize_t n;

	out->hash = 2166136261u;
	int fd = memfd_create("filter", MFD_CLOEXEC);
	if (fd < 0)
		return;
	if (seccomp_export_bpf(filter, fd) == 0 && lseek(fd, 0, SEEK_SET) == 0)
		while ((n = read(fd, bytes, sizeof(bytes))) > 0) {
			out->instructions += (unsigned)n / 8;
			for (ssize_t i = 0; i < n; i++)
				out->hash = (out->hash ^ bytes[i]) *
					    16777619u;
		}
	close(fd);
}

int
seccomp_filter_enter(const struct sandbox_rules *rules,
		     struct slot_sandbox *out)
{
	scmp_filter_ctx filter = seccomp_init(action_of(rules->mode));
	const struct condition to_self[2] = {
		{ 0, WHOLE, (uint64_t)getpid() }, NO_MORE
	};

	assert(out->instructions == 0 && out->hash == 0);
	if (filter == NULL) {
		errno = ENOMEM;
		return -1;
	}
	int rc = add_rules(filter, rules);
	if (rc == 0)
		describe(filter, out);
	/* abort() and raise() send to a thread of the own process. */
	if (rc == 0)
		rc = add(filter, SCMP_ACT_ALLOW, "tgkill", to_self);
	if (rc == 0)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	/* A kernel without it. */
	if (rc == -EINVAL && prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0) {
		out->instructions = out->hash = 0;
		rc = 0;
	}
	errno = -rc;
	return rc == 0 ? 0 : -1;
}
