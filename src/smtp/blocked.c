/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A name with an @ among the domains is an address: it cannot be met by a
 * domain, which has none. */
#include "smtp/blocked.h"

#include <assert.h>

enum { LONGEST_LOCAL = 64, DOMAIN_SIZE = 256 };

struct view
blocked_key(smtp_to_ascii *to_ascii, struct view mailbox,
	    char out[BLOCKED_KEY_SIZE])
{
	size_t at = view_find_last(mailbox, '@');
	struct view local = view_slice(mailbox, 0, at);
	bool is_quoted = local.len >= 2 && local.at[0] == '"' &&
			 local.at[local.len - 1] == '"';
	size_t len = 0;

	if (local.len == 0 || local.len > LONGEST_LOCAL)
		return VIEW("");
	if (is_quoted)
		local = view_slice(local, 1, local.len - 1);
	for (size_t i = 0; i < local.len; i++) {
		/* "a\.b" is the same mailbox as a.b (RFC 5321 4.1.2). */
		if (is_quoted && local.at[i] == '\\' && i + 1 < local.len)
			i++;
		out[len++] = ascii_lower(local.at[i]);
	}
	assert(len <= LONGEST_LOCAL);
	out[len++] = '@';
	size_t domain = to_ascii(view_slice(mailbox, at + 1, mailbox.len),
				 out + len, DOMAIN_SIZE);
	if (domain == 0)
		return VIEW("");
	return (struct view){ out, len + domain };
}

static bool
is_in(const struct domains *set, struct view key)
{
	size_t at = view_find_last(key, '@');

	return set != NULL && domains_count(set) > 0 &&
	       (domains_has(set, key) ||
		domains_match(set, view_slice(key, at + 1, key.len)));
}

bool
blocked_sender(const struct smtp_settings *settings,
	       const struct domains *more, struct view mailbox)
{
	const struct domains *set = settings->blocked_senders;
	char bytes[BLOCKED_KEY_SIZE];

	if ((set == NULL || domains_count(set) == 0) && more == NULL)
		return false;
	struct view key = blocked_key(settings->domain_to_ascii, mailbox,
				      bytes);
	return key.len > 0 && (is_in(set, key) || is_in(more, key));
}
