/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each attempt does as little harm as shows that it could do more. */
#include "support/escapes.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
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

/* ---- Becoming more than one is ------------------------------------------- */

static int
execute(scene *s)
{
	(void)s;
	execl("/bin/true", "true", (char *)NULL);
	return -1;
}

static int
fork_one(scene *s)
{
	(void)s;
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	return child > 0 ? 0 : -1;
}

static int
fork_by_clone(scene *s)
{
	(void)s;
	long child = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (child == 0)
		_exit(0);
	return child > 0 ? 0 : -1;
}

static int
take_namespace(scene *s)
{
	(void)s;
	return unshare(CLONE_NEWUSER);
}

static int
clone_into_namespace(scene *s)
{
	(void)s;
	long child = syscall(SYS_clone, CLONE_NEWUSER | CLONE_VM |
			     CLONE_SIGHAND | CLONE_THREAD, 0, 0, 0, 0);

	return child >= 0 ? 0 : -1;
}

static int
enter_namespace(scene *s)
{
	(void)s;
	return setns(STDIN_FILENO, 0);
}

static int
mount_one(scene *s)
{
	(void)s;
	return mount("none", "/tmp", "tmpfs", 0, NULL);
}

static int
change_personality(scene *s)
{
	(void)s;
	return personality(READ_IMPLIES_EXEC) >= 0 ? 0 : -1;
}

static int
become_dumpable(scene *s)
{
	(void)s;
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static int
raise_limit(scene *s)
{
	(void)s;
	const struct rlimit none = { 0, 0 };

	return (int)syscall(SYS_prlimit64, 0, RLIMIT_CORE, &none, NULL);
}

/* ---- Reaching others ----------------------------------------------------- */

static int
signal_other(scene *s)
{
	return kill(s->victim, SIGURG);
}

static int
signal_thread(scene *s)
{
	return tgkill(s->victim, s->victim, SIGURG);
}

static int
signal_by_descriptor(scene *s)
{
	int fd = (int)syscall(SYS_pidfd_open, s->victim, 0);

	if (fd < 0)
		return -1;
	return (int)syscall(SYS_pidfd_send_signal, fd, SIGURG, NULL, 0);
}

static int
signal_queued(scene *s)
{
	siginfo_t info = { .si_signo = SIGURG, .si_code = SI_QUEUE };

	return (int)syscall(SYS_rt_sigqueueinfo, s->victim, SIGURG, &info);
}

/* A socket that sends a signal to whom its owner names. */
static int
own_by_other(scene *s)
{
	return fcntl(STDERR_FILENO, F_SETOWN, s->victim);
}

static int
own_by_other_too(scene *s)
{
	struct f_owner_ex owner = { F_OWNER_PID, s->victim };

	return fcntl(STDERR_FILENO, F_SETOWN_EX, &owner);
}

static int
choose_signal(scene *s)
{
	(void)s;
	return fcntl(STDERR_FILENO, F_SETSIG, SIGURG);
}

static int
make_asynchronous(scene *s)
{
	(void)s;
	return fcntl(STDERR_FILENO, F_SETFL, O_ASYNC);
}

static int
make_asynchronous_by_ioctl(scene *s)
{
	(void)s;
	int on = 0;

	return ioctl(STDERR_FILENO, FIOASYNC, &on);
}

static int
own_by_ioctl(scene *s)
{
	int pid = s->victim;

	return ioctl(STDERR_FILENO, FIOSETOWN, &pid);
}

static int
trace(scene *s)
{
	return (int)ptrace(PTRACE_ATTACH, s->victim, NULL, NULL);
}

static int
read_other(scene *s)
{
	char bytes[16];
	struct iovec here = { bytes, sizeof(bytes) };
	struct iovec there = { (void *)(uintptr_t)0x400000, sizeof(bytes) };

	return process_vm_readv(s->victim, &here, 1, &there, 1, 0) >= 0 ||
	       errno == EFAULT ? 0 : -1;
}

static int
read_memory_of_other(scene *s)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)s->victim);
	return closed(open(path, O_RDONLY));
}

static int
type_into_terminal(scene *s)
{
	(void)s;
	return ioctl(STDERR_FILENO, TIOCSTI, "x");
}

