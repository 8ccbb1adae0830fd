/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the Content-* fields of one part say. Only names that a row needs are
 * looked for; a file's name counts, what it is does not. */
#include "mime/part.h"

#include "mime/content_type.h"

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

/* What is being read. */
struct part_reader {
	struct part *part;
	struct arena *arena;
	struct view boundary;
};

static void
read_type(struct part_reader *r, struct view value)
{
	struct content_value type = content_type_read(value, r->arena);

	r->part->type = type.word;
	r->part->kind = kind_of(type.word);
	r->part->charset = type.charset;
	r->part->has_name |= type.has_name;
	r->boundary = type.boundary;
}

static void
read_disposition(struct part_reader *r, struct view value)
{
	struct content_value said = content_disposition_read(value, r->arena);

	r->part->is_attachment = view_equal(said.word, VIEW("attachment"));
	r->part->is_inline = view_equal(said.word, VIEW("inline"));
	r->part->has_name |= said.has_name;
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
		read_disposition(r, value);
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
