/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a conversation begins: EHLO and HELO (RFC 5321 4.1.1.1), STARTTLS
 * (RFC 3207). */
#include "smtp/commands.h"

#include "base/address.h"
#include "base/utf8.h"
#include "smtp/extensions.h"
#include "smtp/path.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* False, and nothing changed, where the name is neither domain nor address
 * literal, as generously as in addresses; nor an IPv6 address without its
 * brackets or tag, which some clients send. That the name is false is no
 * reason to refuse mail (RFC 5321 4.1.4); but what ends up in headers and
 * logs holds no other signs. */
static bool
begin(struct session *s, struct view name)
{
	bool is_bare = name.len < 2 || name.at[0] != '[' ||
		       name.at[name.len - 1] != ']';
	struct address ignored;

	if (!(utf8_is_ascii(name) && path_is_domain(name)) &&
	    !address_parse_family(is_bare ? name
				  : view_slice(name, 1, name.len - 1),
				  AF_INET6, &ignored))
		return false;
	session_start_over(s);
	s->helo = memory_resize(NULL, name.len + 1);
	memcpy(s->helo, name.at, name.len);
	s->helo[name.len] = '\0';
	s->stage = STAGE_GREETED;
	return true;
}

void
hello_ehlo(struct session *s, struct view argument, struct buf *out)
{
	if (!begin(s, argument)) {
		session_refuse(s, REPLY_BAD_ARGUMENT, out);
		return;
	}
	s->is_ehlo = true;
	int failed = buf_printf(out, "250-%.255s\r\n", s->settings->hostname);
	assert(failed == 0);
	extensions_list(s, out);
}

void
hello_helo(struct session *s, struct view argument, struct buf *out)
{
	if (begin(s, argument))
		session_say(s, REPLY_HELLO, out);
	else
		session_refuse(s, REPLY_BAD_ARGUMENT, out);
}

void
hello_starttls(struct session *s, struct view argument, struct buf *out)
{
	(void)argument;
	if (s->tls != NULL) {
		session_refuse(s, REPLY_TLS_ALREADY, out);
	} else if (s->may_starttls && s->state->is_tls_broken) {
		session_say(s, REPLY_TLS_BROKEN, out);
	} else if (!extensions_offer(s, VIEW("STARTTLS"))) {
		session_refuse(s, REPLY_NOT_OFFERED, out);
	} else {
		session_say(s, REPLY_TLS_READY, out);
		s->want = SESSION_WANTS_TLS;
	}
}
