/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a message as it came to a mail as it is stored. What is parsed now
 * is noted in the scoreboard, so that a message that kills its worker is
 * stored unparsed the next time. */
#include "worker/mail_reader.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/utf8.h"
#include "mime/mime.h"
#include "net/domain_name.h"
#include "smtp/blocked.h"
#include "smtp/trace.h"

#include <stdlib.h>
#include <string.h>

struct mail_reader {
	const struct worker_settings *settings;
	const struct child_context *context;
	struct mime_settings mime_settings;
	struct mime *mime;
	const struct domains *more_domains;
	const struct domains *more_blocked;
	struct buf trace;
	unsigned limits_met;            /* since limits_warned_us */
	int64_t limits_warned_us;
};

enum {
	WARN_LIMITS_US = 60 * 1000000,
	PRINTED_BYTES = 2 * 1024        /* of each end, for a fingerprint */
};

static bool
is_hosted(void *context, struct view domain)
{
	const struct mail_reader *r = context;
	char ascii[DOMAIN_NAME_SIZE];
	size_t len = domain_name_to_ascii(domain, ascii, sizeof(ascii));
	struct view name = { ascii, len };

	return len > 0 && (domains_match(r->settings->smtp.domains, name) ||
			   (r->more_domains != NULL &&
			    domains_match(r->more_domains, name)));
}

struct mail_reader *
mail_reader_new(const struct worker_settings *settings,
		const struct child_context *context)
{
	struct mail_reader *r = memory_new(1, sizeof(*r));

	r->settings = settings;
	r->context = context;
	r->mime_settings = settings->mime;
	r->mime_settings.is_hosted = is_hosted;
	r->mime_settings.context = r;
	r->mime = mime_new(&r->mime_settings);
	r->trace = BUF(TRACE_MAX);
	return r;
}

void
mail_reader_free(struct mail_reader **r)
{
	if (*r == NULL)
		return;
	mime_free(&(*r)->mime);
	buf_release(&(*r)->trace);
	free(*r);
	*r = NULL;
}

void
mail_reader_set_domains(struct mail_reader *r, const struct domains *more)
{
	r->more_domains = more;
}

void
mail_reader_set_blocked(struct mail_reader *r, const struct domains *more)
{
	r->more_blocked = more;
}

static uint64_t
mix(uint64_t print, struct view bytes)
{
	while (bytes.len >= sizeof(uint64_t)) {
		uint64_t word;
		memcpy(&word, bytes.at, sizeof(word));
		print = (print ^ word) * 0x9e3779b97f4a7c15u;
		print ^= print >> 32;
		bytes = view_slice(bytes, sizeof(word), bytes.len);
	}
	for (size_t i = 0; i < bytes.len; i++)
		print = (print ^ (unsigned char)bytes.at[i]) * 0x100000001b3u;
	return print;
}

/* Tells messages apart well enough for a list of killers. The ends are
 * enough, the first of which has the header's dates and ids: a mail of 25 MB
 * costs no more than one of 4 KB, and no byte is read twice. */
static uint64_t
fingerprint(const struct chain *raw)
{
	uint64_t print = raw->len;

	if (raw->first == NULL)
		return 1;
	struct view head = view_slice((struct view){ raw->first->bytes,
						     raw->first->len },
				      0, PRINTED_BYTES);
	size_t len = raw->last->len;
	size_t from = len > PRINTED_BYTES ? len - PRINTED_BYTES : 0;
	if (raw->last == raw->first && from < head.len)
		from = head.len;
	print = mix(print, head);
	print = mix(print, view_slice((struct view){ raw->last->bytes, len },
				      from, len));
	return print != 0 ? print : 1;
}

static void
parse(struct mail_reader *r, struct arena *arena, struct mail *mail)
{
	struct message *m = mail->message;
	int64_t began = clock_us();
	uint64_t print = fingerprint(&m->raw);

	if (scoreboard_is_poison(r->context->scoreboard, print)) {
		slot_count(r->context->slot, COUNT_POISON, 1);
		log_warn("a message that ended a worker before is stored "
			 "without parsing", LOG_STR("id", m->id));
		mime_read_plain(m, arena, mail);
	} else {
		slot_set_fingerprint(r->context->slot, print);
		mime_read(r->mime, m, arena, mail);
		slot_set_fingerprint(r->context->slot, 0);
	}
	int64_t now = clock_us();
	m->parse_us = now - began;
	if (mail->limits_met == 0)
		return;
	slot_count(r->context->slot, COUNT_LIMITS_MET, 1);
	for (unsigned bit = 0; mail->limits_met >> bit != 0; bit++)
		if (mail->limits_met >> bit & 1)
			slot_count_in(r->context->slot, SERIES_LIMITS_MET, bit);
	r->limits_met++;
	if (r->limits_warned_us != 0 &&
	    now - r->limits_warned_us < WARN_LIMITS_US)
		return;
	log_warn("a message is over a limit of the parser: its row tells "
		 "what came before", LOG_STR("id", m->id),
		 LOG_NUM("limits", mail->limits_met),
		 LOG_NUM("messages", r->limits_met));
	r->limits_warned_us = now;
	r->limits_met = 0;
}

/* Mail that names no hosted domain in any of its headers is most often spam
 * that was addressed by guessing. */
static enum verdict
check_header(struct mail_reader *r, struct mail *mail)
{
	enum header_check check = r->settings->header_check;

	if (check == HEADER_CHECK_OFF || mail->addressed == ADDRESSED_TO_US)
		return VERDICT_NONE;
	mail->spam_score += r->settings->header_check_score;
	if (check != HEADER_CHECK_REJECT ||
	    mail->addressed != ADDRESSED_ELSEWHERE)
		return VERDICT_NONE;
	for (const struct recipient *to = mail->message->envelope.first;
	     to != NULL; to = to->next)
		if (to->is_postmaster)
			return VERDICT_NONE;
	return VERDICT_HEADER_CHECK;
}

/* What the reader of the mail would take for its sender. */
static enum verdict
check_sender(const struct mail_reader *r, struct mail *mail)
{
	const struct smtp_settings *smtp = &r->settings->smtp;

	if (!smtp->blocks_by_header ||
	    !blocked_sender(smtp, r->more_blocked, mail->from))
		return VERDICT_NONE;
	mail->message->envelope.is_blocked = true;
	return smtp->discards_blocked ? VERDICT_DISCARDED : VERDICT_BLOCKED;
}

enum verdict
mail_reader_read(struct mail_reader *r, struct message *message,
		 struct arena *arena, struct mail *mail)
{
	*mail = (struct mail){ .message = message };
	parse(r, arena, mail);
	size_t len = utf8_cut_bytes(mail->message_id,
				    sizeof(message->message_id) - 1);
	memcpy(message->message_id, mail->message_id.at, len);
	message->message_id[len] = '\0';
	size_t most = r->settings->received;    /* RFC 5321 6.3 */
	if (most > 0 && mail->received > most)
		return VERDICT_LOOP;
	enum verdict verdict = check_sender(r, mail);
	if (verdict == VERDICT_NONE)
		verdict = check_header(r, mail);
	if (verdict != VERDICT_NONE || !r->settings->smtp.adds_trace_headers)
		return verdict;
	for (struct recipient *to = message->envelope.first; to != NULL;
	     to = to->next) {
		r->trace.len = 0;
		trace_write(message, to, r->settings->smtp.hostname,
			    &r->trace);
		to->trace = arena_copy(arena, buf_view(&r->trace));
	}
	return VERDICT_NONE;
}
