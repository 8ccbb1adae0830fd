/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dialogues as text: read from tests/wire, one struct each. */
#ifndef SUPPORT_SMTP_DIALOGUE_H
#define SUPPORT_SMTP_DIALOGUE_H

#include "base/buf.h"
#include "base/memory.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct dialogue {
	char *name;
	const char *file;
	int line; /* of the first step */
	char **steps;
	size_t count;
	size_t longest; /* bytes of a step, unescaped */
};

/* What an escaped text stands for. */
void dialogue_unescape(const char *t, struct buf *out);

/* Reads one file; returns how many dialogues there are then. */
size_t dialogue_read(const char *file, struct dialogue *all, size_t count);

void dialogue_free(struct dialogue *d);

#endif
