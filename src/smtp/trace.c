/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trace headers (RFC 5321 4.4; "with" by RFC 3848 and RFC 6531 4.3; comments
 * and folding by RFC 5322). What a client said goes in as one word each, with
 * what could end a line or a comment taken away. */
#include "smtp/trace.h"

#include "base/utf8.h"

#include <arpa/inet.h>
#include <inttypes.h>
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

/* A blank, or a new line where what comes would not fit on this one. */
static void
space(struct header *h, size_t next)
{
	if (h->column + 1 + next <= FOLD_AT) {
		put(h, VIEW(" "));
		return;
	}
	buf_append(h->out, VIEW("\r\n\t"));
	h->column = 8;
}

static void
word(struct header *h, struct view bytes)
{
	space(h, bytes.len);
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
		size_t n = utf8_graphic_len(v);
		if (n > 0)
			buf_append(&b, view_slice(v, 0, n));
		v = view_slice(v, n > 0 ? n : 1, v.len);
	}
	buf_append_text(&b, after);
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

/* TCP-info: the address that the connection came from. */
static void
from_address(struct header *h, const struct address *client)
{
	char text[INET6_ADDRSTRLEN] = "";
	bool is_v6 = client->len == 16;

	inet_ntop(is_v6 ? AF_INET6 : AF_INET, client->bytes, text,
		  sizeof(text));
	foreign(h, is_v6 ? "([IPv6:" : "([", view_of(text), "])");
}

/* RFC 5322 3.3, in UTC, whatever the locale. */
static void
date(struct header *h, int64_t wall_us)
{
	static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu",
					"Fri", "Sat" };
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t seconds = (time_t)(wall_us / 1000000);
	struct tm tm;
	char text[64];
	struct buf b = { .at = text, .size = sizeof(text),
			 .ceiling = sizeof(text) };

	if (gmtime_r(&seconds, &tm) == NULL)
		return;
	buf_printf(&b, "%s, %d %s %d %02d:%02d:%02d +0000",
		   days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon],
		   tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
	word(h, buf_view(&b));
}

static void
received(const struct message *m, const struct recipient *r,
	 struct view hostname, struct buf *out)
{
	struct header h;

	begin(&h, out, VIEW("Received:"));
	foreign(&h, "from ", m->helo.len > 0 ? m->helo : VIEW("unknown"), "");
	from_address(&h, &m->client);
	foreign(&h, "by ", hostname, "");
	foreign(&h, "with ", m->protocol, "");
	if (m->tls.len > 0)
		foreign(&h, "(", m->tls, ")");
	foreign(&h, "id ", view_of(m->id), "");
	foreign(&h, "for <", r->address, ">;");
	date(&h, m->complete_wall_us);
	end(&h);
}

void
trace_write(const struct message *m, const struct recipient *r,
	    const char *hostname, struct buf *out)
{
	struct header h;

	begin(&h, out, VIEW("Return-Path:"));
	foreign(&h, "<", m->envelope.sender, ">");
	end(&h);
	begin(&h, out, VIEW("Delivered-To:"));
	foreign(&h, "", r->address, "");
	end(&h);
	received(m, r, view_of(hostname), out);
}
