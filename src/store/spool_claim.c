/* SPDX-License-Identifier: GPL-3.0-or-later */
/* To whom a spool_dir belongs: spool_dir/owner names a process by its pid
 * and the moment it began, so that neither a crash nor an exec in place
 * leaves it wrong. */
#include "store/spool_claim.h"

#include "base/view.h"
#include "store/spool_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { OWNER_SIZE = 64, STAT_SIZE = 1024, START_FIELD = 19 };

struct owner {
	size_t pid;
	size_t began;           /* ticks since boot; 0: not known */
};

static size_t
read_file(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	ssize_t n = read(fd, out, size);
	close(fd);
	return n > 0 ? (size_t)n : 0;
}

/* The 22nd field of /proc/PID/stat; the second may hold anything, but ends
 * with the last bracket. */
static size_t
began_at(size_t pid)
{
	char path[OWNER_SIZE];
	char text[STAT_SIZE];
	size_t began = 0;

	snprintf(path, sizeof(path), "/proc/%zu/stat", pid);
	struct view rest = { text, read_file(path, text, sizeof(text)) };
	rest = view_slice(rest, view_find_last(rest, ')') + 2, rest.len);
	for (int i = 0; i < START_FIELD; i++)
		rest = view_slice(rest, view_find(rest, ' ') + 1, rest.len);
	view_to_size(view_slice(rest, 0, view_find(rest, ' ')), SIZE_MAX,
		     &began);
	return began;
}

static struct owner
parse_owner(struct view text)
{
	struct owner o = { 0, 0 };
	size_t space = view_find(text, ' ');

	view_to_size(view_slice(text, 0, space), INT32_MAX, &o.pid);
	view_to_size(view_slice(text, space + 1, view_find(text, '\n')),
		     SIZE_MAX, &o.began);
	return o;
}

static bool
is_alive(const struct owner *o)
{
	if (o->pid == 0 || (kill((pid_t)o->pid, 0) != 0 && errno == ESRCH))
		return false;
	size_t began = began_at(o->pid);
	return began == 0 || o->began == 0 || began == o->began;
}

bool
spool_is_claimed(const struct store_settings *settings, pid_t but_for)
{
	char path[SPOOL_PATH_SIZE];
	char text[OWNER_SIZE];

	spool_path(settings, "owner", "", path);
	struct owner o = parse_owner(
		(struct view){ text, read_file(path, text, sizeof(text)) });
	return o.pid != (size_t)but_for && is_alive(&o);
}

static int
write_owner(int fd)
{
	char text[OWNER_SIZE];
	size_t pid = (size_t)getpid();
	int n = snprintf(text, sizeof(text), "%zu %zu\n", pid, began_at(pid));

	if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)n, 0) != n)
		return -1;
	return 0;
}

int
spool_claim(const struct store_settings *settings)
{
	char path[SPOOL_PATH_SIZE];

	spool_path(settings, "owner", "", path);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	/* Held while we look and write, so that of two only one gets it. */
	int result = flock(fd, LOCK_EX);
	if (result == 0 && spool_is_claimed(settings, getpid())) {
		errno = EWOULDBLOCK;
		result = -1;
	}
	if (result == 0)
		result = write_owner(fd);
	int error = errno;
	close(fd);
	errno = error;
	return result;
}
