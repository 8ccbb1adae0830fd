/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Content-Type and Content-Disposition, as GMime reads them. */
#include "mime/content_type.h"

#include "mime/columns.h"
#include "mime/content_rewrite.h"
#include "mime/gmime_text.h"

#include <gmime/gmime.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST_TYPE = 127, LONGEST_CHARSET = 40, LONGEST_BOUNDARY = 256 };

/* A lower-case copy; the common ones need none. */
static struct view
lowered(struct arena *arena, struct view v)
{
	static const struct view known[] = {
		VIEW("text/plain"), VIEW("text/html"), VIEW("utf-8"),
		VIEW("multipart/alternative"), VIEW("multipart/mixed"),
		VIEW("us-ascii"), VIEW("iso-8859-1"),
		VIEW("multipart/related"), VIEW("image/jpeg"),
		VIEW("image/png"), VIEW("application/pdf"),
		VIEW("application/octet-stream"), VIEW("windows-1252"),
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (view_equal_nocase(v, known[i]))
			return known[i];
	return columns_lower(arena, v);
}

static bool
is_token(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (v.at[i] <= ' ' || v.at[i] >= 0x7f ||
		    strchr("()<>@,;:\\\"[]?=", v.at[i]) != NULL)
			return false;
	return v.len > 0;
}

static const char *
parameter_of(GMimeParamList *list, enum content_name name)
{
	GMimeParam *p = list == NULL ? NULL :
		g_mime_param_list_get_parameter(list, content_names[name].at);
	const char *value = p != NULL ? g_mime_param_get_value(p) : NULL;

	return value != NULL ? value : "";
}

static bool
has_parameter(GMimeParamList *list, enum content_name name)
{
	return parameter_of(list, name)[0] != '\0';
}

static void
take_parameters(struct content_value *v, GMimeParamList *list,
		struct arena *arena)
{
	char boundary[LONGEST_BOUNDARY];
	struct view charset = view_trim(view_of(parameter_of(list,
							     CONTENT_CHARSET)));

	if (charset.len <= LONGEST_CHARSET && is_token(charset))
		v->charset = lowered(arena, charset);
	size_t n = gmime_text_bytes(parameter_of(list, CONTENT_BOUNDARY),
				    boundary, sizeof(boundary));
	while (n > 0 && (boundary[n - 1] == ' ' || boundary[n - 1] == '\t'))
		n--;
	if (n > 0)
		v->boundary = arena_copy(arena, (struct view){ boundary, n });
	v->has_name = has_parameter(list, CONTENT_NAME);
}

/* What most parts say, to the letter. */
static const struct content_literal {
	struct view value;
	struct view type;
	struct view charset;
} literals[] = {
	{ VIEW("text/plain; charset=utf-8"), VIEW("text/plain"),
	  VIEW("utf-8") },
	{ VIEW("text/html; charset=utf-8"), VIEW("text/html"),
	  VIEW("utf-8") },
	{ VIEW("text/plain; charset=\"utf-8\""), VIEW("text/plain"),
	  VIEW("utf-8") },
	{ VIEW("text/html; charset=\"utf-8\""), VIEW("text/html"),
	  VIEW("utf-8") },
	{ VIEW("text/plain"), VIEW("text/plain"), VIEW("") },
	{ VIEW("text/html"), VIEW("text/html"), VIEW("") },
	{ VIEW("text/plain; charset=us-ascii"), VIEW("text/plain"),
	  VIEW("us-ascii") },
	{ VIEW("text/plain; charset=iso-8859-1"), VIEW("text/plain"),
	  VIEW("iso-8859-1") },
};

static const struct content_literal *
find_literal(struct view value)
{
	for (size_t i = 0; i < sizeof(literals) / sizeof(literals[0]); i++)
		if (view_equal_nocase(value, literals[i].value))
			return &literals[i];
	return NULL;
}

struct content_value
content_type_read(struct view value, struct arena *arena)
{
	char copy[CONTENT_MOST_SEEN + 1], type[LONGEST_TYPE + 1];
	struct text out = { copy, 0, CONTENT_MOST_SEEN, false };
	struct content_value v = { VIEW(""), VIEW(""), VIEW(""), false };
	const struct content_literal *literal = find_literal(value);

	if (literal != NULL) {
		v.word = literal->type;
		v.charset = literal->charset;
		return v;
	}
	GMimeContentType *read = g_mime_content_type_parse(
		NULL, content_rewrite(value, &out, true));
	int len = snprintf(type, sizeof(type), "%s/%s",
			   g_mime_content_type_get_media_type(read),
			   g_mime_content_type_get_media_subtype(read));
	/* RFC 2046, 4: what nobody knows is bytes. */
	v.word = len > LONGEST_TYPE ? VIEW("application/octet-stream") :
		lowered(arena, view_of(type));
	take_parameters(&v, g_mime_content_type_get_parameters(read), arena);
	g_object_unref(read);
	return v;
}

struct content_value
content_disposition_read(struct view value, struct arena *arena)
{
	char copy[CONTENT_MOST_SEEN + 1];
	struct text out = { copy, 0, CONTENT_MOST_SEEN, false };
	struct content_value v = { VIEW(""), VIEW(""), VIEW(""), false };

	GMimeContentDisposition *read = g_mime_content_disposition_parse(
		NULL, content_rewrite(value, &out, false));
	const char *word = g_mime_content_disposition_get_disposition(read);
	v.word = lowered(arena, view_of(word));
	v.has_name = has_parameter(
		g_mime_content_disposition_get_parameters(read),
		CONTENT_FILENAME);
	g_object_unref(read);
	return v;
}
