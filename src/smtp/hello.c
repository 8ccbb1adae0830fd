/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a conversation begins: EHLO and HELO (RFC 5321 4.1.1.1); and how it
 * begins anew: STARTTLS (RFC 3207), XCLIENT, by which a trusted proxy says for
 * whom it speaks. */
#include "smtp/commands.h"

#include "base/address.h"
#include "base/utf8.h"
#include "smtp/extensions.h"
#include "smtp/path.h"

#include <assert.h>
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
	buf_append_text(out, "250-");
	buf_append(out, view_slice(view_of(s->settings->hostname), 0, 255));
	buf_append_text(out, "\r\n");
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

/* ---- XCLIENT ------------------------------------------------------------- */

static bool
take_attribute(struct view one, struct address *client)
{
	/* Names that we know and have no use for: the client says its own
	 * name, and whether we look it up is not ours to answer. */
	static const struct view ignored[] = {
		VIEW("NAME"), VIEW("REVERSE_NAME"), VIEW("PROTO"),
		VIEW("HELO"), VIEW("LOGIN"), VIEW("DESTADDR"),
		VIEW("DESTPORT"),
	};
	size_t equals = view_find(one, '=');
	struct view name = view_slice(one, 0, equals);
	struct view value = view_slice(one, equals + 1, one.len);
	size_t port = client->port;

	if (value.len == 0)
		return false;
	for (size_t i = 0; i < sizeof(ignored) / sizeof(*ignored); i++)
		if (view_equal_nocase(ignored[i], name))
			return true;
	bool is_address = view_equal_nocase(name, VIEW("ADDR"));
	if (!is_address && !view_equal_nocase(name, VIEW("PORT")))
		return false;
	if (view_equal_nocase(value, VIEW("[UNAVAILABLE]")) ||
	    view_equal_nocase(value, VIEW("[TEMPUNAVAIL]")))
		return true;
	/* "192.0.2.1", "IPV6:2001:db8::1" */
	bool is_v6 = view_starts_nocase(value, VIEW("IPV6:"));
	if (is_address && !address_parse_family(
		    view_slice(value, is_v6 ? 5 : 0, value.len),
		    is_v6 ? AF_INET6 : AF_INET, client))
		return false;
	if (!is_address && !view_to_size(value, UINT16_MAX, &port))
		return false;
	client->port = (uint16_t)port;
	return true;
}

void
hello_xclient(struct session *s, struct view argument, struct buf *out)
{
	struct address client = s->client;

	if (!s->may_xclient) {
		session_note(s, REMARK_XCLIENT);
		session_refuse(s, REPLY_NO_XCLIENT, out);
		return;
	}
	if (session_is_in_transaction(s)) {
		session_refuse(s, REPLY_NOT_NOW, out);
		return;
	}
	while (argument.len > 0) {
		size_t space = view_find(argument, ' ');
		if (!take_attribute(view_slice(argument, 0, space), &client)) {
			session_refuse(s, REPLY_BAD_ARGUMENT, out);
			return;
		}
		argument = view_trim(view_slice(argument, space,
						argument.len));
	}
	s->client = client;
	/* What the client may do is not what its proxy may. */
	s->may_xclient = false;
	session_start_over(s);
	s->want = SESSION_WANTS_ADMISSION;
}

void
session_client_admitted(struct session *s, struct buf *out)
{
	if (s->want != SESSION_WANTS_ADMISSION)
		return;
	s->want = SESSION_WANTS_INPUT;
	session_say(s, REPLY_GREETING, out);
}