const struct escape escapes[] = {
	{ "exec", execute, WALL_SECCOMP },
	{ "fork", fork_one, WALL_SECCOMP },
	{ "clone", fork_by_clone, WALL_SECCOMP },
	{ "unshare", take_namespace, WALL_SECCOMP },
	{ "clone into a namespace", clone_into_namespace, WALL_SECCOMP },
	{ "setns", enter_namespace, WALL_SECCOMP },
	{ "mount", mount_one, WALL_SECCOMP },
	{ "personality", change_personality, WALL_SECCOMP },
	{ "dumpable", become_dumpable, WALL_SECCOMP },
	{ "prlimit", raise_limit, WALL_SECCOMP },
	{ "kill", signal_other, WALL_SECCOMP },
	{ "tgkill", signal_thread, WALL_SECCOMP },
	{ "pidfd_send_signal", signal_by_descriptor, WALL_SECCOMP },
	{ "rt_sigqueueinfo", signal_queued, WALL_SECCOMP },
	{ "F_SETOWN", own_by_other, WALL_SECCOMP },
	{ "F_SETOWN_EX", own_by_other_too, WALL_SECCOMP },
	{ "F_SETSIG", choose_signal, WALL_SECCOMP },
	{ "O_ASYNC", make_asynchronous, WALL_SECCOMP },
	{ "FIOASYNC", make_asynchronous_by_ioctl, WALL_SECCOMP },
	{ "FIOSETOWN", own_by_ioctl, WALL_SECCOMP },
	{ "ptrace", trace, WALL_SECCOMP },
	{ "process_vm_readv", read_other, WALL_SECCOMP },
	{ "another's memory", read_memory_of_other, WALL_LANDLOCK },
	{ "TIOCSTI", type_into_terminal, WALL_SECCOMP },
	{ "written code", escape_execute_written, WALL_SECCOMP },
	{ "another program's code", escape_execute_library, WALL_SECCOMP },
	{ "code in data", escape_execute_data, WALL_SECCOMP },
	{ "writable code", escape_execute_anonymous, WALL_SECCOMP },
	{ "memfd", escape_make_memory_file, WALL_SECCOMP },
	{ "own memory as a file", escape_write_own_memory, WALL_LANDLOCK },
	{ "another's slot by mremap", escape_grow_own_slot, WALL_SECCOMP },
	{ "another's slot by mprotect", escape_write_other_slot, WALL_SECCOMP },
	{ "userfaultfd", escape_watch_faults, WALL_SECCOMP },
	{ "bpf", escape_load_bpf, WALL_SECCOMP },
	{ "io_uring", escape_use_ring, WALL_SECCOMP },
	{ "keyctl", escape_use_keys, WALL_SECCOMP },
	{ "perf_event_open", escape_watch_events, WALL_SECCOMP },
	{ "UDP", escape_udp, WALL_SECCOMP },
	{ "UDP over IPv6", escape_udp6, WALL_SECCOMP },
	{ "raw socket", escape_raw, WALL_SECCOMP },
	{ "packet socket", escape_packet, WALL_SECCOMP },
	{ "netlink socket", escape_netlink, WALL_SECCOMP },
	{ "alg socket", escape_algorithm, WALL_SECCOMP },
	{ "vsock", escape_vsock, WALL_SECCOMP },
	{ "bind", escape_bind_one, WALL_SECCOMP },
	{ "listen", escape_listen_without_bind, WALL_SECCOMP },
	{ "connect elsewhere", escape_connect_elsewhere, WALL_LANDLOCK_NET },
	{ "connect to a name server", escape_connect_name_server,
	  WALL_LANDLOCK_NET },
	{ "a local socket", escape_connect_locally, WALL_SECCOMP },
	{ "the control socket", escape_connect_control, WALL_SECCOMP },
	{ "setsockopt", escape_set_odd_option, WALL_SECCOMP },
	{ "/etc/shadow", escape_read_shadow, WALL_SECCOMP },
	{ "/etc/group", escape_read_group, WALL_LANDLOCK },
	{ "a secret of the account's", escape_read_secret, WALL_LANDLOCK },
	{ "write outside", escape_write_outside, WALL_LANDLOCK },
	{ "symlink", escape_link_out, WALL_SECCOMP },
	{ "link", escape_link_hard, WALL_SECCOMP },
	{ "rename out of the spool", escape_rename_out, WALL_LANDLOCK },
	{ "a file of a terabyte", escape_fill_disk, WALL_LIMIT },
	{ "mknod", escape_make_device, WALL_SECCOMP },
	{ "chmod", escape_change_mode_by_path, WALL_SECCOMP },
	{ NULL, NULL, WALL_SECCOMP },
};

const char *
escape_stopped_by(int error)
{
	switch (error) {
	case EPERM:
	case ENOSYS:
	case ENOMEM:
	case EAFNOSUPPORT:
		return "seccomp";
	case EACCES:
		return "landlock, account or page rights";
	case EFBIG:
		return "limit of a file's size";
	case EXDEV:
		return "landlock";
	default:
		return "nothing to be got";
	}
}
