/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading a spool file, which a crash or a disk may have damaged: what is
 * sound is used, the rest is said to be damaged. */
#include "store/spool_encode.h"

#include "base/clock.h"
#include "store/columns.h"

#include <arpa/inet.h>
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

static struct view
take_field(struct reader *r, const char *name)
{
	size_t len = 0;

	expect(r, view_of(name));
	expect(r, VIEW(" "));
	struct view digits = take(r, view_find(r->rest, '\n'));
	expect(r, VIEW("\n"));
	if (r->has_failed || !view_to_size(digits, r->rest.len, &len))
		return fail(r);
	struct view v = take(r, len);
	expect(r, VIEW("\n"));
	return r->has_failed ? VIEW("") : v;
}

static size_t
take_number(struct reader *r, const char *name, size_t most)
{
	size_t n = 0;

	if (!view_to_size(take_field(r, name), most, &n))
		fail(r);
	return n;
}

static double
take_real(struct reader *r, const char *name)
{
	char text[NUMBER_SIZE];
	struct view v = take_field(r, name);
	char *end = text;

	if (v.len == 0 || v.len >= sizeof(text)) {
		fail(r);
		return 0;
	}
	memcpy(text, v.at, v.len);
	text[v.len] = '\0';
	double value = strtod(text, &end);
	/* Neither nonsense behind it nor infinity or NaN, which no column
	 * takes. */
	if (*end != '\0' || !(value > -1e30 && value < 1e30)) {
		fail(r);
		return 0;
	}
	return value;
}

static void
take_id(struct reader *r, char out[MAIL_ID_LEN + 1])
{
	struct view id = take_field(r, "id");

	if (id.len != MAIL_ID_LEN) {
		fail(r);
		return;
	}
	for (size_t i = 0; i < id.len; i++)
		if (!((id.at[i] >= '0' && id.at[i] <= '9') ||
		      (id.at[i] >= 'a' && id.at[i] <= 'f'))) {
			fail(r);
			return;
		}
	memcpy(out, id.at, MAIL_ID_LEN);
	out[MAIL_ID_LEN] = '\0';
}

static void
take_client(struct reader *r, struct address *out)
{
	char text[ADDRESS_TEXT_SIZE];
	struct view v = take_field(r, "client");

	if (view_equal(v, VIEW("-")))
		return;
	if (v.len == 0 || v.len >= sizeof(text)) {
		fail(r);
		return;
	}
	memcpy(text, v.at, v.len);
	text[v.len] = '\0';
	if (inet_pton(AF_INET, text, out->bytes) == 1)
		out->len = 4;
	else if (inet_pton(AF_INET6, text, out->bytes) == 1)
		out->len = 16;
	else
		fail(r);
}

static void
take_recipients(struct reader *r, struct arena *arena, struct envelope *e)
{
	size_t count = take_number(r, "recipients", MOST_RECIPIENTS);

	for (size_t i = 0; i < count && !r->has_failed; i++) {
		struct recipient *one = arena_alloc(arena, sizeof(*one));
		one->address = take_field(r, "recipient");
		one->key = take_field(r, "to");
		one->trace = take_field(r, "trace");
		one->is_discarded = take_number(r, "discarded", 1) == 1;
		if (e->last != NULL)
			e->last->next = one;
		else
			e->first = one;
		e->last = one;
		e->recipients++;
	}
}

static void
take_texts(struct reader *r, struct mail *mail)
{
	for (size_t i = 0; i < store_column_count; i++) {
		const struct store_column *c = &store_columns[i];
		char *base = c->source == OF_MAIL ? (char *)mail :
						    (char *)mail->message;
		if (c->spooled == NULL)
			continue;
		struct view v = take_field(r, c->spooled);
		memcpy(base + c->offset, &v, sizeof(v));
	}
}

/* The inside of one message, whose checksum is right. */
static bool
decode_message(struct view bytes, struct arena *arena, struct mail *mail)
{
	struct reader r = { .rest = bytes };
	struct message *m = arena_alloc(arena, sizeof(*m));

	mail->message = m;
	take_id(&r, m->id);
	m->complete_wall_us = (int64_t)take_number(&r, "complete-us",
						   INT64_MAX);
	m->complete_us = clock_us();
	take_client(&r, &m->client);
	take_texts(&r, mail);
	mail->spam_score = take_real(&r, "spam-score");
	mail->has_attach = take_number(&r, "has-attach", 1) == 1;
	take_recipients(&r, arena, &m->envelope);
	struct view raw = take_field(&r, "mail");
	if (r.has_failed || r.rest.len > 0 || m->envelope.recipients == 0)
		return false;
	chain_append(&m->raw, raw);
	return true;
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

/* What is allocated is bounded by what is there. */
static size_t
count_records(struct reader r)
{
	struct record record;
	size_t count = 0;

	while (next_record(&r, &record))
		count++;
	return count;
}

static bool
is_sound(const struct record *r)
{
	return spool_checksum(SPOOL_CHECKSUM_START, r->bytes) == r->sum;
}

static void
check_end(struct reader *r, size_t found, struct spool_batch *out)
{
	unsigned long long count = 0;

	expect(r, VIEW("end "));
	take_hex(r, 8, &count);
	expect(r, VIEW("\n"));
	if (r->has_failed || r->rest.len > 0 || count != found)
		out->is_damaged = true;
}

void
spool_decode(struct view file, struct spool_batch *out)
{
	struct reader r = { .rest = file };
	struct record record;
	size_t found = 0;

	memset(out, 0, sizeof(*out));
	expect(&r, VIEW(SPOOL_FIRST_LINE));
	size_t room = count_records(r);
	out->mails = arena_alloc(&out->arena, room * sizeof(*out->mails));
	for (; next_record(&r, &record); found++) {
		struct mail *mail = &out->mails[out->count];
		memset(mail, 0, sizeof(*mail));
		if (is_sound(&record) &&
		    decode_message(record.bytes, &out->arena, mail))
			out->count++;
		else
			out->is_damaged = true;
	}
	check_end(&r, found, out);
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
