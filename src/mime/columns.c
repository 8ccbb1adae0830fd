/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The columns that come from a message's own header fields. Of several
 * fields of a name the first counts, of several From the first that holds an
 * address. */
#include "mime/columns.h"

#include "base/utf8.h"
#include "mime/encoded_word.h"
#include "mime/header.h"
#include "mime/mailbox.h"
#include "mime/mime.h"

#include <string.h>

struct view
columns_lower(struct arena *arena, struct view v)
{
	char *copy = arena_reserve(arena, v.len);

	for (size_t i = 0; i < v.len; i++)
		copy[i] = ascii_lower(v.at[i]);
	return (struct view){ copy, v.len };
}

/* At most so many bytes of a value: not half an encoded word. */
static struct view
cut(struct view value, size_t most)
{
	struct encoded_word word;

	if (value.len <= most)
		return value;
	for (size_t at = most; at-- > 0;) {
		if (value.at[at] != '=' || value.at[at + 1] != '?')
			continue;
		if (encoded_word_at(view_slice(value, at, value.len), &word) &&
		    at + word.len > most)
			most = at;
		break;
	}
	return view_slice(value, 0, most);
}

/* Decoded, one line, valid. */
static struct view
decoded(struct columns *c, struct view value, size_t most)
{
	value = cut(value, most);
	/* Tidying only shortens: plain ASCII needs no other pass. */
	size_t room = 3 * value.len;
	struct text text = { arena_reserve(c->arena, room), 0, room, false };
	encoded_word_decode(c->sets, value, c->hint, &text);
	arena_shrink(c->arena, text.at, room, text.len);
	return (struct view){ text.at, text.len };
}

/* The first mailbox's address of a value, valid and in lower case; empty
 * without one. */
static struct view
address_of(struct columns *c, struct view value, bool *has_domain_out)
{
	char found[3 * COLUMNS_ADDRESS];
	struct view address = { found, 0 };

	value = view_slice(value, 0, sizeof(found));
	address.len = mailbox_first(value, found, has_domain_out);
	address = decoded(c, address, sizeof(found));
	return columns_lower(c->arena, address);
}

/* Some mailers encode the address along with the name, which they must not;
 * readers see it all the same. */
static struct view
read_from(struct columns *c, struct view value)
{
	bool has_domain = false, has_domain_decoded = false;

	value = view_slice(value, 0, COLUMNS_ADDRESS);
	struct view address = address_of(c, value, &has_domain);
	if (has_domain || view_find(value, '?') == value.len)
		return address;
	struct view inner = address_of(c, decoded(c, value, COLUMNS_ADDRESS),
				       &has_domain_decoded);
	return has_domain_decoded ? inner : address;
}

static struct view
within_colons(struct columns *c, struct view value, unsigned *limits_met)
{
	size_t left = c->settings->header_colons;

	for (size_t i = 0; i < value.len; i++)
		if (value.at[i] == ':' && left-- == 0) {
			*limits_met |= MIME_LIMIT_HEADER_COLONS;
			return view_slice(value, 0, i);
		}
	return value;
}

static void
take_from(struct columns *c, struct view value, struct mail *mail)
{
	struct view address = read_from(c, within_colons(c, value,
							 &mail->limits_met));

	if (address.len > 0)
		mail->from = address;
}

static void
take_subject(struct columns *c, struct view value, struct mail *mail)
{
	mail->subject = decoded(c, value, COLUMNS_TEXT);
}

static void
take_message_id(struct columns *c, struct view value, struct mail *mail)
{
	mail->message_id = decoded(c, value, COLUMNS_ADDRESS);
}

static void
take_reply_to(struct columns *c, struct view value, struct mail *mail)
{
	mail->reply_to = decoded(c, value, COLUMNS_ADDRESS);
}

static void
take_sender(struct columns *c, struct view value, struct mail *mail)
{
	mail->sender = decoded(c, value, COLUMNS_ADDRESS);
}

static void
take_recipients(struct columns *c, struct view value, struct mail *mail)
{
	const struct mime_settings *settings = c->settings;

	if (mail->addressed == ADDRESSED_TO_US || settings->is_hosted == NULL)
		return;
	value = within_colons(c, value, &mail->limits_met);
	if (!c->has_recipients)
		c->has_recipients = mailbox_names_any(value);
	if (mailbox_has_domain(value, settings->is_hosted, settings->context))
		mail->addressed = ADDRESSED_TO_US;
}

static void
take_received(struct columns *c, struct view value, struct mail *mail)
{
	(void)c;
	(void)value;
	mail->received++;
}

static const struct known {
	struct view name;
	void (*take)(struct columns *c, struct view value, struct mail *mail);
	bool is_repeated;       /* each of several counts */
} knowns[] = {
	{ VIEW("received"), take_received, true },
	{ VIEW("subject"), take_subject, false },
	{ VIEW("message-id"), take_message_id, false },
	{ VIEW("reply-to"), take_reply_to, false },
	{ VIEW("sender"), take_sender, false },
	{ VIEW("to"), take_recipients, true },
	{ VIEW("cc"), take_recipients, true },
	{ VIEW("bcc"), take_recipients, true },
	{ VIEW("resent-to"), take_recipients, true },
	{ VIEW("resent-cc"), take_recipients, true },
	{ VIEW("resent-bcc"), take_recipients, true },
	{ VIEW("delivered-to"), take_recipients, true },
	{ VIEW("x-original-to"), take_recipients, true },
};

static const struct known *
known_of(struct view name)
{
	for (size_t i = 0; i < sizeof(knowns) / sizeof(knowns[0]); i++)
		if (view_equal_nocase(name, knowns[i].name))
			return &knowns[i];
	return NULL;
}

static void
settle_addressed(struct columns *c, struct mail *mail)
{
	const unsigned over = MIME_LIMIT_HEADER_LINES |
			      MIME_LIMIT_HEADER_BYTES |
			      MIME_LIMIT_HEADER_FIELD |
			      MIME_LIMIT_HEADER_COLONS;

	if (mail->addressed == ADDRESSED_UNKNOWN && c->has_recipients &&
	    c->settings->is_hosted != NULL && (mail->limits_met & over) == 0)
		mail->addressed = ADDRESSED_ELSEWHERE;
}

void
columns_read(struct columns *c, struct view block, struct mail *mail)
{
	bool is_seen[sizeof(knowns) / sizeof(knowns[0])] = { false };
	struct view from = mail->from;
	struct field field;

	c->has_recipients = false;
	mail->from = VIEW("");
	while (header_next(&block, &field)) {
		struct view value = view_slice(field.value, 0,
					       c->settings->header_field);
		if (mail->from.len == 0 &&
		    view_equal_nocase(field.name, VIEW("from"))) {
			take_from(c, value, mail);
			continue;
		}
		const struct known *known = known_of(field.name);
		if (known == NULL ||
		    (is_seen[known - knowns] && !known->is_repeated))
			continue;
		is_seen[known - knowns] = true;
		known->take(c, value, mail);
	}
	if (mail->from.len == 0)
		mail->from = from;
	settle_addressed(c, mail);
}
