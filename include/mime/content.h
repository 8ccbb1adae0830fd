/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The body: which part it is, and its text in UTF-8. */
#ifndef MIME_CONTENT_H
#define MIME_CONTENT_H

#include "mime/convert.h"
#include "mime/structure.h"

enum {
	CONTENT_STEP = 32 * 1024,       /* decoded at a time */
	CONTENT_MOST = 16 * 1024 * 1024 - 1     /* of a body: MEDIUMTEXT */
};

/* How good what was found is. */
enum content_grade { CONTENT_NONE, CONTENT_FALLBACK, CONTENT_IS_PLAIN,
		     CONTENT_IS_HTML };

struct body {
	struct view text;
	struct view charset;    /* declared, else assumed; lower case */
	struct view type;
	enum content_grade grade;
};

struct content {
	const struct chain *raw;
	struct arena *arena;
	struct charsets *sets;
	int64_t deadline_us;    /* of the thread's CPU time; 0: none */
	bool is_late;           /* the deadline was met */
	char *made;             /* the newest text in arena; NULL: none */
	size_t made_size;
	char step[CONTENT_STEP];
};

/* Chooses among the closed parts and decodes the one. Its text lies in the
 * message or is the newest allocation of the arena. */
struct body content_choose(struct content *c, const struct structure *s);

/* Whether one of the parts is an attachment, the open ones included. */
bool content_has_attachment(const struct structure *s);

#endif
