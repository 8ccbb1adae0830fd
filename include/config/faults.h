/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Everything that is wrong with a configuration, said in one run. */
#ifndef CONFIG_FAULTS_H
#define CONFIG_FAULTS_H

#include "base/arena.h"
#include "base/buf.h"

/* Where something stands: the file by its number in the order of reading
 * (0: the one named by -c) and the line, from 1. */
struct place {
	unsigned file;
	unsigned line;
};

struct config_fault {
	struct place at;
	const char *text;               /* "key: what is wrong" */
};

struct faults {
	struct arena *arena;            /* holds the texts */
	struct config_fault *at;        /* freed by faults_release */
	size_t count;
};

/* Beyond so many faults the rest are only counted. */
enum { FAULTS_SHOWN = 200 };

/* Notes a fault: key (or NULL) and a sentence without a full stop. */
void faults_add(struct faults *f, struct place at, const char *key,
		const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Appends a line each, "file:line: key: what is wrong", in the order of the
 * files. names[i] is file i. */
void faults_print(const struct faults *f, const char *const *names,
		  struct buf *out);

/* The list; the texts go with the arena. */
void faults_release(struct faults *f);

#endif
