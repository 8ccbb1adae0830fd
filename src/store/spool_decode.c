/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading a spool file, which a crash or a disk may have damaged: what is
 * sound is used, the rest is said to be damaged. */
#include "store/spool_encode.h"

#include "base/clock.h"
#include "store/columns.h"

#include <arpa/inet.h>
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_RECIPIENTS = 65536, NUMBER_SIZE = 64 };

struct reader {
	struct view rest;
	bool has_failed;        /* then all that is read is empty */
};

static struct view
fail(struct reader *r)
{
	r->has_failed = true;
	r->rest = VIEW("");
	return VIEW("");
}

static struct view
take(struct reader *r, size_t len)
{
	if (len > r->rest.len)
		return fail(r);
	struct view v = view_slice(r->rest, 0, len);
	r->rest = view_slice(r->rest, len, r->rest.len);
	return v;
}

static void
expect(struct reader *r, struct view bytes)
{
	if (!view_equal(take(r, bytes.len), bytes))
		fail(r);
}

/* One field, of any name: those that are not known are of a newer program
 * and say nothing that an older one must know. */
static bool
next_field(struct reader *r, struct view *name, struct view *bytes)
{
	size_t len = 0;

	*name = take(r, view_find(r->rest, ' '));
	expect(r, VIEW(" "));
	struct view digits = take(r, view_find(r->rest, '\n'));
	expect(r, VIEW("\n"));
	if (r->has_failed || !view_to_size(digits, r->rest.len, &len))
		return fail(r).len > 0;
	*bytes = take(r, len);
	expect(r, VIEW("\n"));
	return !r->has_failed;
}

/* A message that is put together from its fields. */
struct draft {
	struct arena *arena;
	struct mail *mail;
	struct message *message;
	size_t recipients;              /* as many as it should have */
	bool has_time;
	bool has_raw;
};

static bool
take_id(struct draft *d, struct view id)
{
	for (size_t i = 0; i < id.len; i++)
		if (!((id.at[i] >= '0' && id.at[i] <= '9') ||
		      (id.at[i] >= 'a' && id.at[i] <= 'f')))
			return false;
	if (id.len == MAIL_ID_LEN)
		memcpy(d->message->id, id.at, MAIL_ID_LEN);
	return id.len == MAIL_ID_LEN;
}

/* Behind it, up to the next one, come this recipient's fields. */
static bool
take_recipient(struct draft *d, struct view address)
{
	struct envelope *e = &d->message->envelope;

	if (e->recipients == d->recipients)
		return false;
	struct recipient *one = arena_alloc(d->arena, sizeof(*one));
	one->address = address;
	if (e->last != NULL)
		e->last->next = one;
	else
		e->first = one;
	e->last = one;
	e->recipients++;
	return true;
}

static bool
take_flag(struct view v, bool *out)
{
	*out = view_equal(v, VIEW("1"));
	return *out || view_equal(v, VIEW("0"));
}

/* Numbers and addresses, which end in a NUL for the library. */
static bool
take_text(struct draft *d, struct view name, struct view v)
{
	struct address *client = &d->message->client;
	char text[NUMBER_SIZE];
	char *end = text;

	if (v.len == 0 || v.len >= sizeof(text))
		return false;
	memcpy(text, v.at, v.len);
	text[v.len] = '\0';
	if (view_equal(name, VIEW("spam-score"))) {
		d->mail->spam_score = strtod(text, &end);
		/* No column takes infinity or NaN. */
		return *end == '\0' && fabs(d->mail->spam_score) < 1e30;
	}
	if (inet_pton(AF_INET, text, client->bytes) == 1)
		client->len = 4;
	else if (inet_pton(AF_INET6, text, client->bytes) == 1)
		client->len = 16;
	return client->len > 0 || strcmp(text, "-") == 0;
}

enum spool_field {
	FIELD_ID, FIELD_TIME, FIELD_CLIENT, FIELD_SCORE, FIELD_HAS_ATTACH,
	FIELD_RECIPIENTS, FIELD_RECIPIENT, FIELD_KEY, FIELD_TRACE,
	FIELD_DISCARDED, FIELD_RAW, FIELD_OTHER
};

static const char *const fields[] = {
	[FIELD_ID] = "id", [FIELD_TIME] = "complete-us",
	[FIELD_CLIENT] = "client", [FIELD_SCORE] = "spam-score",
	[FIELD_HAS_ATTACH] = "has-attach", [FIELD_RECIPIENTS] = "recipients",
	[FIELD_RECIPIENT] = "recipient", [FIELD_KEY] = "to",
	[FIELD_TRACE] = "trace", [FIELD_DISCARDED] = "discarded",
	[FIELD_RAW] = "mail"
};

