/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trace headers (RFC 5321 4.4; "with" by RFC 3848 and RFC 6531 4.3; comments
 * and folding by RFC 5322). What a client said goes in as one word each, with
 * what could end a line or a comment taken away. */
#include "smtp/trace.h"

#include "base/address.h"
#include "base/utf8.h"

#include <assert.h>
#include <time.h>

/* WORD_MAX: most bytes of one foreign word; TRACE_MAX holds six of them. */
enum { FOLD_AT = 78, WORD_MAX = 400 };

struct header {
	struct buf *out;
	size_t column;
};

static void
put(struct header *h, struct view bytes)
{
	buf_append(h->out, bytes);
	h->column += bytes.len;
}

/* A word behind a blank, or on a new line where it would not fit on this. */
static void
word(struct header *h, struct view bytes)
{
	if (h->column + 1 + bytes.len <= FOLD_AT) {
		put(h, VIEW(" "));
	} else {
		buf_append(h->out, VIEW("\r\n\t"));
		h->column = 8;
	}
	put(h, bytes);
}

/* A foreign word between our own; control characters and broken UTF-8 are
 * left out. A clause of the header is never folded within. */
static void
foreign(struct header *h, const char *before, struct view v,
	const char *after)
{
	char bytes[WORD_MAX + 8];
	struct buf b = { .at = bytes, .size = sizeof(bytes),
			 .ceiling = sizeof(bytes) };

	buf_append_text(&b, before);
	while (v.len > 0 && b.len < WORD_MAX) {
		size_t n = 0, room = WORD_MAX - b.len;
		while (n < v.len && n < room && v.at[n] > ' ' &&
		       v.at[n] < 0x7f)
			n++;
		if (n == 0)
			n = utf8_graphic_len(v);
		if (n > 0)
			buf_append(&b, view_slice(v, 0, n));
		v = view_slice(v, n > 0 ? n : 1, v.len);
	}
	int failed = buf_append_text(&b, after);
	assert(failed == 0);
	word(h, buf_view(&b));
}

static void
begin(struct header *h, struct buf *out, struct view name)
{
	*h = (struct header){ .out = out };
	put(h, name);
}

static void
end(struct header *h)
{
	buf_append(h->out, VIEW("\r\n"));
}

void
trace_write(const struct message *m, const struct recipient *r,
	    const char *hostname, struct buf *out)
{
	static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu",
					"Fri", "Sat" };
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t seconds = (time_t)(m->complete_wall_us / 1000000);
	char client[ADDRESS_TEXT_SIZE], text[64];
	struct buf date = { .at = text, .size = sizeof(text),
			    .ceiling = sizeof(text) };
	struct header h;
	struct tm tm;

	begin(&h, out, VIEW("Return-Path:"));
	foreign(&h, "<", m->envelope.sender, ">");
	end(&h);
	begin(&h, out, VIEW("Delivered-To:"));
	foreign(&h, "", r->address, "");
	end(&h);
	begin(&h, out, VIEW("Received:"));
	foreign(&h, "from ", m->helo.len > 0 ? m->helo : VIEW("unknown"), "");
	/* TCP-info: the address that the connection came from. */
	address_print(&m->client, client);
	foreign(&h, m->client.len == 16 ? "([IPv6:" : "([", view_of(client),
		"])");
	foreign(&h, "by ", view_of(hostname), "");
	foreign(&h, "with ", m->protocol, "");
	if (m->tls.len > 0)
		foreign(&h, "(", m->tls, ")");
	foreign(&h, "id ", view_of(m->id), "");
	foreign(&h, "for <", r->address, ">;");
	/* RFC 5322 3.3, in UTC, whatever the locale. */
	if (gmtime_r(&seconds, &tm) != NULL) {
		buf_append_text(&date, days[tm.tm_wday]);
		buf_append_text(&date, ", ");
		buf_append_number(&date, tm.tm_mday, 1);
		buf_append_byte(&date, ' ');
		buf_append_text(&date, months[tm.tm_mon]);
		buf_append_byte(&date, ' ');
		buf_append_number(&date, tm.tm_year + 1900, 4);
		buf_append_byte(&date, ' ');
		buf_append_number(&date, tm.tm_hour, 2);
		buf_append_byte(&date, ':');
		buf_append_number(&date, tm.tm_min, 2);
		buf_append_byte(&date, ':');
		buf_append_number(&date, tm.tm_sec, 2);
		buf_append_text(&date, " +0000");
		word(&h, buf_view(&date));
	}
	end(&h);
}
