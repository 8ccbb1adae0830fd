/* SPDX-License-Identifier: GPL-3.0-or-later */
/* XCLIENT: a trusted proxy says for whom it speaks. The conversation begins
 * anew for that client, which then introduces itself. */
#include "smtp/commands.h"

#include <arpa/inet.h>
#include <string.h>

/* "192.0.2.1", "IPV6:2001:db8::1"; an IPv4-mapped one becomes IPv4. */
static bool
take_address(struct view value, struct address *client)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	char text[INET6_ADDRSTRLEN];
	uint8_t bytes[16];

	bool is_v6 = view_starts_nocase(value, VIEW("IPV6:"));
	if (is_v6)
		value = view_slice(value, 5, value.len);
	if (value.len >= sizeof(text))
		return false;
	memcpy(text, value.at, value.len);
	text[value.len] = '\0';
	if (inet_pton(is_v6 ? AF_INET6 : AF_INET, text, bytes) != 1)
		return false;
	bool is_mapped = is_v6 && memcmp(bytes, mapped, 12) == 0;
	*client = (struct address){ .port = client->port };
	client->len = is_v6 && !is_mapped ? 16 : 4;
	memcpy(client->bytes, bytes + (is_mapped ? 12 : 0), client->len);
	return true;
}

/* Names that we know and have no use for: the client says its own name, and
 * whether we look it up is not ours to answer. */
static bool
is_ignored(struct view name)
{
	static const struct view names[] = {
		VIEW("NAME"), VIEW("REVERSE_NAME"), VIEW("PROTO"),
		VIEW("HELO"), VIEW("LOGIN"), VIEW("DESTADDR"),
		VIEW("DESTPORT"),
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (view_equal_nocase(names[i], name))
			return true;
	return false;
}

static bool
take_attribute(struct view one, struct address *client)
{
	size_t equals = view_find(one, '=');
	struct view name = view_slice(one, 0, equals);
	struct view value = view_slice(one, equals + 1, one.len);
	size_t port;

	if (value.len == 0)
		return false;
	if (is_ignored(name))
		return true;
	bool is_unknown = view_equal_nocase(value, VIEW("[UNAVAILABLE]")) ||
			  view_equal_nocase(value, VIEW("[TEMPUNAVAIL]"));
	if (view_equal_nocase(name, VIEW("ADDR")))
		return is_unknown || take_address(value, client);
	if (!view_equal_nocase(name, VIEW("PORT")))
		return false;
	if (is_unknown)
		return true;
	if (!view_to_size(value, UINT16_MAX, &port))
		return false;
	client->port = (uint16_t)port;
	return true;
}

void
xclient_run(struct session *s, struct view argument, struct buf *out)
{
	struct address client = s->client;

	if (!s->may_xclient) {
		session_note(s, REMARK_XCLIENT);
		session_refuse(s, REPLY_NO_XCLIENT, out);
		return;
	}
	if ((s->stage & (STAGE_START | STAGE_GREETED)) == 0) {
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
