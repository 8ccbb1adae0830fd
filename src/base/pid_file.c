/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pid file. The lock is POSIX's, which a fork does not inherit and an
 * exec keeps: it belongs to the master alone, and a dead one's is gone. */
#include "base/pid_file.h"

#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct flock
whole_file(short type)
{
	return (struct flock){ .l_type = type, .l_whence = SEEK_SET };
}

static int
open_here(const char *path)
{
	return open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW |
		    O_NONBLOCK, 0644);
}

/* The directory may belong to the account that the service becomes, so what
 * lies under the name is not believed: no link, and nobody else's file. */
int
pid_file_open(const char *path, char *why, size_t size)
{
	struct stat st;

	int fd = open_here(path);
	int error = errno;
	/* Of another account, which the service ran as before: the folder is
	 * ours by now, and nobody lives behind the file. */
	if (fd < 0 && error == EACCES && pid_file_owner(path) == 0 &&
	    unlink(path) == 0) {
		fd = open_here(path);
		error = errno;
	}
	if (fd < 0) {
		snprintf(why, size, "cannot open %s: %s", path,
			 error == ELOOP ? "it is a link" : strerror(error));
		return -1;
	}
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1) {
		/* Whoever asks for the master may be anyone. */
		if (st.st_uid == geteuid())
			fchmod(fd, 0644);
		return fd;
	}
	snprintf(why, size, "%s is not a plain file", path);
	close(fd);
	return -1;
}

int
pid_file_lock(int fd, const char *path, char *why, size_t size)
{
	struct flock lock = whole_file(F_WRLCK);
	char text[32];

	if (fcntl(fd, F_SETLK, &lock) == 0) {
		int len = snprintf(text, sizeof(text), "%ld\n",
				   (long)getpid());
		if (pwrite(fd, text, (size_t)len, 0) == len &&
		    ftruncate(fd, len) == 0)
			return 0;
		snprintf(why, size, "cannot write %s: %s", path,
			 strerror(errno));
		return -1;
	}
	int error = errno;
	lock = whole_file(F_WRLCK);
	if (error != EACCES && error != EAGAIN)
		snprintf(why, size, "cannot lock %s: %s", path,
			 strerror(error));
	else if (fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
		snprintf(why, size, "already running as process %ld "
			 "(it holds %s)", (long)lock.l_pid, path);
	else
		snprintf(why, size, "%s is held by another process", path);
	return -1;
}

void
pid_file_leave(int *fd)
{
	if (*fd < 0)
		return;
	/* Emptied, not removed: the next master may be waiting at this very
	 * file, and the directory may not be ours to change. */
	int ignored = ftruncate(*fd, 0);
	(void)ignored;
	close(*fd);
	*fd = -1;
}

pid_t
pid_file_owner(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	struct flock lock = whole_file(F_WRLCK);
	int asked = fcntl(fd, F_GETLK, &lock);
	close_keeping_errno(fd);
	if (asked != 0)
		return -1;
	return lock.l_type == F_UNLCK ? 0 : lock.l_pid;
}
