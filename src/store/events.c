/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Datagrams are gathered and go out by few system calls, to each path anew: a
 * front end may bind its socket when it likes, and again. */
#include "store/events.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/log_line.h"
#include "base/memory.h"
#include "base/utf8.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
	AT_ONCE = 32,                   /* datagrams of a call */
	GATHERED = 8 * EVENT_BYTES,
	LONGEST_FROM = 1024,
	TAIL = 128                      /* room for size and date, and keys */
};

struct events {
	const struct store_settings *settings;
	struct scoreboard_slot *slot;
	struct sockaddr_un *addresses;
	size_t count;                   /* of what is gathered */
	size_t used;
	struct iovec parts[AT_ONCE];
	struct mmsghdr heads[AT_ONCE];
	char text[GATHERED];
};

int
events_socket(void)
{
	return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

struct events *
events_new(const struct store_settings *settings, struct scoreboard_slot *slot)
{
	const struct strings *paths = &settings->event_sockets;

	if (paths->count == 0 || settings->event_socket < 0)
		return NULL;
	struct events *e = memory_new(1, sizeof(*e));
	e->settings = settings;
	e->slot = slot;
	e->addresses = memory_new(paths->count, sizeof(*e->addresses));
	for (size_t i = 0; i < paths->count; i++) {
		struct sockaddr_un *a = &e->addresses[i];
		a->sun_family = AF_UNIX;
		/* That it fits was checked with the configuration. */
		memcpy(a->sun_path, paths->at[i], strlen(paths->at[i]));
	}
	return e;
}

void
events_free(struct events **e)
{
	if (*e == NULL)
		return;
	free((*e)->addresses);
	free(*e);
	*e = NULL;
}

/* ---- One row ------------------------------------------------------------- */

/* How much of the front needs no escape. */
static size_t
plain_len(struct view v)
{
	size_t n = 0;

	while (n < v.len && v.at[n] >= ' ' && v.at[n] < 0x7f &&
	       v.at[n] != '"' && v.at[n] != '\\')
		n++;
	return n;
}

static void
put_text(struct buf *out, const char *key, struct view text, size_t most)
{
	size_t ceiling = out->ceiling;
	bool fits = true;

	buf_append_text(out, key);
	out->ceiling = ceiling - TAIL;
	if (out->len + most < out->ceiling)
		out->ceiling = out->len + most;
	while (fits && text.len > 0) {
		uint32_t code;
		size_t n = plain_len(text);
		if (n > 0) {
			fits = n <= out->ceiling - out->len;
			if (!fits)
				n = out->ceiling - out->len;
			buf_append(out, view_slice(text, 0, n));
		} else {
			n = utf8_decode(text, &code);
			n = n > 0 ? n : 1;
			fits = log_escape(out, LOG_AS_JSON,
					  view_slice(text, 0, n));
		}
		text = view_slice(text, n, text.len);
	}
	out->ceiling = ceiling;
	buf_append_byte(out, '"');
}

size_t
event_make(const struct row *row, char where[EVENT_BYTES])
{
	const struct message *m = row->mail->message;
	struct buf b = { .at = where, .size = EVENT_BYTES,
			 .ceiling = EVENT_BYTES };
	time_t seconds = (time_t)(m->complete_wall_us / 1000000);
	struct tm utc = { 0 };

	put_text(&b, "{\"id\":\"", view_of(m->id), MAIL_ID_LEN);
	put_text(&b, ",\"hash\":\"", view_of(row->hash), MAIL_ID_LEN);
	put_text(&b, ",\"to\":\"", row->recipient->key, EVENT_BYTES);
	put_text(&b, ",\"recipient\":\"", row->recipient->address,
		 EVENT_BYTES);
	put_text(&b, ",\"from\":\"", row->mail->from, LONGEST_FROM);
	put_text(&b, ",\"subject\":\"", row->mail->subject, EVENT_BYTES);
	gmtime_r(&seconds, &utc);
	buf_printf(&b, ",\"size\":%zu,"
		   "\"date\":\"%04d-%02d-%02dT%02d:%02d:%02dZ\"}",
		   m->raw.len, utc.tm_year + 1900, utc.tm_mon + 1,
		   utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
	/* However much was cut, TAIL has kept room for the end. */
	assert(b.len > 0 && b.at[b.len - 1] == '}');
	return b.len;
}

/* ---- All of them --------------------------------------------------------- */

/* What is gathered, to each of the sockets. */
static void
flush(struct events *e)
{
	size_t sockets = e->count > 0 ? e->settings->event_sockets.count : 0;

	assert(e->count <= AT_ONCE && e->used <= GATHERED);
	for (size_t k = 0; k < sockets; k++) {
		struct sockaddr_un *to = &e->addresses[k];
		int sent;
		for (size_t i = 0; i < e->count; i++)
			e->heads[i].msg_hdr = (struct msghdr){
				.msg_name = to, .msg_namelen = sizeof(*to),
				.msg_iov = &e->parts[i], .msg_iovlen = 1,
			};
		do
			sent = sendmmsg(e->settings->event_socket, e->heads,
					(unsigned)e->count,
					MSG_DONTWAIT | MSG_NOSIGNAL);
		while (sent < 0 && errno == EINTR);
		/* That some went and others did not means that it is full. */
		int error = sent < 0 ? errno : EAGAIN;
		size_t gone = sent < 0 ? 0 : (size_t)sent;
		slot_count(e->slot, COUNT_EVENTS, gone);
		slot_count(e->slot, COUNT_EVENTS_LOST, e->count - gone);
		/* One line, whatever the reasons are by turns. */
		if (gone < e->count && log_may_tell(TROUBLE_EVENTS, 1))
			log_warn("arrival events are lost",
				 LOG_STR("socket", to->sun_path),
				 LOG_STR("why", error == EAGAIN
					 ? "its reader does not keep up"
					 : strerror(error)));
	}
	e->count = 0;
	e->used = 0;
}

void
events_tell(struct events *e, struct mail *const *mails, size_t count)
{
	for (size_t i = 0; e != NULL && i < count; i++) {
		const struct message *m = mails[i]->message;
		const struct recipient *r = m->envelope.first;
		if (m->verdict != VERDICT_STORED)
			continue;
		for (unsigned n = 0; r != NULL; r = r->next, n++) {
			struct row row;
			if (r->is_discarded)
				continue;
			if (e->count == AT_ONCE ||
			    GATHERED - e->used < EVENT_BYTES)
				flush(e);
			row_make(&row, mails[i], r, n);
			char *at = e->text + e->used;
			size_t len = event_make(&row, at);
			e->parts[e->count++] = (struct iovec){ at, len };
			e->used += len;
		}
	}
	if (e != NULL)
		flush(e);
}
