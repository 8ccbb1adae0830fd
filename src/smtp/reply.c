/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of replies. Nothing a client sent is ever part of one, so none
 * can be made to carry foreign bytes or outgrow its line. */
#include "smtp/reply.h"

#include <assert.h>
#include <string.h>

struct sentence {
	const char *name;       /* "REPLY_OK" */
	struct view code;       /* with the enhanced one, and a space */
	struct view words;
	bool names_us;          /* the hostname stands between the two */
};

#define SAY(which, code, words) \
	[which] = { #which, VIEW(code " "), VIEW(words), false },
#define SAY_AS_US(which, code, words) \
	[which] = { #which, VIEW(code " "), VIEW(words), true },

static const struct sentence sentences[REPLIES] = {
	REPLY_TABLE(SAY, SAY_AS_US)
};

static void
append(struct buf *out, struct view bytes)
{
	/* SESSION_OUT_CEILING has room for the most that one call says. */
	int result = buf_append(out, bytes);
	assert(result == 0);
}

void
reply_append(struct buf *out, enum reply which, const char *hostname)
{
	const struct sentence *s = &sentences[which];

	append(out, s->code);
	if (s->names_us)
		append(out, view_slice(view_of(hostname), 0, 255));
	append(out, s->words);
	append(out, VIEW("\r\n"));
}

void
reply_append_with(struct buf *out, enum reply which, const char *words)
{
	reply_append(out, which, NULL);
	out->len -= 2;
	append(out, view_slice(view_of(words), 0, 255));
	append(out, VIEW("\r\n"));
}

struct view
reply_code(enum reply which)
{
	return view_trim(sentences[which].code);
}

struct view
reply_words(enum reply which)
{
	return view_trim(sentences[which].words);
}

const char *
reply_name(enum reply which)
{
	return sentences[which].name + strlen("REPLY_");
}

char
reply_class(enum reply which)
{
	return sentences[which].code.at[0];
}
