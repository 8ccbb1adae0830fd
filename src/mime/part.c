/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the Content-* fields of one part say, as GMime reads them. Only names
 * that a row needs are looked for; a file's name counts, what it is does
 * not. */
#include "mime/part.h"

#include "mime/columns.h"
#include "mime/content_rewrite.h"
#include "mime/gmime_text.h"

#include <assert.h>
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

/* "" without one. */
static const char *
parameter_of(GMimeParamList *list, enum content_name name)
{
	GMimeParam *p = list == NULL ? NULL :
		g_mime_param_list_get_parameter(list, content_names[name].at);
	const char *value = p != NULL ? g_mime_param_get_value(p) : NULL;

	return value != NULL ? value : "";
}

/* What most parts say, to the letter: GMime need not read it. */
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

struct content_value
content_type_read(struct view value, struct arena *arena)
{
	char copy[CONTENT_MOST_SEEN + 1], type[LONGEST_TYPE + 1];
	char boundary[LONGEST_BOUNDARY];
	struct text out = { copy, 0, CONTENT_MOST_SEEN, false };
	struct content_value v = { VIEW(""), VIEW(""), VIEW(""), false };

	for (size_t i = 0; i < sizeof(literals) / sizeof(literals[0]); i++)
		if (value.len == literals[i].value.len &&
		    view_equal_nocase(value, literals[i].value)) {
			v.word = literals[i].type;
			v.charset = literals[i].charset;
			return v;
		}
	GMimeContentType *read = g_mime_content_type_parse(
		NULL, content_rewrite(value, &out, true));
	GMimeParamList *list = g_mime_content_type_get_parameters(read);
	int len = snprintf(type, sizeof(type), "%s/%s",
			   g_mime_content_type_get_media_type(read),
			   g_mime_content_type_get_media_subtype(read));
	/* RFC 2046, 4: what nobody knows is bytes. */
	v.word = len > LONGEST_TYPE ? VIEW("application/octet-stream") :
		lowered(arena, view_of(type));
	struct view charset = view_trim(view_of(
		parameter_of(list, CONTENT_CHARSET)));
	if (charset.len <= LONGEST_CHARSET && is_token(charset))
		v.charset = lowered(arena, charset);
	size_t n = gmime_text_bytes(parameter_of(list, CONTENT_BOUNDARY),
				    boundary, sizeof(boundary));
	while (n > 0 && (boundary[n - 1] == ' ' || boundary[n - 1] == '\t'))
		n--;
	if (n > 0)
		v.boundary = arena_copy(arena, (struct view){ boundary, n });
	v.has_name = parameter_of(list, CONTENT_NAME)[0] != '\0';
	g_object_unref(read);
	return v;
}

struct content_value
content_disposition_read(struct view value, struct arena *arena)
{
	char copy[CONTENT_MOST_SEEN + 1];
	struct text out = { copy, 0, CONTENT_MOST_SEEN, false };
	GMimeContentDisposition *read = g_mime_content_disposition_parse(
		NULL, content_rewrite(value, &out, false));
	GMimeParamList *list = g_mime_content_disposition_get_parameters(read);
	const char *word = g_mime_content_disposition_get_disposition(read);
	struct content_value v = {
		lowered(arena, view_of(word)), VIEW(""), VIEW(""),
		parameter_of(list, CONTENT_FILENAME)[0] != '\0',
	};

	g_object_unref(read);
	return v;
}

static enum part_kind
kind_of(struct view type)
{
	static const struct {
		struct view start;
		enum part_kind kind;
	} kinds[] = {
		{ VIEW("text/html"), PART_HTML },
		{ VIEW("text/plain"), PART_PLAIN },
		{ VIEW("message/rfc822"), PART_MESSAGE },
		{ VIEW("message/global"), PART_MESSAGE },
		{ VIEW("message/news"), PART_MESSAGE },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (view_equal(type, kinds[i].start))
			return kinds[i].kind;
	if (view_starts_nocase(type, VIEW("multipart/")))
		return PART_MULTIPART;
	if (view_starts_nocase(type, VIEW("text/")))
		return PART_TEXT;
	return view_starts_nocase(type, VIEW("image/")) ? PART_IMAGE :
							  PART_OTHER;
}

enum { TYPE, ENCODING, DISPOSITION, ID, NAMES };

void
part_read_fields(struct part *part, struct view block, struct structure *s,
		 struct view *boundary_out)
{
	static const struct view names[NAMES] = {
		VIEW("content-type"), VIEW("content-transfer-encoding"),
		VIEW("content-disposition"), VIEW("content-id"),
	};
	bool is_seen[NAMES] = { false };
	struct content_value said;
	struct field field;

	assert(part->type.len == 0);
	*boundary_out = VIEW("");
	part->is_inline = true;
	while (header_next(&block, &field)) {
		int i = view_starts_nocase(field.name, VIEW("content-"))
				? 0 : NAMES;
		while (i < NAMES && !view_equal_nocase(field.name, names[i]))
			i++;
		/* Of several the first counts. */
		if (i == NAMES || is_seen[i])
			continue;
		is_seen[i] = true;
		struct view value = view_slice(field.value, 0,
					       s->limits->header_field);
		switch (i) {
		case TYPE:
			said = content_type_read(value, s->arena);
			part->type = said.word;
			part->kind = kind_of(said.word);
			part->charset = said.charset;
			part->has_name |= said.has_name;
			*boundary_out = said.boundary;
			break;
		case ENCODING:
			part->encoding = transfer_named(value);
			break;
		case DISPOSITION:
			said = content_disposition_read(value, s->arena);
			part->is_attachment = view_equal(said.word,
							 VIEW("attachment"));
			part->is_inline = view_equal(said.word,
						     VIEW("inline"));
			part->has_name |= said.has_name;
			break;
		case ID:
			part->has_id = value.len > 0;
			break;
		}
	}
}
