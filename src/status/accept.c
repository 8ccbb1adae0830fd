/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a client would rather have (RFC 9110 12.5.1). A comma or a semicolon
 * ends a part in quotes too: no parameter that is looked at has one. */
#include "status/accept.h"

#include <assert.h>

enum { WHOLE = 1000 };

/* Of ranges that match the closest counts, whatever its place. */
enum closeness { NO_MATCH, ANY_TYPE, ANY_SUBTYPE, THE_TYPE, THE_VERSION };

struct match {
	enum closeness closeness;
	unsigned quality;               /* thousandths */
};

/* Takes off text what stands before the separator, without spaces. */
static struct view
take_part(struct view *text, char separator)
{
	size_t end = view_find(*text, separator);
	struct view part = view_slice(*text, 0, end);

	*text = view_slice(*text, end + 1, text->len);
	return view_trim(part);
}

/* "0.25": 250; 0 for what is none. */
static unsigned
parse_quality(struct view text)
{
	struct view whole = take_part(&text, '.');
	size_t thousandths = 0;

	if (text.len > 3 || (text.len > 0 &&
			     !view_to_size(text, WHOLE - 1, &thousandths)))
		return 0;
	for (size_t digits = text.len; digits < 3; digits++)
		thousandths *= 10;
	if (view_equal(whole, VIEW("1")))
		return thousandths == 0 ? WHOLE : 0;
	assert(thousandths < WHOLE);
	return view_equal(whole, VIEW("0")) ? (unsigned)thousandths : 0;
}

/* range: without its parameters. */
static enum closeness
match_name(struct view range, struct view name)
{
	struct view subtype = range;
	struct view type = take_part(&subtype, '/');

	if (view_equal_nocase(range, name))
		return THE_TYPE;
	if (!view_equal(subtype, VIEW("*")))
		return NO_MATCH;
	if (view_equal_nocase(type, view_slice(name, 0, view_find(name, '/'))))
		return ANY_SUBTYPE;
	return view_equal(type, VIEW("*")) ? ANY_TYPE : NO_MATCH;
}

static struct match
match_field(struct view field, const struct media_type *type)
{
	struct match best = { NO_MATCH, 0 };

	while (field.len > 0) {
		struct view range = take_part(&field, ',');
		struct match m = { match_name(take_part(&range, ';'),
					      type->name), WHOLE };
		/* Other parameters of a type than its version say nothing to
		 * us. */
		while (range.len > 0) {
			struct view value = take_part(&range, ';');
			struct view name = take_part(&value, '=');
			value = view_trim(value);
			if (view_equal_nocase(name, VIEW("q")))
				m.quality = parse_quality(value);
			else if (m.closeness == THE_TYPE &&
				 view_equal_nocase(name, VIEW("version")))
				m.closeness = view_equal(value, type->version)
					? THE_VERSION : NO_MATCH;
		}
		if (m.closeness > best.closeness ||
		    (m.closeness != NO_MATCH &&
		     m.closeness == best.closeness &&
		     m.quality > best.quality))
			best = m;
	}
	return best;
}

bool
accept_prefers(struct view field, const struct media_type *special,
	       const struct media_type *usual)
{
	struct match s = match_field(field, special);
	struct match u = match_field(field, usual);

	return s.closeness > ANY_TYPE && s.quality > 0 &&
	       s.quality >= u.quality;
}
