/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The master's side of the scoreboard: it makes it, hands slots out and
 * takes them back. */
#ifndef BASE_SCOREBOARD_MASTER_H
#define BASE_SCOREBOARD_MASTER_H

#include "base/scoreboard.h"

enum { SCOREBOARD_SLOTS = 512, SCOREBOARD_POISON = 64 };

/* Makes one, sealed: nobody can cut it under those who map it. Its
 * descriptor, close-on-exec, is in *fd_out; NULL: nobody else is to see it.
 * NULL with errno. */
struct scoreboard *scoreboard_create(int *fd_out);

/* Maps one that an older master handed over; NULL with errno (EPROTO: other
 * layout). */
struct scoreboard *scoreboard_adopt(int fd);

/* In a child: of the scoreboard it may write slot i alone from now on. Needs
 * the descriptor, to be closed then. -1 with errno. */
int scoreboard_remap(struct scoreboard *b, int fd, size_t i);

/* Copies it into run_dir/scoreboard (0640), for who may not look into this
 * process. A disk that is full leaves the copy older than it should be; -1
 * with errno. */
int scoreboard_publish(const struct scoreboard *b, const char *run_dir);

/* Slot i, below SCOREBOARD_SLOTS. Which ones are free is the master's own
 * knowledge: what stands in shared memory is not asked. */
struct scoreboard_slot *scoreboard_slot_at(struct scoreboard *b, size_t i);

/* Who sits there; called before the fork with pid 0, then with its pid. */
struct slot_tenant {
	enum slot_role role;
	const char *role_name;
	pid_t pid;
	int number;
	unsigned generation;
	unsigned restarts;
};
void scoreboard_occupy(struct scoreboard *b, size_t i,
		       const struct slot_tenant *tenant);

/* Its process is gone; what it counted stays in the sums. */
void scoreboard_vacate(struct scoreboard *b, size_t i);

/* A process of that role is started again, since one ended so. */
void scoreboard_count_restart(struct scoreboard *b, enum slot_role role,
			      enum restart_cause cause);

/* What those of a role have used, beside what was told, and hold now. */
void scoreboard_add_cpu(struct scoreboard *b, enum slot_role role,
			uint64_t us);
void scoreboard_note_resident(struct scoreboard *b, enum slot_role role,
			      uint64_t bytes);

/* The i-th certificate, from 0; those behind the last have an end of 0. */
void scoreboard_note_certificate(struct scoreboard *b, size_t i,
				 const char *name, int64_t end_s);

/* Thread ids as the owner noted them, for a stack: 0 where unknown. */
pid_t scoreboard_thread_id(const struct scoreboard *b, size_t i,
			   enum slot_thread thread);

/* As scoreboard_read, of any slot; pid and role may be none. */
void scoreboard_read_slot(const struct scoreboard *b, size_t i,
			  struct slot_figures *out);

/* Puts the message on the list that scoreboard_is_poison() asks. */
void scoreboard_add_poison(struct scoreboard *b, uint64_t fingerprint);

/* Notes what the figures say of the service; their counters and poisoned are
 * the scoreboard's own. */
void scoreboard_describe(struct scoreboard *b,
			 const struct scoreboard_figures *figures);

#endif
