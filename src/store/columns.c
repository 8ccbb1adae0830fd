/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The columns that we can fill, those of all tables of the family. */
#include "store/columns.h"

#include <stdio.h>
#include <string.h>

#define ROW(member) OF_ROW, offsetof(struct row, member)
#define RECIPIENT(member) OF_RECIPIENT, offsetof(struct recipient, member)
#define MESSAGE(member) OF_MESSAGE, offsetof(struct message, member)
#define MAIL(member) OF_MAIL, offsetof(struct mail, member)

/* The order of those that are spooled is that of the spool's first version. */
const struct store_column store_columns[] = {
	{ "hash", VALUE_ID, ROW(hash),
	  .is_key = true, .is_required = true, .is_unchanging = true },
	{ "date", VALUE_DATE, MESSAGE(complete_wall_us),
	  .is_unchanging = true },
	{ "to", VALUE_TEXT, RECIPIENT(key),
	  .is_key = true, .is_required = true, .is_unchanging = true },
	{ "recipient", VALUE_TEXT, RECIPIENT(address),
	  .is_key = true, .is_unchanging = true },
	{ "mail", VALUE_RAW, MESSAGE(raw), .is_required = true },
	{ "size", VALUE_SIZE, MESSAGE(raw.len), .is_unchanging = true },
	{ "ip_addr", VALUE_ADDRESS, MESSAGE(client), .is_unchanging = true },
	{ "spam_score", VALUE_REAL, MAIL(spam_score), .is_key = false },
	{ "has_attach", VALUE_FLAG, MAIL(has_attach), .is_unchanging = true },
	{ "return_path", VALUE_TEXT, MESSAGE(envelope.sender),
	  .is_unchanging = true, .warn_below = 100, .spooled = "return-path" },
	{ "helo", VALUE_TEXT, MESSAGE(helo),
	  .warn_below = 60, .spooled = "helo" },
	{ "", VALUE_TEXT, MESSAGE(protocol), .spooled = "protocol" },
	{ "is_tls", VALUE_IS_SET, MESSAGE(tls),
	  .is_unchanging = true, .spooled = "tls" },
	{ "from", VALUE_TEXT, MAIL(from),
	  .warn_below = 100, .spooled = "from" },
	{ "subject", VALUE_TEXT, MAIL(subject),
	  .warn_below = 100, .spooled = "subject" },
	{ "body", VALUE_BODY, MAIL(body),
	  .warn_below = 60000, .spooled = "body" },
	{ "charset", VALUE_TEXT, MAIL(charset),
	  .warn_below = 20, .spooled = "charset" },
	{ "content_type", VALUE_TEXT, MAIL(content_type),
	  .warn_below = 20, .spooled = "content-type" },
	{ "message_id", VALUE_TEXT, MAIL(message_id),
	  .warn_below = 60, .spooled = "message-id" },
	{ "reply_to", VALUE_TEXT, MAIL(reply_to),
	  .warn_below = 60, .spooled = "reply-to" },
	{ "sender", VALUE_TEXT, MAIL(sender),
	  .warn_below = 60, .spooled = "sender" },
	{ "", VALUE_TEXT, MAIL(in_doubt), .spooled = "in-doubt" },
};

const size_t store_column_count =
	sizeof(store_columns) / sizeof(store_columns[0]);

_Static_assert(sizeof(store_columns) / sizeof(store_columns[0]) <=
	       STORE_COLUMNS_MAX, "struct table has no room for them all");

const struct store_column *
store_column_find(struct view name)
{
	for (size_t i = 0; i < store_column_count; i++)
		if (name.len > 0 &&
		    view_equal_nocase(name, view_of(store_columns[i].name)))
			return &store_columns[i];
	return NULL;
}

const void *
store_column_value(const struct store_column *c, const struct row *row)
{
	const void *const sources[] = {
		[OF_ROW] = row, [OF_RECIPIENT] = row->recipient,
		[OF_MESSAGE] = row->mail->message, [OF_MAIL] = row->mail
	};

	return (const char *)sources[c->source] + c->offset;
}

struct view
store_column_text(const struct store_column *c, const struct row *row)
{
	const void *value = store_column_value(c, row);
	struct view text = VIEW("");

	if (c->kind == VALUE_ID)
		return (struct view){ value, MAIL_ID_LEN };
	if (c->kind != VALUE_TEXT && c->kind != VALUE_BODY)
		return text;
	memcpy(&text, value, sizeof(text));
	return c->kind == VALUE_BODY ? view_slice(text, 0, row->body_len) :
				       text;
}

void
row_make(struct row *row, const struct mail *mail,
	 const struct recipient *recipient, unsigned n)
{
	row->mail = mail;
	row->recipient = recipient;
	row->raw = &mail->message->raw;
	row->body_len = mail->body.len;
	snprintf(row->hash, sizeof(row->hash), "%.*s%04x", MAIL_ID_LEN - 4,
		 mail->message->id, n & 0xffffu);
}

size_t
row_raw_bytes(const struct row *row)
{
	return row->recipient->trace.len + row->raw->len;
}

void
row_make_raw(struct row *row, const struct mail *mail)
{
	static const struct recipient nobody;

	row_make(row, mail, &nobody, 0);
	row->body_len = 0;
}

void
row_leave_raw(struct row *row)
{
	static const struct chain nothing;

	row->raw = &nothing;
}
