/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the Content-* fields of one part say. Only names that a row needs are
 * looked for; a file's name counts, what it is does not. */
#include "mime/part.h"

#include "mime/byte.h"
#include "mime/mime.h"
#include "mime/mime_parameter.h"

#include <string.h>

enum { LONGEST_TYPE = 127, LONGEST_CHARSET = 40, LONGEST_BOUNDARY = 256 };

static bool
is_token_byte(char c)
{
	return c > ' ' && c < 0x7f && strchr("()<>@,;:\\\"[]?=", c) == NULL;
}

static bool
is_token(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (!is_token_byte(v.at[i]))
			return false;
	return v.len > 0;
}

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
	char *copy = arena_reserve(arena, v.len);
	for (size_t i = 0; i < v.len; i++)
		copy[i] = ascii_lower(v.at[i]);
	return (struct view){ copy, v.len };
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

/* "type/subtype"; blanks around the slash are found in mail. */
static struct view
take_type(struct view *rest, struct arena *arena)
{
	char joined[LONGEST_TYPE];
	size_t n = 0;

	mime_parameter_skip_space(rest);
	while (rest->len > 0 && n < sizeof(joined)) {
		if (is_token_byte(rest->at[0]))
			joined[n++] = rest->at[0];
		else
			break;
		*rest = view_slice(*rest, 1, rest->len);
		if (joined[n - 1] == '/' ||
		    view_starts_nocase(view_trim(*rest), VIEW("/")))
			mime_parameter_skip_space(rest);
	}
	struct view type = { joined, n };
	size_t slash = view_find(type, '/');
	if (slash == 0 || slash + 1 >= n ||
	    view_find(view_slice(type, slash + 1, n), '/') != n - slash - 1)
		return VIEW("");
	return lowered(arena, type);
}

/* What is being read. */
struct part_reader {
	struct part *part;
	struct arena *arena;
	struct view boundary;
};

static void
read_charset(struct part_reader *r, struct view value)
{
	char found[LONGEST_CHARSET + 1];
	struct text text = { found, 0, sizeof(found), false };

	if (!mime_parameter_find(value, VIEW("charset"), &text))
		return;
	struct view charset = view_trim((struct view){ found, text.len });
	if (charset.len <= LONGEST_CHARSET && is_token(charset))
		r->part->charset = lowered(r->arena, charset);
}

static void
read_boundary(struct part_reader *r, struct view value)
{
	char found[LONGEST_BOUNDARY];
	struct text text = { found, 0, sizeof(found), false };

	if (!mime_parameter_find(value, VIEW("boundary"), &text))
		return;
	while (text.len > 0 && (found[text.len - 1] == ' ' ||
				found[text.len - 1] == '\t'))
		text.len--;
	r->boundary = arena_copy(r->arena, (struct view){ found, text.len });
}

static void
read_type(struct part_reader *r, struct view value)
{
	struct part *part = r->part;

	part->type = take_type(&value, r->arena);
	if (part->type.len > 0)
		part->kind = kind_of(part->type);
	part->has_name |= mime_parameter_has(value, VIEW("name"));
	read_charset(r, value);
	if (part->kind == PART_MULTIPART && part->type.len > 0)
		read_boundary(r, value);
}

static void
read_disposition(struct part *part, struct view value)
{
	struct view word = byte_trim(mime_parameter_take_word(&value), "\"'");

	part->is_attachment = view_equal_nocase(word, VIEW("attachment"));
	part->is_inline = view_equal_nocase(word, VIEW("inline"));
	part->has_name |= mime_parameter_has(value, VIEW("filename"));
}

enum content_field { CONTENT_TYPE, CONTENT_ENCODING, CONTENT_DISPOSITION,
		     CONTENT_ID, CONTENT_FIELDS };

static const struct view names[CONTENT_FIELDS] = {
	[CONTENT_TYPE] = VIEW("type"),
	[CONTENT_ENCODING] = VIEW("transfer-encoding"),
	[CONTENT_DISPOSITION] = VIEW("disposition"),
	[CONTENT_ID] = VIEW("id"),
};

static void
take_field(struct part_reader *r, enum content_field which, struct view value)
{
	struct part *part = r->part;

	switch (which) {
	case CONTENT_TYPE:
		read_type(r, value);
		break;
	case CONTENT_ENCODING:
		part->encoding = transfer_named(value);
		break;
	case CONTENT_DISPOSITION:
		read_disposition(part, value);
		break;
	case CONTENT_ID:
		part->has_id = value.len > 0;
		break;
	case CONTENT_FIELDS:
		break;
	}
}

void
part_read_fields(struct part *part, struct view block, struct structure *s,
		 struct view *boundary_out)
{
	const struct view prefix = VIEW("content-");
	struct part_reader r = { part, s->arena, VIEW("") };
	bool is_seen[CONTENT_FIELDS] = { false };
	struct field field;

	part->is_inline = true;
	while (header_next(&block, &field)) {
		if (!view_starts_nocase(field.name, prefix))
			continue;
		struct view name = view_slice(field.name, prefix.len,
					      field.name.len);
		struct view value = view_slice(field.value, 0,
					       s->limits->header_field);
		/* Of several the first counts. */
		for (int i = 0; i < CONTENT_FIELDS; i++) {
			if (is_seen[i] || !view_equal_nocase(name, names[i]))
				continue;
			is_seen[i] = true;
			take_field(&r, (enum content_field)i, value);
		}
	}
	*boundary_out = r.boundary;
}
