/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The master's side of the scoreboard: it makes it, hands slots out and
 * takes them back. */
#ifndef BASE_SCOREBOARD_MASTER_H
#define BASE_SCOREBOARD_MASTER_H

#include "base/scoreboard.h"

enum { SCOREBOARD_SLOTS = 512, SCOREBOARD_POISON = 64 };

/* Makes run_dir/scoreboard (0640) with all its memory reserved, maps it, and
 * gives its descriptor (not close-on-exec is the caller's choice). NULL with
 * errno. */
struct scoreboard *scoreboard_create(const char *run_dir, int *fd_out);

/* One that nobody else sees. NULL with errno. */
struct scoreboard *scoreboard_create_private(void);

/* Maps one that an older master handed over; NULL with errno (EPROTO: other
 * layout). */
struct scoreboard *scoreboard_adopt(int fd);

/* Slot i, below SCOREBOARD_SLOTS. Which ones are free is the master's own
 * knowledge: what stands in shared memory is not asked. */
struct scoreboard_slot *scoreboard_slot_at(struct scoreboard *b, size_t i);

/* Who sits there; called before the fork with pid 0, then with its pid. */
struct slot_tenant {
	enum slot_role role;
	pid_t pid;
	int number;
	unsigned generation;
	unsigned restarts;
};
void scoreboard_occupy(struct scoreboard_slot *s,
		       const struct slot_tenant *tenant);
void scoreboard_vacate(struct scoreboard_slot *s);

/* Thread ids as the owner noted them, for a stack: 0 where unknown. */
pid_t scoreboard_thread_id(const struct scoreboard_slot *s,
			   enum slot_thread thread);

/* As scoreboard_read, for one slot; pid and role may be none. */
void slot_read(const struct scoreboard_slot *s, struct slot_figures *out);

/* Puts the message on the list that scoreboard_is_poison() asks. */
void scoreboard_add_poison(struct scoreboard *b, uint64_t fingerprint);

/* The scoreboard's own figures; counters of it are not looked at. */
void scoreboard_describe(struct scoreboard *b,
			 const struct scoreboard_figures *figures);

#endif
