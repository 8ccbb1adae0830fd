/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Root in folders of others is how an account becomes root: whoever may
 * write there lets the name mean another file. So each folder on the way is
 * asked first, and without a proof a child does the work that has nothing to
 * lose. */
#include "supervisor/root_open.h"

#include "base/pass_descriptor.h"
#include "base/pid_file.h"
#include "logger/logger.h"
#include "net/listen.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_LINKS = 16 };

/* ---- Whose folder -------------------------------------------------------- */

/* In a sticky one others can add, but not change what root has there. */
static bool
is_roots(int folder, bool may_be_sticky)
{
	struct stat st;

	return fstat(folder, &st) == 0 && S_ISDIR(st.st_mode) &&
	       st.st_uid == 0 &&
	       ((st.st_mode & 022) == 0 ||
		(may_be_sticky && (st.st_mode & S_ISVTX) != 0));
}

static int
open_root(void)
{
	return open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* Puts what a link of root's says before the rest of the way; false where it
 * is not root's. */
static bool
follow(int link, char rest[PATH_MAX])
{
	char target[PATH_MAX], way[PATH_MAX];
	struct stat st;

	ssize_t n = readlinkat(link, "", target, sizeof(target) - 1);
	if (n <= 0 || fstat(link, &st) != 0 || st.st_uid != 0 ||
	    st.st_nlink != 1)
		return false;
	target[n] = '\0';
	int len = snprintf(way, sizeof(way), "%s/%s", target, rest);
	if (len < 0 || (size_t)len >= sizeof(way))
		return false;
	memcpy(rest, way, (size_t)len + 1);
	return true;
}

/* One name further, from a folder that is let go; -1 at the first that is
 * not root's. */
static int
step(int folder, char rest[PATH_MAX], int *links)
{
	char name[NAME_MAX + 1];
	struct stat st;

	size_t len = strcspn(rest, "/");
	size_t next = len + strspn(rest + len, "/");
	bool is_fine = len < sizeof(name) && is_roots(folder, true);
	snprintf(name, sizeof(name), "%.*s", (int)len, rest);
	memmove(rest, rest + next, strlen(rest + next) + 1);
	int below = is_fine ? openat(folder, name,
				     O_PATH | O_NOFOLLOW | O_CLOEXEC) : -1;
	if (below < 0 || fstat(below, &st) != 0 || !S_ISLNK(st.st_mode)) {
		close(folder);
		return below;
	}
	is_fine = ++*links <= MOST_LINKS && follow(below, rest);
	close(below);
	if (is_fine && rest[0] != '/')
		return folder;
	close(folder);
	return is_fine ? open_root() : -1;
}

bool
root_owns_folder_of(const char *path)
{
	char rest[PATH_MAX];
	int links = 0;

	size_t len = strlen(path);
	while (len > 1 && path[len - 1] == '/')
		len--;
	while (len > 0 && path[len - 1] != '/')
		len--;
	if (path[0] != '/' || len >= sizeof(rest))
		return false;
	snprintf(rest, sizeof(rest), "%.*s", (int)len, path);
	int folder = open_root();
	while (folder >= 0 && rest[strspn(rest, "/")] != '\0') {
		memmove(rest, rest + strspn(rest, "/"),
			strlen(rest + strspn(rest, "/")) + 1);
		folder = step(folder, rest, &links);
	}
	bool is_proven = folder >= 0 && is_roots(folder, false);
	if (folder >= 0)
		close(folder);
	return is_proven;
}

/* ---- The child ----------------------------------------------------------- */

struct answer {
	bool is_open;           /* then a descriptor comes with it */
	char why[ROOT_OPEN_WHY];
};

int
as_account(const struct account *account,
	   int (*open_it)(const void *what, char *why, size_t size),
	   const void *what, char why[ROOT_OPEN_WHY])
{
	struct answer a = { .is_open = false,
			    .why = "no process could be started for it" };
	int ends[2];

	assert(account != NULL);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		ends[0] = ends[1] = -1;
	pid_t child = ends[0] >= 0 ? fork() : -1;
	if (child == 0) {
		int fd = -1;
		if (privileges_drop(account, false, a.why,
				    sizeof(a.why)) == 0)
			fd = open_it(what, a.why, sizeof(a.why));
		a.is_open = fd >= 0;
		pass_descriptor(ends[1], &a, sizeof(a), fd);
		_exit(0);
	}
	close(ends[1]);
	int fd = -1;
	if (child > 0)
		take_descriptor(ends[0], &a, sizeof(a), &fd);
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	close(ends[0]);
	if (fd < 0)
		memcpy(why, a.why, sizeof(a.why));
	return fd;
}

/* ---- What is opened ------------------------------------------------------ */

static bool
is_root_for(const struct account *account)
{
	return account != NULL && geteuid() == 0 && account->uid != 0;
}

static int
open_log(const void *log, char *why, size_t size)
{
	const struct log_settings *settings = log;

	int fd = logger_open_target(settings);
	if (fd == -1)
		snprintf(why, size, "cannot open the log file %s: %s",
			 settings->target, logger_fault(errno));
	return fd;
}

int
root_open_log(const struct log_settings *log, const struct account *account,
	      char *why, size_t size)
{
	if (!logger_has_file(log) || !is_root_for(account))
		return open_log(log, why, size);
	if (!root_owns_folder_of(log->target)) {
		int given = as_account(account, open_log, log, why);
		size_t len = given < 0 ? strlen(why) : 0;
		if (given < 0)
			snprintf(why + len, size - len, " (as %s, since its "
				 "folder is not root's alone)", account->user);
		return given;
	}
	/* What root makes is the account's, or it could not be opened again
	 * after a rotation; what is there already stays whose it is. */
	int fd = logger_open_file(log->target, 0);
	if (fd >= 0)
		return fd;
	if (errno == ENOENT)
		fd = logger_open_file(log->target, O_CREAT | O_EXCL);
	if (fd >= 0 && fchown(fd, account->uid, account->gid) == 0)
		return fd;
	snprintf(why, size, "cannot open the log file %s: %s", log->target,
		 logger_fault(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static int
open_listener(const void *listener, char *why, size_t size)
{
	return listen_open(listener, why, size);
}

int
root_open_listener(const struct listen_settings *listener,
		   const struct account *account, char *why, size_t size)
{
	struct listen_name name;
	const char *fault;

	if (!is_root_for(account) ||
	    !listen_parse(view_of(listener->name), &name, &fault) ||
	    name.kind != LISTEN_UNIX)
		return listen_open(listener, why, size);
	/* The path is the end of the name, so it is a C string. */
	const char *path = name.rest.at;
	if (!root_owns_folder_of(path))
		return as_account(account, open_listener, listener, why);
	/* A socket that root made must be the account's, or its mode would
	 * speak of root and its group. */
	int fd = listen_open(listener, why, size);
	if (fd < 0 || lchown(path, account->uid, account->gid) == 0)
		return fd;
	snprintf(why, size, "%s: cannot give it to %s: %s", path,
		 account->user, strerror(errno));
	close(fd);
	return -1;
}

static int
open_pid_file(const void *path, char *why, size_t size)
{
	return pid_file_open(path, why, size);
}

int
root_open_pid_file(const char *path, const struct account *account, char *why,
		   size_t size)
{
	if (!is_root_for(account) || root_owns_folder_of(path))
		return pid_file_open(path, why, size);
	return as_account(account, open_pid_file, path, why);
}
