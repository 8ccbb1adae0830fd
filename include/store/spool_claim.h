/* SPDX-License-Identifier: GPL-3.0-or-later */
/* To whom a spool_dir belongs: one instance, that is one master, at a time.
 * Its mail would else go into another's table. */
#ifndef STORE_SPOOL_CLAIM_H
#define STORE_SPOOL_CLAIM_H

#include "store/settings.h"

/* The one in use, and earlier ones that are being emptied. */
enum { SPOOL_CLAIMS = 1 + STORE_EARLIER_SPOOLS };

struct spool_claim {
	int fd;                 /* close-on-exec; an upgrade hands it over */
	const char *dir;        /* owned */
};

/* All that a master holds, of longest standing first. */
struct spool_claims {
	struct spool_claim at[SPOOL_CLAIMS];
	size_t count;
};

/* 0 where dir is ours now or was before; -1 with EWOULDBLOCK where another
 * master that lives has it, EMFILE where too many are held that still have
 * mail in them, or the errno of the file. */
int spool_claim(struct spool_claims *c, const char *dir);

/* Claims as well the folders that an earlier configuration used, where mail
 * waits in them: dir keeps their names, so that no restart forgets them. */
void spool_claim_earlier(struct spool_claims *c, const char *dir);

/* Whether one of the claims is dir's lock, by the file and not by its name. */
bool spool_is_ours(const struct spool_claims *c, const char *dir);

/* Gives the lock back; nothing where dir, by this name, is not claimed. */
void spool_release(struct spool_claims *c, const char *dir);

/* Takes over a lock that came through an exec; c owns fd, and copies dir. */
void spool_adopt(struct spool_claims *c, int fd, const char *dir);

#endif
