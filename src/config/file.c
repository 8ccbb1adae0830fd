/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that the configuration consists of or names: read whole, and noted
 * with owner and mode, since a reload must be able to read them again as
 * another user. */
#include "config/reading.h"

#include "base/memory.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 16 * 1024, MOST_LINKS = 8 };

const char *
reading_resolve(struct reading *r, unsigned file, const char *path)
{
	assert(file < r->name_count);
	const char *from = r->names[file];
	const char *slash = strrchr(from, '/');

	if (path[0] == '/' || path[0] == '\0' || slash == NULL)
		return path;
	struct buf whole = BUF(LONGEST_PATH);
	buf_append(&whole, (struct view){ from, (size_t)(slash - from) + 1 });
	buf_append_text(&whole, path);
	const char *copy = arena_copy(&r->config->arena, buf_view(&whole)).at;
	buf_release(&whole);
	return copy;
}

const char *
reading_path_in(struct arena *arena, const char *directory, const char *name)
{
	struct buf path = BUF(LONGEST_PATH);

	buf_printf(&path, "%s/%s", directory, name);
	const char *copy = arena_copy(arena, buf_view(&path)).at;
	buf_release(&path);
	return copy;
}

void
reading_wipe(struct buf *text)
{
	if (text->at != NULL)
		explicit_bzero(text->at, text->size);
	buf_release(text);
}

/* The first folder on the way to path that this user cannot enter; false
 * where there is none. */
static bool
is_way_closed(const char *path, char folder[PATH_MAX])
{
	char real[PATH_MAX];

	for (const char *at = path; (at = strchr(at + 1, '/')) != NULL;) {
		snprintf(folder, PATH_MAX, "%.*s", (int)(at - path), path);
		if (access(folder, X_OK) == 0)
			continue;
		if (realpath(folder, real) != NULL)
			snprintf(folder, PATH_MAX, "%s", real);
		return true;
	}
	return false;
}

/* The same, where path may be a link, as certbot's are, to a file on another
 * way. */
static bool
find_closed_folder(const char *path, char folder[PATH_MAX])
{
	char way[PATH_MAX];
	char next[PATH_MAX];
	char link[PATH_MAX];

	snprintf(way, sizeof(way), "%s", path);
	for (int links = 0; links < MOST_LINKS; links++) {
		if (is_way_closed(way, folder))
			return true;
		ssize_t n = readlink(way, link, sizeof(link) - 1);
		if (n <= 0)
			return false;
		link[n] = '\0';
		char *slash = strrchr(way, '/');
		int kept = link[0] == '/' || slash == NULL
			? 0 : (int)(slash - way) + 1;
		if (snprintf(next, sizeof(next), "%.*s%s", kept, way, link) >=
		    (int)sizeof(next))
			return false;
		memcpy(way, next, sizeof(way));
	}
	return false;
}

/* error 0: it is no plain file. Says what the operator can do about one that
 * this user may not read. */
static bool
cannot(struct reading *r, const struct named_file *file, int error)
{
	struct buf sentence = BUF(LONGEST_PATH);
	struct group *group = getgrgid(getegid());
	char name[32], folder[PATH_MAX];

	snprintf(name, sizeof(name), "%u", (unsigned)getegid());
	const char *who = group != NULL ? group->gr_name : name;
	buf_printf(&sentence, "cannot read %s: %s", file->path,
		   error == 0 ? "not a plain file" : error == ENOBUFS ?
		   "too large" : strerror(error));
	if (error == EACCES && geteuid() != 0) {
		if (find_closed_folder(file->path, folder))
			buf_printf(&sentence, ": the folder %s is closed; as "
				   "root: chgrp %s %s; chmod g+x %s", folder,
				   who, folder, folder);
		else
			buf_printf(&sentence, "; as root: chgrp %s %s; chmod "
				   "0640 %s", who, file->path, file->path);
	}
	faults_add(&r->faults, file->at, file->key, "%.*s", (int)sentence.len,
		   sentence.at);
	buf_release(&sentence);
	return false;
}

static bool
read_all(int fd, struct buf *text)
{
	for (;;) {
		char *room = buf_reserve(text, PIECE);
		if (room == NULL)
			return false;
		ssize_t n = read(fd, room, PIECE);
		if (n == 0)
			return true;
		if (n < 0 && errno != EINTR)
			return false;
		text->len += n > 0 ? (size_t)n : 0;
	}
}

bool
reading_load(struct reading *r, const struct named_file *file,
	     struct buf *text_out)
{
	struct stat st;

	assert(text_out == NULL || text_out->len == 0);
	/* A FIFO put here by mistake must not block the master; and what
	 * is read twice must be there the second time. */
	int fd = open(file->path,
		      O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return cannot(r, file, errno);
	struct buf text = BUF(text_out != NULL ? text_out->ceiling : 0);
	bool is_plain = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	bool is_read = is_plain && (text_out == NULL || read_all(fd, &text));
	int error = is_plain ? errno : 0;
	close(fd);
	if (!is_read) {
		buf_release(&text);
		return cannot(r, file, error);
	}
	struct config *c = r->config;
	c->files = memory_grow(c->files, c->file_count, sizeof(*c->files));
	c->files[c->file_count++] = (struct config_file){
		.path = arena_copy(&c->arena, view_of(file->path)).at,
		.key = arena_copy(&c->arena, view_of(file->key != NULL ?
						     file->key : "")).at,
		.mode = st.st_mode & 07777,
		.owner = st.st_uid,
		.group = st.st_gid,
	};
	if (text_out != NULL)
		*text_out = text;
	return true;
}
