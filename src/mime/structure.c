/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of a message. One pass, no recursion, a stack of boundaries: what
 * a library's tree of objects costs (a hundred times as much, and gigabytes
 * on hostile mail) buys nothing that a row needs. */
#include "mime/structure.h"

#include "base/memory.h"
#include "mime/mime.h"
#include "mime/part.h"

#include <assert.h>
#include <string.h>

struct frame {
	struct view boundary;   /* empty for a message */
	size_t part;
	bool is_digest;
	bool has_parts;
};

void
structure_begin(struct structure *s, const struct chain *raw,
		struct arena *arena)
{
	s->arena = arena;
	lines_init(&s->lines, raw);
	s->count = 0;
	s->frames = arena_reserve(arena, (s->limits->mime_depth + 1) *
					 sizeof(*s->frames));
	s->depth = 0;
	s->starts = 0;
	s->multiparts = 0;
	s->delimiters = 0;
	s->header = VIEW("");
	s->limits_met = 0;
	s->is_at_header = true;
	s->is_done = false;
}

/* Which bytes a delimiter may have behind its dashes: most lines of dashes
 * are none, and need not be looked at. */
static void
mark_starts(struct structure *s)
{
	s->starts = 0;
	for (size_t i = 0; i < s->depth; i++)
		if (s->frames[i].boundary.len > 0)
			s->starts |= UINT64_C(1) <<
				(s->frames[i].boundary.at[0] & 63);
}

static struct part *
add_part(struct structure *s)
{
	if (s->count == s->size) {
		s->size = s->size > 0 ? s->size * 2 : 16;
		s->parts = memory_resize(s->parts,
					 s->size * sizeof(*s->parts));
	}
	struct part *part = &s->parts[s->count++];
	memset(part, 0, sizeof(*part));
	return part;
}

/* Opens the part read last, a container. One beyond a limit is not opened:
 * what is in it is not text. */
static void
open_container(struct structure *s, struct part *part, struct view boundary)
{
	bool is_multipart = part->kind == PART_MULTIPART;
	unsigned over = 0;

	assert(part == &s->parts[s->count - 1]);
	if (s->depth >= s->limits->mime_depth)
		over |= MIME_LIMIT_DEPTH;
	if (is_multipart && s->multiparts >= s->limits->multiparts)
		over |= MIME_LIMIT_MULTIPARTS;
	s->limits_met |= over;
	if (over != 0) {
		part->is_unopened = true;
		part->kind = PART_OTHER;
		return;
	}
	s->multiparts += is_multipart;
	s->frames[s->depth++] = (struct frame){
		.boundary = is_multipart ? boundary : VIEW(""),
		.part = s->count - 1,
		.is_digest = view_equal(part->type, VIEW("multipart/digest")),
	};
	mark_starts(s);
	/* A message begins with its header, a multipart with a delimiter. */
	s->is_at_header = !is_multipart;
}

/* A multipart none of whose boundaries was found is the text it looks like. */
static void
become_text(struct part *part)
{
	part->kind = PART_PLAIN;
	part->type = VIEW("text/plain");
}

static void
read_header(struct structure *s)
{
	struct view boundary = VIEW("");
	const struct frame *around =
		s->depth > 0 ? &s->frames[s->depth - 1] : NULL;

	if (s->count >= s->limits->mime_parts) {
		s->limits_met |= MIME_LIMIT_PARTS;
		s->is_done = true;
		return;
	}
	struct view block = header_block(&s->lines, s->limits, s->arena,
					 &s->limits_met);
	if (s->count == 0)
		s->header = block;
	struct part *part = add_part(s);
	if (around != NULL)
		part->messages = s->parts[around->part].messages +
				 (around->boundary.len == 0 ? 1 : 0);
	part->from = part->to = s->lines.offset;
	part_read_fields(part, block, s, &boundary);
	if (part->type.len == 0 && around != NULL && around->is_digest) {
		part->type = VIEW("message/rfc822");
		part->kind = PART_MESSAGE;
	} else if (part->type.len == 0) {
		become_text(part);
	}
	s->is_at_header = false;
	/* RFC 2046 5.2.1 forbids an encoded message: it stays closed. */
	if (part->kind == PART_MESSAGE && part->encoding != TRANSFER_PLAIN)
		part->kind = PART_OTHER;
	if (part->kind == PART_MULTIPART && boundary.len == 0)
		become_text(part);
	else if (part->kind == PART_MULTIPART || part->kind == PART_MESSAGE)
		open_container(s, part, boundary);
}

