/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The whole room: any bytes, in pieces of any size, give a row of valid text
 * in bounded memory; and the same row in one piece. */
#include "mime/row.h"

#include "base/memory.h"
#include "base/utf8.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct message
cut_into_pieces(struct view bytes, size_t size)
{
	struct message message = { .envelope.sender = VIEW("a\xe9@b") };
	struct piece **end = &message.raw.first;

	for (size_t at = 0; at < bytes.len; at += size) {
		struct view part = view_slice(bytes, at, at + size);
		struct piece *p = memory_resize(NULL, sizeof(*p) + part.len);
		*p = (struct piece){ NULL, part.len, part.len };
		memcpy(p->bytes, part.at, part.len);
		*end = message.raw.last = p;
		end = &p->next;
		message.raw.len += part.len;
	}
	return message;
}

static void
check(struct view v, bool is_line)
{
	assert(utf8_is_valid(v));
	assert(v.len == 0 || memchr(v.at, 0, v.len) == NULL);
	for (size_t i = 0; is_line && i < v.len; i++)
		assert((unsigned char)v.at[i] >= ' ' && v.at[i] != 0x7f);
}

static void
check_mail(const struct mail *mail)
{
	check(mail->from, true);
	check(mail->subject, true);
	check(mail->message_id, true);
	check(mail->reply_to, true);
	check(mail->sender, true);
	check(mail->content_type, true);
	check(mail->charset, true);
	check(mail->body, false);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mime *mime;
	struct mail mails[2] = { 0 };
	struct message messages[2];
	struct arena arena = { 0 };

	if (size == 0)
		return 0;
	if (mime == NULL)
		mime = mime_new(&row_settings);
	struct view bytes = { (const char *)data + 1, size - 1 };
	size_t sizes[2] = { (size_t)data[0] + 1, SIZE_MAX / 2 };
	for (int i = 0; i < 2; i++) {
		messages[i] = cut_into_pieces(bytes, sizes[i]);
		mails[i].message = &messages[i];
		mime_read(mime, &messages[i], &arena, &mails[i]);
		check_mail(&mails[i]);
	}
	assert(view_equal(mails[0].body, mails[1].body));
	assert(view_equal(mails[0].from, mails[1].from));
	assert(view_equal(mails[0].subject, mails[1].subject));
	assert(view_equal(mails[0].content_type, mails[1].content_type));
	assert(view_equal(mails[0].charset, mails[1].charset));
	assert(mails[0].has_attach == mails[1].has_attach);
	assert(mails[0].limits_met == mails[1].limits_met);
	mime_read_plain(&messages[0], &arena, &mails[0]);
	check_mail(&mails[0]);
	arena_free(&arena);
	chain_free(&messages[0].raw);
	chain_free(&messages[1].raw);
	return 0;
}
