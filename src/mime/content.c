/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The body: which part it is. */
#include "mime/content.h"

#include "mime/html.h"

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

/* Each round looks at as many parts as this at most: a thousand empty ones
 * are not decoded again and again. */
enum { MOST_TRIES = 32 };

struct body
content_choose(struct content *c, const struct structure *s)
{
	struct view charset = VIEW("");

	for (size_t r = 0; r < sizeof(rounds) / sizeof(rounds[0]); r++) {
		const struct round *round = &rounds[r];
		size_t tries = 0;
		for (size_t i = 0; i < s->count && tries < MOST_TRIES; i++) {
			const struct part *part = &s->parts[i];
			/* A message that is nothing but an attached text is
			 * shown all the same. */
			if (part->kind != round->kind ||
			    (part->messages > 0) != round->is_within ||
			    !part->is_closed || part->to <= part->from ||
			    (part->is_attachment && i > 0))
				continue;
			tries++;
			if (c->is_late)
				break;
			struct view text = content_text(c, part, &charset);
			bool is_empty = part->kind == PART_HTML &&
					!round->may_be_tags
					? html_is_empty(text)
					: text_is_blank(text);
			if (!is_empty)
				return (struct body){ text, charset,
						      part->type,
						      round->grade };
			content_forget(c);
		}
	}
	return (struct body){ VIEW(""), VIEW(""), VIEW(""), CONTENT_NONE };
}

/* "A leaf with disposition attachment or a file name, or neither text nor an
 * inline image with a Content-ID". A container counts where it says so. */
bool
content_has_attachment(const struct structure *s)
{
	for (const struct part *part = s->parts;
	     part < s->parts + s->count; part++) {
		if (part->is_attachment || part->has_name)
			return true;
		switch (part->kind) {
		case PART_IMAGE:
			if (!part->is_inline || !part->has_id)
				return true;
			break;
		case PART_OTHER:
			if (!part->is_unopened)
				return true;
			break;
		case PART_HTML:
		case PART_PLAIN:
		case PART_TEXT:
		case PART_MULTIPART:
		case PART_MESSAGE:
			break;
		}
	}
	return false;
}
