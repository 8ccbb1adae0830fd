/* SPDX-License-Identifier: GPL-3.0-or-later */
/* To whom a spool_dir belongs: whoever holds the lock on spool_dir/lock. It
 * belongs to the open file, so that an exec in place keeps it, an end of any
 * kind gives it back, and no number of a process has to be believed. */
#include "store/spool_claim.h"

#include "base/memory.h"
#include "store/spool_folder.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* By the file, whatever name leads to it. */
bool
spool_is_ours(const struct spool_claims *c, const char *dir)
{
	char path[SPOOL_PATH_SIZE];
	struct stat ours, there;

	spool_path(dir, "lock", "", path);
	if (stat(path, &there) != 0)
		return false;
	for (size_t i = 0; i < c->count; i++)
		if (fstat(c->at[i].fd, &ours) == 0 &&
		    ours.st_dev == there.st_dev && ours.st_ino == there.st_ino)
			return true;
	return false;
}

void
spool_release(struct spool_claims *c, const char *dir)
{
	for (size_t i = 0; i < c->count; i++) {
		if (strcmp(c->at[i].dir, dir) != 0)
			continue;
		close(c->at[i].fd);
		free((void *)c->at[i].dir);
		c->count--;
		memmove(&c->at[i], &c->at[i + 1],
			(c->count - i) * sizeof(c->at[0]));
		return;
	}
}

int
spool_claim(struct spool_claims *c, const char *dir)
{
	if (spool_is_ours(c, dir))
		return 0;
	spool_release(c, dir);
	assert(c->count <= SPOOL_CLAIMS);
	/* Room is made by the claim of longest standing whose folder has
	 * nothing for us any more. */
	for (size_t i = 0; c->count == SPOOL_CLAIMS && i < c->count; i++)
		if (!spool_holds_mail(c->at[i].dir))
			spool_release(c, c->at[i].dir);
	if (c->count == SPOOL_CLAIMS) {
		errno = EMFILE;
		return -1;
	}
	int fd = spool_lock(dir, "lock");
	if (fd < 0)
		return -1;
	spool_adopt(c, fd, dir);
	return 0;
}

void
spool_adopt(struct spool_claims *c, int fd, const char *dir)
{
	assert(fd >= 0);
	if (c->count < SPOOL_CLAIMS)
		c->at[c->count++] =
			(struct spool_claim){ fd, memory_copy_text(dir) };
}

void
spool_claim_earlier(struct spool_claims *c, const char *dir)
{
	char path[SPOOL_PATH_SIZE], line[SPOOL_PATH_SIZE];

	spool_path(dir, "earlier", "", path);
	FILE *list = fopen(path, "re");
	while (list != NULL && fgets(line, sizeof(line), list) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		/* One that another instance has is that one's to empty. */
		if (line[0] == '/' && spool_holds_mail(line))
			spool_claim(c, line);
	}
	if (list != NULL)
		fclose(list);
	unlink(path);
	list = c->count > 1 ? fopen(path, "we") : NULL;
	for (size_t i = 0; list != NULL && i < c->count; i++)
		if (strcmp(c->at[i].dir, dir) != 0)
			fprintf(list, "%s\n", c->at[i].dir);
	if (list != NULL)
		fclose(list);
}
