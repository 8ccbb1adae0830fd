/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an intruder in a sandbox would try, and what the work needs: each trial
 * says whether it was DONE, REFUSED or met something WRONG. */
#ifndef SUPPORT_SANDBOX_TRIALS_H
#define SUPPORT_SANDBOX_TRIALS_H

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { NOBODY = 65534, DONE = 0, REFUSED = 10, WRONG = 11, CANNOT = 12 };

static char inside[] = "/tmp/sandbox-inside-XXXXXX";
static char outside[] = "/tmp/sandbox-outside-XXXXXX";
static int listener;
static struct sockaddr_in address;

/* ---- Trials: DONE, REFUSED, or WRONG ------------------------------------- */

static int
told(bool is_done)
{
	if (is_done)
		return DONE;
	return errno == EPERM || errno == EACCES || errno == EAFNOSUPPORT
		? REFUSED : WRONG;
}

static int
write_file(const char *directory, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	return told(fd >= 0 && write(fd, "x", 1) == 1);
}

static int
open_socket(int family, int type)
{
	return told(socket(family, type, 0) >= 0);
}

static int try_exec(void)
{
	execl("/bin/true", "true", (char *)NULL);
	return told(false);
}

static int try_fork(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	return told(child > 0);
}

static int try_shadow(void) { return told(open("/etc/shadow", 0) >= 0); }
static int try_home(void) { return told(open("/home", O_RDONLY) >= 0); }
static int try_other_memory(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/environ", (int)getppid());
	return told(open(path, O_RDONLY) >= 0);
}

static int try_ptrace(void)
{
	return told(ptrace(PTRACE_ATTACH, getppid(), 0, 0) == 0);
}

static int try_kill(void) { return told(kill(getppid(), SIGURG) == 0); }
static int try_tgkill(void)
{
	return told(tgkill(getppid(), getppid(), 0) == 0);
}

static int try_mount(void)
{
	return told(mount("none", inside, "tmpfs", 0, NULL) == 0);
}

static int try_write_outside(void) { return write_file(outside, "f"); }
static int try_remove_outside(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/there", outside);
	return told(unlink(path) == 0);
}

static int try_move_out(void)
{
	char from[128], to[128];

	if (write_file(inside, "mine") != DONE)
		return WRONG;
	snprintf(from, sizeof(from), "%s/mine", inside);
	snprintf(to, sizeof(to), "%s/mine", outside);
	int rc = rename(from, to);
	return rc != 0 && errno == EXDEV ? REFUSED : told(rc == 0);
}

static int try_netlink(void) { return open_socket(AF_NETLINK, SOCK_RAW); }
static int try_packet(void) { return open_socket(AF_PACKET, SOCK_RAW); }
static int try_algorithm(void) { return open_socket(38, SOCK_SEQPACKET); }
static int try_vsock(void) { return open_socket(40, SOCK_STREAM); }

static int try_bind(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		return told(false);
	return told(bind(fd, (struct sockaddr *)&any, sizeof(any)) == 0);
}

static int try_code_in_data(void)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return told(mprotect(at, 4096, PROT_READ | PROT_EXEC) == 0);
}

static int try_writable_code(void)
{
	return told(mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
}

static int try_dumpable(void)
{
	return told(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0);
}

/* What must go on working. */
static int try_write_inside(void)
{
	char path[128], later[128];

	if (write_file(inside, "f") != DONE)
		return WRONG;
	snprintf(path, sizeof(path), "%s/d", inside);
	if (mkdir(path, 0700) != 0)
		return told(false);
	snprintf(later, sizeof(later), "%s/d/moved", inside);
	snprintf(path, sizeof(path), "%s/f", inside);
	return told(rename(path, later) == 0 && unlink(later) == 0 &&
		    snprintf(path, sizeof(path), "%s/d", inside) > 0 &&
		    rmdir(path) == 0);
}

static int try_read_etc(void) { return told(open("/etc/passwd", 0) >= 0); }

static int try_connect(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return told(fd >= 0 && connect(fd, (struct sockaddr *)&address,
				       sizeof(address)) == 0);
}

static int try_name(void)
{
	struct addrinfo *found = NULL;

	return told(getaddrinfo("localhost", "25", NULL, &found) == 0);
}

static void *
write_in_thread(void *result)
{
	*(int *)result = write_file(outside, "thread");
	return NULL;
}

/* A thread that starts later is in the sandbox as well. */
static int try_thread(void)
{
	pthread_t thread;
	int result = WRONG;

	if (pthread_create(&thread, NULL, write_in_thread, &result) != 0)
		return WRONG;
	pthread_join(thread, NULL);
	return result;
}

static int try_abort(void) { abort(); }

/* The janitor may ask whether a process lives, and no more. */
static int try_ask(void)
{
	if (kill(getppid(), 0) != 0 && errno != EPERM)
		return WRONG;
	return kill(0x3ffffff, 0) != 0 && errno == ESRCH ? DONE : WRONG;
}

#endif
