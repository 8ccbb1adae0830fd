/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parameters of MAIL and RCPT. */
#include "smtp/esmtp_parameter.h"

static bool
is_keyword(struct view v)
{
	if (v.len == 0 || !ascii_is_alnum(v.at[0]))
		return false;
	for (size_t i = 1; i < v.len; i++)
		if (!ascii_is_alnum(v.at[i]) && v.at[i] != '-')
			return false;
	return true;
}

static bool
is_value(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (v.at[i] <= ' ' || v.at[i] > '~' || v.at[i] == '=')
			return false;
	return v.len > 0;
}

enum esmtp_parameter_kind
esmtp_parameter_next(struct view *rest, struct esmtp_parameter *out)
{
	*rest = view_trim(*rest);
	if (rest->len == 0)
		return ESMTP_PARAMETER_END;
	size_t end = view_find(*rest, ' ');
	struct view one = view_slice(*rest, 0, end);
	size_t equals = view_find(one, '=');
	*rest = view_slice(*rest, end, rest->len);
	out->keyword = view_slice(one, 0, equals);
	out->value = view_slice(one, equals + 1, one.len);
	out->has_value = equals < one.len;
	if (!is_keyword(out->keyword))
		return ESMTP_PARAMETER_BAD;
	if (out->has_value && !is_value(out->value))
		return ESMTP_PARAMETER_BAD;
	return ESMTP_PARAMETER_GOOD;
}
