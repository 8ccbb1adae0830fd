/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an intruder in a process of the service would try. */
#ifndef SUPPORT_ESCAPES_H
#define SUPPORT_ESCAPES_H

#include <stddef.h>
#include <sys/types.h>

/* Where it happens. NULL and 0: not to be tried. */
struct escape_scene {
	pid_t victim;                   /* the master, or a neighbour */
	const char *spool;              /* where it may write */
	const char *secret;             /* a file it may not read by Landlock */
	const char *socket;             /* of somebody else */
	const char *control;            /* the master's */
	unsigned port;                  /* that somebody else listens on */
	void *own;                      /* its own page of shared memory, */
	size_t own_size;                /* with another's behind it */
};

/* What a wall is made of. LANDLOCK_NET: since its fourth version; LIMIT: a
 * limit that the master has set. */
enum escape_wall { WALL_SECCOMP, WALL_LANDLOCK, WALL_LANDLOCK_NET,
		   WALL_LIMIT };

struct escape {
	const char *name;
	int (*attempt)(const struct escape_scene *s);   /* 0: it got out; -1
							 * with errno */
	enum escape_wall wall;
};

extern const struct escape escapes[];   /* the last has no name */

/* What is tried in other sources, for the table. */
int escape_execute_written(const struct escape_scene *s);
int escape_execute_library(const struct escape_scene *s);
int escape_execute_data(const struct escape_scene *s);
int escape_execute_anonymous(const struct escape_scene *s);
int escape_make_memory_file(const struct escape_scene *s);
int escape_write_own_memory(const struct escape_scene *s);
int escape_grow_own_slot(const struct escape_scene *s);
int escape_write_other_slot(const struct escape_scene *s);
int escape_watch_faults(const struct escape_scene *s);
int escape_load_bpf(const struct escape_scene *s);
int escape_use_ring(const struct escape_scene *s);
int escape_use_keys(const struct escape_scene *s);
int escape_watch_events(const struct escape_scene *s);
int escape_udp(const struct escape_scene *s);
int escape_udp6(const struct escape_scene *s);
int escape_raw(const struct escape_scene *s);
int escape_packet(const struct escape_scene *s);
int escape_netlink(const struct escape_scene *s);
int escape_algorithm(const struct escape_scene *s);
int escape_vsock(const struct escape_scene *s);
int escape_bind_one(const struct escape_scene *s);
int escape_listen_without_bind(const struct escape_scene *s);
int escape_connect_elsewhere(const struct escape_scene *s);
int escape_connect_name_server(const struct escape_scene *s);
int escape_connect_locally(const struct escape_scene *s);
int escape_connect_control(const struct escape_scene *s);
int escape_set_odd_option(const struct escape_scene *s);
int escape_read_shadow(const struct escape_scene *s);
int escape_read_secret(const struct escape_scene *s);
int escape_read_group(const struct escape_scene *s);
int escape_write_outside(const struct escape_scene *s);
int escape_link_out(const struct escape_scene *s);
int escape_link_hard(const struct escape_scene *s);
int escape_rename_out(const struct escape_scene *s);
int escape_fill_disk(const struct escape_scene *s);
int escape_make_device(const struct escape_scene *s);
int escape_change_mode_by_path(const struct escape_scene *s);

/* Which wall an errno speaks of: "seccomp", "landlock", ... */
const char *escape_stopped_by(int error);

#endif
