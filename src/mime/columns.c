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

#include <assert.h>
#include <stddef.h>

struct view
columns_lower(struct arena *arena, struct view v)
{
	char *copy = arena_reserve(arena, v.len);

	for (size_t i = 0; i < v.len; i++)
		copy[i] = ascii_lower(v.at[i]);
	return (struct view){ copy, v.len };
}

/* At most so many bytes of a value, and not half an encoded word, decoded: one
 * line, valid. */
static struct view
decoded(struct columns *c, struct view value, size_t most)
{
	struct encoded_word word;

	for (size_t at = value.len > most ? most : 0; at-- > 0;) {
		if (value.at[at] != '=' || value.at[at + 1] != '?')
			continue;
		if (encoded_word_at(view_slice(value, at, value.len), &word) &&
		    at + word.len > most)
			most = at;
		break;
	}
	value = view_slice(value, 0, most);
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

/* What a field of a name is to the row. */
enum use { FROM, RECEIVED, RECIPIENTS, TEXT };

static const struct known {
	struct view name;
	enum use use;
	size_t column;          /* of TEXT: where it is in struct mail */
	size_t most;            /* bytes of its value that are read */
} knowns[] = {
	{ VIEW("from"), FROM, 0, 0 },
	{ VIEW("received"), RECEIVED, 0, 0 },
	{ VIEW("subject"), TEXT, offsetof(struct mail, subject),
	  COLUMNS_TEXT },
	{ VIEW("message-id"), TEXT, offsetof(struct mail, message_id),
	  COLUMNS_ADDRESS },
	{ VIEW("reply-to"), TEXT, offsetof(struct mail, reply_to),
	  COLUMNS_ADDRESS },
	{ VIEW("sender"), TEXT, offsetof(struct mail, sender),
	  COLUMNS_ADDRESS },
	{ VIEW("to"), RECIPIENTS, 0, 0 },
	{ VIEW("cc"), RECIPIENTS, 0, 0 },
	{ VIEW("bcc"), RECIPIENTS, 0, 0 },
	{ VIEW("resent-to"), RECIPIENTS, 0, 0 },
	{ VIEW("resent-cc"), RECIPIENTS, 0, 0 },
	{ VIEW("resent-bcc"), RECIPIENTS, 0, 0 },
	{ VIEW("delivered-to"), RECIPIENTS, 0, 0 },
	{ VIEW("x-original-to"), RECIPIENTS, 0, 0 },
};

enum { KNOWNS = sizeof(knowns) / sizeof(knowns[0]) };

static void
take_field(struct columns *c, const struct known *known, struct view value,
	   struct mail *mail)
{
	const struct mime_settings *settings = c->settings;
	struct view *column = (struct view *)((char *)mail + known->column);
	bool has_domain = false;

	switch (known->use) {
	case FROM:
		value = within_colons(c, value, &mail->limits_met);
		value = view_slice(value, 0, COLUMNS_ADDRESS);
		mail->from = address_of(c, value, &has_domain);
		if (has_domain || view_find(value, '?') == value.len)
			break;
		/* Some mailers encode the address along with the name, which
		 * they must not; readers see it all the same. */
		value = decoded(c, value, COLUMNS_ADDRESS);
		struct view inner = address_of(c, value, &has_domain);
		if (has_domain)
			mail->from = inner;
		break;
	case RECEIVED:
		mail->received++;
		break;
	case RECIPIENTS:
		if (mail->addressed == ADDRESSED_TO_US ||
		    settings->is_hosted == NULL)
			break;
		value = within_colons(c, value, &mail->limits_met);
		if (!c->has_recipients)
			c->has_recipients = mailbox_names_any(value);
		if (mailbox_has_domain(value, settings->is_hosted,
				       settings->context))
			mail->addressed = ADDRESSED_TO_US;
		break;
	case TEXT:
		*column = decoded(c, value, known->most);
		break;
	}
}

void
columns_read(struct columns *c, struct view block, struct mail *mail)
{
	const unsigned over = MIME_LIMIT_HEADER_LINES |
			      MIME_LIMIT_HEADER_BYTES |
			      MIME_LIMIT_HEADER_FIELD |
			      MIME_LIMIT_HEADER_COLONS;
	bool is_seen[KNOWNS] = { false };
	struct view sender = mail->from;
	struct field field;

	assert(mail->addressed == ADDRESSED_UNKNOWN);
	c->has_recipients = false;
	mail->from = VIEW("");
	while (header_next(&block, &field)) {
		size_t i = 0;
		while (i < KNOWNS &&
		       (field.name.len != knowns[i].name.len ||
			!view_equal_nocase(field.name, knowns[i].name)))
			i++;
		if (i == KNOWNS)
			continue;
		bool is_first = knowns[i].use == FROM ? mail->from.len == 0
						      : !is_seen[i];
		is_seen[i] = true;
		if (is_first || knowns[i].use == RECEIVED ||
		    knowns[i].use == RECIPIENTS)
			take_field(c, &knowns[i],
				   view_slice(field.value, 0,
					      c->settings->header_field),
				   mail);
	}
	if (mail->from.len == 0)
		mail->from = sender;
	if (mail->addressed == ADDRESSED_UNKNOWN && c->has_recipients &&
	    c->settings->is_hosted != NULL && (mail->limits_met & over) == 0)
		mail->addressed = ADDRESSED_ELSEWHERE;
}
