/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which domains are ours. Names are A-labels in lower case without a
 * trailing dot (who adds or asks has normalised them). */
#ifndef SMTP_DOMAINS_H
#define SMTP_DOMAINS_H

#include "base/view.h"

struct domains;

/* An empty set, the caller's to free; never NULL. */
struct domains *domains_new(void);

/* The same set for one more thread: nothing is added any more, and each frees
 * it. */
struct domains *domains_share(struct domains *d);
void domains_free(struct domains **d);

/* "example.com"; "*.example.net": any depth below it, not itself; "*": all;
 * "[192.0.2.1]": an address literal. Twice the same is once. That it is one
 * of these is the caller's to know (domain_pattern_to_ascii); false where it
 * is empty or longer than any name. */
bool domains_add(struct domains *d, struct view pattern);

/* Whether a name or a pattern of the set is met by the domain; any number of
 * threads may ask. */
bool domains_match(const struct domains *d, struct view domain);

/* Whether this very name was added. */
bool domains_has(const struct domains *d, struct view name);

/* Names and patterns; 0: it matches nothing. */
size_t domains_count(const struct domains *d);

#endif
