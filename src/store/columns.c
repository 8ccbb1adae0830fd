/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The columns that we can fill, those of all tables of the family. */
#include "store/columns.h"

#include <stdio.h>
#include <string.h>

static void
get_hash(const struct row *row, struct value *out)
{
	out->text = (struct view){ row->hash, MAIL_ID_LEN };
}

static void
get_date(const struct row *row, struct value *out)
{
	out->number = row->mail->message->complete_wall_us / 1000000;
}

static void
get_to(const struct row *row, struct value *out)
{
	out->text = row->recipient->key;
}

static void
get_recipient(const struct row *row, struct value *out)
{
	out->text = row->recipient->address;
}

static void
get_from(const struct row *row, struct value *out)
{
	out->text = row->mail->from;
}

static void
get_return_path(const struct row *row, struct value *out)
{
	out->text = row->mail->message->envelope.sender;
}

static void
get_subject(const struct row *row, struct value *out)
{
	out->text = row->mail->subject;
}

static void
get_body(const struct row *row, struct value *out)
{
	out->text = row->body;
}

static void
get_charset(const struct row *row, struct value *out)
{
	out->text = row->mail->charset;
}

static void
get_content_type(const struct row *row, struct value *out)
{
	out->text = row->mail->content_type;
}

static void
get_spam_score(const struct row *row, struct value *out)
{
	out->real = row->mail->spam_score;
}

static void
get_size(const struct row *row, struct value *out)
{
	out->number = (int64_t)row->mail->message->raw.len;
}

static void
get_has_attach(const struct row *row, struct value *out)
{
	out->number = row->mail->has_attach;
}

static void
get_helo(const struct row *row, struct value *out)
{
	out->text = row->mail->message->helo;
}

static void
get_is_tls(const struct row *row, struct value *out)
{
	out->number = row->mail->message->tls.len > 0;
}

static void
get_message_id(const struct row *row, struct value *out)
{
	out->text = row->mail->message_id;
}

static void
get_reply_to(const struct row *row, struct value *out)
{
	out->text = row->mail->reply_to;
}

static void
get_sender(const struct row *row, struct value *out)
{
	out->text = row->mail->sender;
}

const struct store_column store_columns[STORE_COLUMNS] = {
	{ "hash", VALUE_TEXT, true, true, 0, get_hash },
	{ "date", VALUE_DATE, false, false, 0, get_date },
	{ "to", VALUE_TEXT, true, true, 0, get_to },
	{ "recipient", VALUE_TEXT, true, false, 0, get_recipient },
	{ "from", VALUE_TEXT, false, false, 100, get_from },
	{ "return_path", VALUE_TEXT, false, false, 100, get_return_path },
	{ "subject", VALUE_TEXT, false, false, 100, get_subject },
	{ "body", VALUE_TEXT, false, false, 60000, get_body },
	{ "charset", VALUE_TEXT, false, false, 20, get_charset },
	{ "content_type", VALUE_TEXT, false, false, 20, get_content_type },
	{ "mail", VALUE_RAW, false, true, 0, NULL },
	{ "spam_score", VALUE_REAL, false, false, 0, get_spam_score },
	{ "size", VALUE_NUMBER, false, false, 0, get_size },
	{ "has_attach", VALUE_NUMBER, false, false, 0, get_has_attach },
	{ "ip_addr", VALUE_ADDRESS, false, false, 0, NULL },
	{ "helo", VALUE_TEXT, false, false, 60, get_helo },
	{ "is_tls", VALUE_NUMBER, false, false, 0, get_is_tls },
	{ "message_id", VALUE_TEXT, false, false, 60, get_message_id },
	{ "reply_to", VALUE_TEXT, false, false, 60, get_reply_to },
	{ "sender", VALUE_TEXT, false, false, 60, get_sender },
};

const struct store_column *
store_column_find(struct view name)
{
	for (size_t i = 0; i < STORE_COLUMNS; i++)
		if (view_equal_nocase(name, view_of(store_columns[i].name)))
			return &store_columns[i];
	return NULL;
}

void
row_make(struct row *row, const struct mail *mail,
	 const struct recipient *recipient, unsigned n)
{
	row->mail = mail;
	row->recipient = recipient;
	row->body = mail->body;
	snprintf(row->hash, sizeof(row->hash), "%.*s%04x", MAIL_ID_LEN - 4,
		 mail->message->id, n & 0xffffu);
}
