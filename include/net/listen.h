/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Listening sockets: what a listener's name says, and opening it. */
#ifndef NET_LISTEN_H
#define NET_LISTEN_H

#include "net/settings.h"

enum listen_kind {
	LISTEN_INET,            /* "192.0.2.1:25", "[2001:db8::1]:25" */
	LISTEN_UNIX,            /* "unix:/path" */
	LISTEN_INHERITED        /* "fd:NAME", from systemd's LISTEN_FDNAMES */
};

struct listen_name {
	enum listen_kind kind;
	struct address address; /* with its port; LISTEN_INET only */
	struct view rest;       /* path or NAME: points into the text */
};

/* What the name says. False, and why in constant text, for anything else. */
bool listen_parse(struct view name, struct listen_name *out,
		  const char **why_out);

/* Whether both name the same socket, however they are spelled. */
bool listen_is_same(const struct listen_name *a, const struct listen_name *b);

/* Binds and listens: non-blocking, close-on-exec, the caller's to close; IPv6
 * sockets take IPv6 only. A socket file is replaced only where nobody listens
 * on it. -1, and a sentence that says what is wrong and what helps in why, for
 * a fault. Called as root, before privileges are dropped. */
int listen_open(const struct listen_settings *s, char *why, size_t size);

/* Removes the file of a unix listener; nothing for the others. */
void listen_remove_file(const struct listen_settings *s);

/* Whether this machine has IPv6 at all: else "[::]:25" is left out where
 * nobody configured it. */
bool listen_has_ipv6(void);

#endif
