/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kinds of child processes: what each runs, keeps and may. A new helper
 * is a row in this table and its own room. */
#ifndef SUPERVISOR_ROLES_H
#define SUPERVISOR_ROLES_H

#include "base/child_context.h"
#include "supervisor/master.h"

struct role {
	const char *name;       /* as in the log and on the scoreboard */
	unsigned rights;        /* bits of enum sandbox_right */
	/* Its life, until the exit code. */
	int (*run)(const struct master *m, struct generation *g,
		   const struct child_context *context);
	/* Fills in the descriptors that it keeps beside its channel, -1 for
	 * one that is not there; returns how many. NULL: the log's queue. */
	size_t (*keep)(const struct master *m, const struct generation *g,
		       int *fds);
	/* The paths that its sandbox lets it reach. NULL: none of its own. */
	void (*wall)(const struct generation *g, struct sandbox_rules *rules);
	/* Whether this generation has one. NULL: it does. */
	bool (*is_wanted)(const struct generation *g);
	bool is_helper;         /* there is one, while the service runs */
	bool is_first;          /* a generation serves only when it does */
	bool is_alone;          /* comes when the one before it is gone */
	bool is_last;           /* stays until all others have stopped */
};

/* NULL where no child can be that. */
const struct role *role_of(enum slot_role slot);

/* Of the master too; "unknown" where only a newer program knows it. */
const char *role_name(enum slot_role slot);

/* Whether the generation has a helper of this role. */
bool role_is_helper_of(const struct generation *g, enum slot_role slot);

/* Most descriptors that one of them keeps. */
size_t role_most_descriptors(const struct generation *g);

#endif
