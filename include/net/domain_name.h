/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Domain names as A-labels (RFC 5890), by libidn2. */
#ifndef NET_DOMAIN_NAME_H
#define NET_DOMAIN_NAME_H

#include "base/view.h"

enum { DOMAIN_NAME_SIZE = 256, DOMAIN_PATTERN_SIZE = DOMAIN_NAME_SIZE + 2 };

/* The A-label form in lower case without a trailing dot into out (size
 * bytes, NUL-terminated); returns its length, 0 where it is no domain name.
 * An address literal "[...]" is only put into lower case. */
size_t domain_name_to_ascii(struct view domain, char *out, size_t size);

/* The same for what may also be "*.domain" or "*", which stay so: the form
 * that domains_add takes. out has DOMAIN_PATTERN_SIZE bytes. */
size_t domain_pattern_to_ascii(struct view pattern, char *out);

#endif
