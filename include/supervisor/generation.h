/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the children of one configuration are given. */
#ifndef SUPERVISOR_GENERATION_H
#define SUPERVISOR_GENERATION_H

#include "config/config.h"
#include "net/tls.h"
#include "store/host_names.h"
#include "store/spool_claim.h"
#include "supervisor/privileges.h"

enum { GENERATION_PATH_SIZE = 1024 };

struct generation {
	unsigned number;
	struct config *config;          /* NULL: there is none */
	int *listeners;                 /* one for each of the config's */
	struct tls_context *tls;        /* NULL without a certificate */
	int keys;                       /* the signers': not mapped here; 0:
					 * none */
	struct host_names *host_names;  /* shared; NULL: no host has a name */
	int names;                      /* its descriptor; 0: none */
	const struct account *opens_for; /* of generation_open: whom root
					  * opens for, see root_open.h; NULL
					  * where we are the account */
	int log_file;                   /* the logger's target; -1: no file */
	struct sandbox_rules sandbox_rules[SLOT_ROLES]; /* by role */
	char log_dir[GENERATION_PATH_SIZE];     /* for the logger's sandbox */
};

/* Opens what the configuration names: listeners that `older` has are shared
 * with it (NULL: there is none), and the log's file, for g->opens_for. Owns
 * the configuration when it succeeds; -1, nothing opened and the reason in
 * why otherwise. */
int generation_open(struct generation *g, struct config *config,
		    const struct generation *older, struct buf *why);

/* Claims the spool, makes the TLS context and the sandbox rules, as the user
 * of the service. -1 with the reason in why. */
int generation_load(struct generation *g, struct spool_claims *claims,
		    struct buf *why);

/* Gives back what was claimed for another generation than this one. */
void generation_keep_spools(const struct generation *g,
			    struct spool_claims *claims);

/* Closes and frees all that it does not share with `other`, which stays;
 * the files of its unix listeners go with them. Harmless on an empty one. */
void generation_close(struct generation *g, const struct generation *other);

/* Only its listeners: those that `other` (NULL: none) does not have, with
 * the files of unix ones. */
void generation_close_listeners(struct generation *g,
				const struct generation *other);

#endif
