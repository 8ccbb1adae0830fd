/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of extensions: RFC 1870 (SIZE), 2034 (ENHANCEDSTATUSCODES), 2920
 * (PIPELINING), 3030 (CHUNKING, BINARYMIME), 3207 (STARTTLS), 6152 (8BITMIME),
 * 6531 (SMTPUTF8), 9422 (LIMITS). */
#include "smtp/extensions.h"

#include <assert.h>
#include <stdint.h>

struct extension {
	struct view keyword;
	/* NULL: always. */
	bool (*is_offered)(const struct session *s);
	/* What stands behind the keyword, a blank first; NULL: nothing. */
	void (*describe)(const struct session *s, struct buf *out);
	/* The parameter of MAIL; without one take is NULL. The value is empty
	 * where none was given. */
	struct view parameter;
	enum reply (*take)(struct mail_requests *r, struct view value);
	size_t mail_bytes;      /* what it adds to the line of MAIL */
};

/* ---- What EHLO says ------------------------------------------------------ */

static bool
offers_smtputf8(const struct session *s)
{
	return s->state->offers_smtputf8;
}

static bool
offers_starttls(const struct session *s)
{
	return s->may_starttls && s->state->offers_starttls && s->tls == NULL;
}

static bool
offers_xclient(const struct session *s)
{
	return s->may_xclient;
}

static void
describe_size(const struct session *s, struct buf *out)
{
	buf_append_byte(out, ' ');
	buf_append_number(out, (int64_t)s->state->max_message_bytes, 1);
}

static void
describe_xclient(const struct session *s, struct buf *out)
{
	(void)s;
	buf_append_text(out, " NAME ADDR PORT PROTO HELO");
}

static void
describe_limits(const struct session *s, struct buf *out)
{
	buf_append_text(out, " MAILMAX=");
	buf_append_number(out, (int64_t)s->settings->mails, 1);
	buf_append_text(out, " RCPTMAX=");
	buf_append_number(out, (int64_t)s->settings->recipients, 1);
}

/* ---- What MAIL says ------------------------------------------------------ */

/* RFC 1870 6: 1 to 20 digits; what does not fit a size_t is too big. */
static enum reply
take_size(struct mail_requests *r, struct view value)
{
	size_t size;

	if (!view_is_digits(value) || value.len > 20)
		return REPLY_BAD_PARAMETER;
	r->size = view_to_size(value, SIZE_MAX, &size) ? size : SIZE_MAX;
	return REPLY_OK;
}

static enum reply
take_body(struct mail_requests *r, struct view value)
{
	if (view_equal_nocase(value, VIEW("7BIT")))
		r->body = BODY_7BIT;
	else if (view_equal_nocase(value, VIEW("8BITMIME")))
		r->body = BODY_8BIT;
	else if (view_equal_nocase(value, VIEW("BINARYMIME")))
		r->body = BODY_BINARY;
	else
		return value.len > 0 ? REPLY_UNKNOWN_PARAMETER
				     : REPLY_BAD_PARAMETER;
	return REPLY_OK;
}

static enum reply
take_smtputf8(struct mail_requests *r, struct view value)
{
	r->has_utf8 = true;
	return value.len > 0 ? REPLY_BAD_PARAMETER : REPLY_OK;
}

/* ---- The table ----------------------------------------------------------- */

static const struct extension extensions[] = {
	{ .keyword = VIEW("PIPELINING") },
	{ .keyword = VIEW("SIZE"), .describe = describe_size,
	  .parameter = VIEW("SIZE"), .take = take_size, .mail_bytes = 26 },
	{ .keyword = VIEW("8BITMIME"),
	  .parameter = VIEW("BODY"), .take = take_body, .mail_bytes = 17 },
	{ .keyword = VIEW("SMTPUTF8"), .is_offered = offers_smtputf8,
	  .parameter = VIEW("SMTPUTF8"), .take = take_smtputf8,
	  .mail_bytes = 10 },
	{ .keyword = VIEW("STARTTLS"), .is_offered = offers_starttls },
	{ .keyword = VIEW("XCLIENT"), .is_offered = offers_xclient,
	  .describe = describe_xclient },
	{ .keyword = VIEW("ENHANCEDSTATUSCODES") },
	{ .keyword = VIEW("CHUNKING") },
	{ .keyword = VIEW("BINARYMIME") },
	{ .keyword = VIEW("LIMITS"), .describe = describe_limits },
	{ .keyword = VIEW("HELP") },
};

enum { EXTENSIONS = sizeof(extensions) / sizeof(extensions[0]) };

static_assert(EXTENSIONS <= 32, "mail_requests.given has a bit for each");

static bool
is_offered(const struct extension *e, const struct session *s)
{
	return e->is_offered == NULL || e->is_offered(s);
}

void
extensions_list(const struct session *s, struct buf *out)
{
	size_t last = out->len;

	for (size_t i = 0; i < EXTENSIONS; i++) {
		const struct extension *e = &extensions[i];
		if (!is_offered(e, s))
			continue;
		last = out->len;
		buf_append_text(out, "250-");
		buf_append(out, e->keyword);
		if (e->describe != NULL)
			e->describe(s, out);
		buf_append_text(out, "\r\n");
	}
	/* All fit, as SESSION_OUT_CEILING has room for them. */
	assert(out->len >= last + 6 && out->at[out->len - 1] == '\n');
	out->at[last + 3] = ' ';
}

bool
extensions_offer(const struct session *s, struct view keyword)
{
	for (size_t i = 0; i < EXTENSIONS; i++)
		if (view_equal(extensions[i].keyword, keyword))
			return is_offered(&extensions[i], s);
	return false;
}

enum reply
extensions_take(const struct session *s, struct esmtp_parameter p,
		struct mail_requests *requests)
{
	for (unsigned i = 0; i < EXTENSIONS; i++) {
		const struct extension *e = &extensions[i];
		if (e->take == NULL || !is_offered(e, s) ||
		    !view_equal_nocase(e->parameter, p.keyword))
			continue;
		if ((requests->given & 1u << i) != 0)
			return REPLY_UNKNOWN_PARAMETER;
		requests->given |= 1u << i;
		return e->take(requests, p.value);
	}
	return REPLY_UNKNOWN_PARAMETER;
}

size_t
extensions_mail_bytes(void)
{
	size_t bytes = 0;

	for (size_t i = 0; i < EXTENSIONS; i++)
		bytes += extensions[i].mail_bytes;
	return bytes;
}
