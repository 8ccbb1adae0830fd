/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file that says which process is the master. Its lock is the truth; the
 * number in it is for people and scripts. */
#ifndef BASE_PID_FILE_H
#define BASE_PID_FILE_H

#include <stddef.h>
#include <sys/types.h>

/* Opens the file, or makes it (0644): its descriptor, close-on-exec. What is
 * no plain file of one name is refused. -1 with the reason in why. */
int pid_file_open(const char *path, char *why, size_t size);

/* Locks it and writes the caller's pid into it. The descriptor holds the lock
 * from then on: never open and close the path again in this process. -1 with
 * the reason in why, which names another process that holds the lock. */
int pid_file_lock(int fd, const char *path, char *why, size_t size);

/* Empties the file and gives the lock back. */
void pid_file_leave(int *fd);

/* Who holds the lock: its pid, 0 where nobody does or there is no file, -1
 * with errno where it cannot be told. Not for the process that holds it. */
pid_t pid_file_owner(const char *path);

#endif
