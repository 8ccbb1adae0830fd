/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The body: which part it is. */
#include "mime/content.h"

#include "mime/html.h"

static bool
is_text(const struct part *part)
{
	return part->kind == PART_HTML || part->kind == PART_PLAIN ||
	       part->kind == PART_TEXT;
}

/* Text to be read. A message that is nothing but an attached text is shown
 * all the same. */
static bool
is_candidate(const struct structure *s, const struct part *part)
{
	return is_text(part) && part->is_closed && part->to > part->from &&
	       (!part->is_attachment || part == &s->parts[0]);
}

static bool
is_empty(const struct part *part, struct view text)
{
	return part->kind == PART_HTML ? html_is_empty(text) :
					 text_is_blank(text);
}

/* What each round of the search takes, best first. The text of a message
 * within is the last resort: it is not what this one says. */
static const struct round {
	enum part_kind kind;
	bool is_within;         /* of messages within this one */
	bool may_be_tags;       /* HTML of tags only, as of one picture */
	enum content_grade grade;
} rounds[] = {
	{ PART_HTML, false, false, CONTENT_IS_HTML },
	{ PART_PLAIN, false, false, CONTENT_IS_PLAIN },
	{ PART_HTML, false, true, CONTENT_FALLBACK },
	{ PART_TEXT, false, true, CONTENT_FALLBACK },
	{ PART_HTML, true, false, CONTENT_FALLBACK },
	{ PART_PLAIN, true, false, CONTENT_FALLBACK },
	{ PART_HTML, true, true, CONTENT_FALLBACK },
	{ PART_TEXT, true, true, CONTENT_FALLBACK },
};

static bool
try_part(struct content *c, const struct part *part,
	 const struct round *round, struct body *body_out)
{
	struct view charset = VIEW("");

	if (c->is_late)
		return false;
	struct view text = content_text(c, part, &charset);
	if (round->may_be_tags ? text_is_blank(text) : is_empty(part, text)) {
		content_forget(c);
		return false;
	}
	*body_out = (struct body){ text, charset, part->type, round->grade };
	return true;
}

/* Each round looks at as many parts as this at most: a thousand empty ones
 * are not decoded again and again. */
enum { MOST_TRIES = 32 };

struct body
content_choose(struct content *c, const struct structure *s)
{
	struct body body = { VIEW(""), VIEW(""), VIEW(""), CONTENT_NONE };

	for (size_t r = 0; r < sizeof(rounds) / sizeof(rounds[0]); r++) {
		const struct round *round = &rounds[r];
		size_t tries = 0;
		for (size_t i = 0; i < s->count && tries < MOST_TRIES; i++) {
			const struct part *part = &s->parts[i];
			if (part->kind != round->kind ||
			    (part->messages > 0) != round->is_within ||
			    !is_candidate(s, part))
				continue;
			tries++;
			if (try_part(c, part, round, &body))
				return body;
		}
	}
	return body;
}

/* "A leaf with disposition attachment or a file name, or neither text nor an
 * inline image with a Content-ID". A container counts where it says so. */
static bool
is_attachment(const struct part *part)
{
	if (part->is_attachment || part->has_name)
		return true;
	if (is_text(part) || part->kind == PART_MULTIPART ||
	    part->kind == PART_MESSAGE || part->is_unopened)
		return false;
	return !(part->kind == PART_IMAGE && part->is_inline && part->has_id);
}

bool
content_has_attachment(const struct structure *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (is_attachment(&s->parts[i]))
			return true;
	return false;
}