static bool
take_field(struct draft *d, struct view name, struct view v)
{
	struct recipient *last = d->message->envelope.last;
	enum spool_field field = FIELD_ID;
	size_t us = 0;

	while (field < FIELD_OTHER &&
	       !view_equal(name, view_of(fields[field])))
		field++;
	if (field >= FIELD_KEY && field <= FIELD_DISCARDED && last == NULL)
		return false;
	switch (field) {
	case FIELD_ID:
		return take_id(d, v);
	case FIELD_TIME:
		d->has_time = view_to_size(v, INT64_MAX, &us);
		d->message->complete_wall_us = (int64_t)us;
		return d->has_time;
	case FIELD_CLIENT:
	case FIELD_SCORE:
		return take_text(d, name, v);
	case FIELD_HAS_ATTACH:
		return take_flag(v, &d->mail->has_attach);
	case FIELD_RECIPIENTS:
		return view_to_size(v, MOST_RECIPIENTS, &d->recipients);
	case FIELD_RECIPIENT:
		return take_recipient(d, v);
	case FIELD_KEY:
		last->key = v;
		return true;
	case FIELD_TRACE:
		last->trace = v;
		return true;
	case FIELD_DISCARDED:
		return take_flag(v, &last->is_discarded);
	case FIELD_RAW:
		if (!d->has_raw)
			chain_append(&d->message->raw, v);
		d->has_raw = !d->has_raw;
		return d->has_raw;
	case FIELD_OTHER:
		break;
	}
	for (size_t i = 0; i < store_column_count; i++) {
		const struct store_column *c = &store_columns[i];
		char *base = c->source == OF_MAIL ? (char *)d->mail :
						    (char *)d->message;
		if (c->spooled != NULL &&
		    view_equal(name, view_of(c->spooled)))
			memcpy(base + c->offset, &v, sizeof(v));
	}
	return true;
}

/* One message, whose checksum is right. What no field says is empty. */
static bool
decode_message(struct view text, struct arena *arena, struct mail *mail)
{
	struct reader r = { .rest = text };
	struct view name, bytes;
	struct draft d = { .arena = arena, .mail = mail };

	d.message = arena_alloc(arena, sizeof(*d.message));
	d.message->complete_us = clock_us();
	mail->message = d.message;
	while (r.rest.len > 0 && next_field(&r, &name, &bytes))
		if (!take_field(&d, name, bytes))
			fail(&r);
	size_t recipients = d.message->envelope.recipients;
	if (!r.has_failed && d.has_time && d.has_raw && recipients > 0 &&
	    recipients == d.recipients && d.message->id[0] != '\0')
		return true;
	chain_free(&d.message->raw);
	return false;
}

static bool
take_hex(struct reader *r, size_t digits, unsigned long long *out)
{
	struct view v = take(r, digits);
	unsigned long long value = 0;

	for (size_t i = 0; i < v.len; i++) {
		char c = v.at[i];
		if (c >= '0' && c <= '9')
			value = value << 4 | (unsigned)(c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value << 4 | (unsigned)(c - 'a' + 10);
		else
			fail(r);
	}
	*out = value;
	return !r->has_failed;
}

struct record {
	struct view bytes;
	unsigned long long sum;         /* as it was written */
};

/* False where the list ends or cannot be followed any further. */
static bool
next_record(struct reader *r, struct record *out)
{
	unsigned long long len = 0;

	if (!view_equal(view_slice(r->rest, 0, 8), VIEW("message ")))
		return false;
	take(r, 8);
	take_hex(r, 16, &len);
	expect(r, VIEW(" "));
	take_hex(r, 16, &out->sum);
	expect(r, VIEW("\n"));
	if (r->has_failed || len > r->rest.len) {
		fail(r);
		return false;
	}
	out->bytes = take(r, (size_t)len);
	return true;
}

void
spool_decode(struct view file, struct spool_batch *out)
{
	struct reader r = { .rest = file };
	struct record record;
	size_t found = 0, room = 0, layout = 0;

	memset(out, 0, sizeof(*out));
	expect(&r, VIEW(SPOOL_FIRST_WORDS));
	struct view digits = take(&r, view_find(r.rest, '\n'));
	expect(&r, VIEW("\n"));
	if (!r.has_failed && view_to_size(digits, INT32_MAX, &layout))
		out->layout = (unsigned)layout;
	if (out->layout > SPOOL_LAYOUT)
		return;
	if (out->layout == 0)
		fail(&r);
	/* What is allocated is bounded by what is there. */
	for (struct reader ahead = r; next_record(&ahead, &record);)
		room++;
	out->mails = arena_alloc(&out->arena, room * sizeof(*out->mails));
	for (; next_record(&r, &record); found++) {
		struct mail *mail = &out->mails[out->count];
		assert(found < room && out->count <= found);
		memset(mail, 0, sizeof(*mail));
		if (spool_checksum(out->layout,
				   spool_checksum_start(out->layout),
				   record.bytes) == record.sum &&
		    decode_message(record.bytes, &out->arena, mail))
			out->count++;
		else
			out->is_damaged = true;
	}
	unsigned long long count = 0;
	expect(&r, VIEW("end "));
	take_hex(&r, 8, &count);
	expect(&r, VIEW("\n"));
	if (r.has_failed || r.rest.len > 0 || count != found)
		out->is_damaged = true;
	out->list = arena_alloc(&out->arena,
				(out->count + 1) * sizeof(struct mail *));
	for (size_t i = 0; i < out->count; i++)
		out->list[i] = &out->mails[i];
}

void
spool_batch_free(struct spool_batch *b)
{
	for (size_t i = 0; i < b->count; i++)
		chain_free(&b->mails[i].message->raw);
	arena_free(&b->arena);
	memset(b, 0, sizeof(*b));
}
