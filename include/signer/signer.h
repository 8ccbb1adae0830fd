/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The process that has the private keys and the secrets of session tickets,
 * which no other has: workers ask it for signatures. */
#ifndef SIGNER_SIGNER_H
#define SIGNER_SIGNER_H

#include "base/child_context.h"
#include "net/settings.h"

struct signer_duty {
	const struct net_settings *settings;
	/* Files without a name, in which a signer leaves for its successor
	 * the keys as it has read them, of this generation, and what the
	 * tickets are made with, of all. */
	int keys;
	int tickets;
};

/* The life of the process: answers whoever the master hands over, until told
 * to leave and all of them are gone; returns the exit code. The context has
 * certificates, whose keys are loaded here. */
int signer_run(const struct signer_duty *duty,
	       const struct child_context *context);

#endif
