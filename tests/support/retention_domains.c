/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long the driver keeps the mail of a domain. */
#include "support/retention_domains.h"

#include <stdlib.h>
#include <string.h>

void
retention_domains_set(struct store_settings *s, char *text)
{
	static struct retention_domain domains[100];

	s->retention_domains = domains;
	for (char *one; (one = strsep(&text, ",")) != NULL;) {
		struct retention_domain *added =
			&domains[s->retention_domain_count++];
		added->pattern = strsep(&one, "=");
		added->keep_ms = strtoll(one, NULL, 10);
	}
}
