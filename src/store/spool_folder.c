/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The folders below spool_dir. Names are ids, so that their order is the
 * order in which the mail came. */
#include "store/spool_folder.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STAT_BLOCK = 512, FILE_BLOCK = 4096, INODE_BYTES = 512,
       SWEEP_AGE_S = 10 };

static const char *const folders[] = { "tmp", "new", "damaged", "refused" };

void
spool_path(const char *dir, const char *folder,
	   const char *name, char out[SPOOL_PATH_SIZE])
{
	snprintf(out, SPOOL_PATH_SIZE, "%s/%s%s%s", dir,
		 folder, name[0] != '\0' ? "/" : "", name);
}

int
spool_make_folders(const char *dir)
{
	char path[SPOOL_PATH_SIZE];

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		spool_path(dir, folders[i], "", path);
		if (mkdir(path, 0700) != 0 && errno != EEXIST)
			return -1;
	}
	return 0;
}

int
spool_sync_folder(const char *dir, const char *folder)
{
	char path[SPOOL_PATH_SIZE];

	spool_path(dir, folder, "", path);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	int result = fsync(fd);
	close_keeping_errno(fd);
	return result;
}

static DIR *
open_folder(const char *dir, const char *folder)
{
	char path[SPOOL_PATH_SIZE];

	spool_path(dir, folder, "", path);
	return opendir(path);
}

uint64_t
spool_disk_bytes(size_t bytes)
{
	return ((uint64_t)bytes + FILE_BLOCK - 1) / FILE_BLOCK * FILE_BLOCK +
	       INODE_BYTES;
}

struct spool_usage
spool_usage(const char *dir, const char *folder)
{
	struct spool_usage usage = { 0 };
	struct stat st;
	DIR *d = open_folder(dir, folder);

	if (d == NULL)
		return usage;
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		if (e->d_name[0] == '.' ||
		    fstatat(dirfd(d), e->d_name, &st, 0) != 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		usage.files++;
		usage.bytes += (uint64_t)st.st_blocks * STAT_BLOCK +
			       INODE_BYTES;
		/* When its first message was complete, by its name, that
		 * message's id: a UUID of version 7 begins with ms. */
		char digits[13] = "", *end = digits;
		memcpy(digits, e->d_name,
		       strnlen(e->d_name, sizeof(digits) - 1));
		int64_t made_s = strtoll(digits, &end, 16) / 1000;
		if (*end == '\0' && end - digits == 12 && made_s > 0 &&
		    (usage.oldest_s == 0 || made_s < usage.oldest_s))
			usage.oldest_s = made_s;
	}
	closedir(d);
	return usage;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

struct spool_names
spool_list(const char *dir, const char *folder)
{
	struct spool_names names = { 0 };
	DIR *d = open_folder(dir, folder);

	if (d == NULL)
		return names;
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		size_t len = strlen(e->d_name);
		if (e->d_name[0] == '.' || len >= SPOOL_NAME_SIZE)
			continue;
		names.at = memory_grow(names.at, names.count, SPOOL_NAME_SIZE);
		memcpy(names.at[names.count++], e->d_name, len + 1);
	}
	closedir(d);
	if (names.count > 0)
		qsort(names.at, names.count, SPOOL_NAME_SIZE, by_name);
	return names;
}

void
spool_names_free(struct spool_names *names)
{
	free(names->at);
	*names = (struct spool_names){ 0 };
}

struct view
spool_read_file(const char *dir, const char *folder, const char *name)
{
	char path[SPOOL_PATH_SIZE];
	struct view none = { NULL, 0 };
	struct stat st;
	size_t len = 0;
	ssize_t n = -1;

	spool_path(dir, folder, name, path);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return none;
	bool is_known = fstat(fd, &st) == 0;
	size_t size = is_known ? (size_t)st.st_size : 0;
	char *bytes = memory_resize(NULL, size + 1);
	do {
		n = read(fd, bytes + len, size - len);
		len += n > 0 ? (size_t)n : 0;
	} while (n > 0 || (n < 0 && errno == EINTR));
	close_keeping_errno(fd);
	if (is_known && n == 0)
		return (struct view){ bytes, len };
	free(bytes);
	return none;
}

void
spool_note_path(const char *dir, const char *folder, const char *name,
		char out[SPOOL_PATH_SIZE])
{
	char hidden[SPOOL_NAME_SIZE + 1];

	snprintf(hidden, sizeof(hidden), ".%s", name);
	spool_path(dir, folder, hidden, out);
}

int
spool_remove(const char *dir, const char *folder, const char *name)
{
	char path[SPOOL_PATH_SIZE];

	spool_note_path(dir, folder, name, path);
	if (strcmp(folder, "new") != 0)
		unlink(path);
	spool_path(dir, folder, name, path);
	return unlink(path);
}

int
spool_set_aside(const char *dir, const char *name,
		const char *folder, const char *why)
{
	char from[SPOOL_PATH_SIZE];
	char to[SPOOL_PATH_SIZE];

	spool_note_path(dir, folder, name, to);
	int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd >= 0) {
		/* A comfort: the log says it too. */
		ssize_t ignored = write(fd, why, strlen(why));
		(void)ignored;
		close(fd);
	}
	spool_path(dir, "new", name, from);
	spool_path(dir, folder, name, to);
	if (rename(from, to) != 0)
		return -1;
	return spool_sync_folder(dir, folder);
}

int
spool_lock(const char *dir, const char *name)
{
	char path[SPOOL_PATH_SIZE];

	spool_path(dir, name, "", path);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	close_keeping_errno(fd);
	return -1;
}

void
spool_sweep(const char *dir)
{
	struct stat st;
	int64_t now_s = clock_wall_us() / 1000000;
	DIR *d = open_folder(dir, "tmp");

	if (d == NULL)
		return;
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		/* One that was just made is about to be locked. */
		if (e->d_name[0] == '.' ||
		    fstatat(dirfd(d), e->d_name, &st, 0) != 0 ||
		    (int64_t)st.st_mtime >= now_s - SWEEP_AGE_S)
			continue;
		int fd = openat(dirfd(d), e->d_name,
				O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0)
			continue;
		/* By now it may stand in new/: then this is not its name. */
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			unlinkat(dirfd(d), e->d_name, 0);
		close(fd);
	}
	closedir(d);
}

bool
spool_holds_mail(const char *dir)
{
	return spool_usage(dir, "new").files > 0;
}
