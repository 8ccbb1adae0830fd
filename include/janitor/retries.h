/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When a spool file that did not get into the table is tried again. Pure. */
#ifndef JANITOR_RETRIES_H
#define JANITOR_RETRIES_H

#include "store/spool_folder.h"

/* A file that is in trouble. */
struct retry {
	char name[SPOOL_NAME_SIZE];
	int64_t first_ms;               /* of its failures, monotonic */
	int64_t due_ms;
	uint64_t stored;                /* messages of others by the last one */
};

struct retries {
	struct retry *at;               /* in the order of names */
	size_t count;
	unsigned refused_in_a_row;      /* files, with nothing stored since */
	uint64_t stored;                /* when the last of them was */
	int64_t pause_ms;               /* while all fail, */
	int64_t general_ms;             /* and when the next one is due */
};

void retries_deinit(struct retries *r);

/* Whether it is in trouble: then it goes alone. */
bool retries_knows(const struct retries *r, const char *name);

/* From when on the file may be tried; 0 for one that is not in trouble. */
int64_t retries_due_ms(const struct retries *r, const char *name);

enum retry_advice { RETRY_LATER, RETRY_SET_ASIDE };

struct retry_failure {
	int64_t now_ms;
	uint64_t stored;        /* messages, by any process, so far */
	int64_t give_up_ms;
	bool is_lost;           /* the connection went, or nobody knows yet:
				 * once may be chance */
};

/* The file, alone, did not get into the table. The pause grows with the time
 * since it failed first, up to an hour. After give_up_ms it is to be set
 * aside, but only if others were stored since it failed last: else it is no
 * fault of its own. */
enum retry_advice retries_failed(struct retries *r, const char *name,
				 const struct retry_failure *f);

/* A file is stored, or gone: nothing of it is remembered. */
void retries_forget(struct retries *r, const char *name);

/* The fault may be mended: all are tried at once. */
void retries_all_due(struct retries *r);

/* Whether everything fails, so that one file a pause is enough to see when
 * it is over; ends, with all due, when something was stored since. */
bool retries_is_general(struct retries *r, uint64_t stored);

#endif
