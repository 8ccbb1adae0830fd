/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The folders below a spool_dir, `dir`: tmp/ while a file is written, new/
 * when it counts, damaged/ and refused/ for what an operator has to see. */
#ifndef STORE_SPOOL_FOLDER_H
#define STORE_SPOOL_FOLDER_H

#include "base/view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SPOOL_NAME_SIZE = 64, SPOOL_PATH_SIZE = 4096 };

/* spool_dir's path with folder and name ("" for the folder) put behind it. */
void spool_path(const char *dir, const char *folder,
		const char *name, char out[SPOOL_PATH_SIZE]);

/* Makes the folders where they are missing; -1 with errno. */
int spool_make_folders(const char *dir);

/* Makes a rename or removal in the folder last; -1 with errno. */
int spool_sync_folder(const char *dir, const char *folder);

struct spool_usage {
	size_t files;
	uint64_t bytes;                 /* on disk: blocks and inodes */
	int64_t oldest_s;               /* since 1970; 0: there is none */
};

/* Of one folder; zeros where it cannot be read. */
struct spool_usage spool_usage(const char *dir, const char *folder);

/* What a file of so many bytes takes where blocks have 4 KB. */
uint64_t spool_disk_bytes(size_t bytes);

/* Whether a file waits in new/. */
bool spool_holds_mail(const char *dir);

/* The names in a folder, oldest first. */
struct spool_names {
	char (*at)[SPOOL_NAME_SIZE];
	size_t count;
};
struct spool_names spool_list(const char *dir, const char *folder);
void spool_names_free(struct spool_names *names);

/* All of a file, to be freed by the caller; at is NULL with errno. */
struct view spool_read_file(const char *dir, const char *folder,
			    const char *name);

/* The path of the hidden file beside it, which says why it was set aside. */
void spool_note_path(const char *dir, const char *folder, const char *name,
		     char out[SPOOL_PATH_SIZE]);

/* Moves new/name into another folder and notes why, in a file beside it that
 * is hidden; spool_remove takes both away. -1 with errno; that nothing could
 * be noted is no failure. */
int spool_set_aside(const char *dir, const char *name, const char *folder,
		    const char *why);
int spool_remove(const char *dir, const char *folder, const char *name);

/* Locks spool_dir/name for this process and all that inherit the descriptor,
 * which the caller closes. -1 with EWOULDBLOCK where another has it. */
int spool_lock(const char *dir, const char *name);

/* Removes what a crash left half-written: whoever writes a file has it
 * locked. */
void spool_sweep(const char *dir);

#endif