static void
close_part(struct part *part, size_t to)
{
	if (part->is_closed)
		return;
	part->is_closed = true;
	part->to = to > part->from ? to : part->from;
}

/* Closes frames until that many are left, and the part that was open. */
static void
close_to(struct structure *s, size_t depth, size_t to)
{
	assert(depth <= s->depth);
	if (s->count > 0)
		close_part(&s->parts[s->count - 1], to);
	while (s->depth > depth) {
		struct frame *frame = &s->frames[--s->depth];
		struct part *part = &s->parts[frame->part];
		close_part(part, to);
		if (!frame->has_parts && part->kind == PART_MULTIPART) {
			become_text(part);
			part->to = to > part->from ? to : part->from;
		}
	}
	mark_starts(s);
}

enum likeness { OTHER_LINE, NEAR_MISS, DELIMITER, LAST_DELIMITER };

/* What the text of a line, behind its dashes, is to one boundary. */
static enum likeness
compare(struct view text, struct view boundary)
{
	enum { ALIKE = 3 };
	size_t alike = boundary.len < ALIKE ? boundary.len : ALIKE;

	if (boundary.len == 0 || text.len < boundary.len ||
	    memcmp(text.at, boundary.at, alike) != 0)
		return OTHER_LINE;
	if (memcmp(text.at, boundary.at, boundary.len) != 0)
		return NEAR_MISS;
	struct view rest = view_slice(text, boundary.len, text.len);
	if (rest.len == 0)
		return DELIMITER;
	return view_equal(rest, VIEW("--")) ? LAST_DELIMITER : NEAR_MISS;
}

static void
read_dashed(struct structure *s, const struct line *line)
{
	struct view text = view_slice(line->text, 2, line->text.len);
	enum likeness found = OTHER_LINE;
	size_t frame = s->depth;

	/* RFC 2046 5.1.1: blanks may follow a delimiter. */
	while (text.len > 0 && (text.at[text.len - 1] == ' ' ||
				text.at[text.len - 1] == '\t'))
		text.len--;
	/* The innermost frame whose delimiter it is. */
	while (found <= NEAR_MISS && frame > 0) {
		enum likeness one = compare(text, s->frames[--frame].boundary);
		if (one > found)
			found = one;
	}
	if (found == OTHER_LINE)
		return;
	if (s->delimiters++ >= s->limits->boundary_lines) {
		s->limits_met |= MIME_LIMIT_BOUNDARY_LINES;
		s->is_done = true;
		return;
	}
	if (found == NEAR_MISS)
		return;
	close_to(s, frame + 1, line->before);
	s->frames[frame].has_parts = true;
	if (found == DELIMITER) {
		s->is_at_header = true;
		return;
	}
	close_to(s, frame, line->before);
	s->is_done = s->depth == 0;
}

void
structure_read(struct structure *s, size_t until)
{
	struct line line;

	while (!s->is_done && s->lines.offset < until) {
		if (s->is_at_header) {
			read_header(s);
			continue;
		}
		/* No delimiter can end what is open. */
		if (s->starts == 0) {
			s->is_done = true;
			lines_seek(&s->lines, s->lines.chain->len);
			return;
		}
		if (lines_next_dashed(&s->lines, until, s->starts, &line))
			read_dashed(s, &line);
		else if (s->lines.offset >= s->lines.chain->len)
			s->is_done = true;
	}
}

void
structure_skip(struct structure *s, size_t offset)
{
	struct line cut;

	assert(offset >= s->lines.offset);
	lines_seek(&s->lines, offset);
	/* Most likely in the middle of a line. */
	(void)lines_next(&s->lines, &cut);
}

const struct part *
structure_open_part(const struct structure *s)
{
	if (s->count == 0 || s->is_at_header ||
	    s->parts[s->count - 1].is_closed)
		return NULL;
	return &s->parts[s->count - 1];
}

void
structure_end(struct structure *s)
{
	/* A message that ends with its last header has an empty body. */
	if (s->count == 0)
		read_header(s);
	close_to(s, 0, s->lines.offset);
	s->is_done = true;
}
