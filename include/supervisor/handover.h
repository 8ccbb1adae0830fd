/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What one program hands to the next through an exec: descriptors, children
 * and what they are, as lines of text in a file without a name. */
#ifndef SUPERVISOR_HANDOVER_H
#define SUPERVISOR_HANDOVER_H

#include "base/arena.h"
#include "base/buf.h"
#include "net/connection_limits.h"
#include "store/spool_claim.h"
#include "supervisor/control_socket.h"
#include "supervisor/process_table.h"

enum handover_mode {
	HANDOVER_NONE,          /* an ordinary start */
	HANDOVER_TRIAL,         /* a child that shows that it could */
	HANDOVER_TAKEOVER       /* the master itself, in the new program */
};

struct handed_listener {
	int fd;
	const char *name;
};

struct handed_child {
	int index;              /* in the process table and the scoreboard */
	int channel;
	struct process entry;
	int region;             /* of connection_limits; -1: none, or others' */
};

struct handed_asker {
	int fd;
	enum control_verb verb;
	bool is_taken_up;
};

struct handover {
	enum handover_mode mode;
	unsigned generation;
	bool wants_reload;      /* asked for while the upgrade ran */
	bool wants_upgrade;
	int64_t paused_until_ms;        /* as the master's */
	bool is_control_roots;  /* only root may ask */
	int pid_file, scoreboard, backlogs, control, lines[2];
	const char *program;    /* path, noted at the first start */
	const char *config_file;
	const char *log_file;   /* -l; "" without */
	struct scoreboard_figures figures;
	struct connection_limits_handle connection_limits; /* fd -1: none */
	struct spool_claims spools;     /* names are the arena's, or lent */
	struct handed_listener *listeners;
	size_t listener_count;
	struct handed_child *children;
	size_t child_count;
	struct handed_asker askers[CONTROL_ASKERS];
	size_t asker_count;
};

/* As text, and back; strings and lists come from the arena. -1 where out is
 * full; false, *out perhaps half filled, for text that is not whole or not
 * ours. */
int handover_print(const struct handover *h, struct buf *out);
bool handover_parse(struct view text, struct arena *arena,
		    struct handover *out);

/* Writes it to a file without a name: its descriptor, which an exec keeps,
 * or -1 with errno; and names it in the environment. */
int handover_write(const struct handover *h);

/* What this process was started with; mode NONE where nothing was handed. */
void handover_read(struct arena *arena, struct handover *out);

/* Lets all its descriptors live through an exec, or no longer; for a trial
 * only those that it needs. */
void handover_keep_open(const struct handover *h, bool keep);

/* Closes the file and takes the name out of the environment. */
void handover_forget(void);

#endif
