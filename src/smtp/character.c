/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Characters that may stand in an address or a header. */
#include "smtp/character.h"

#include "base/utf8.h"

size_t
character_len(struct view v)
{
	uint32_t code;

	if (v.len > 0 && v.at[0] >= ' ' && v.at[0] <= '~')
		return 1;
	size_t len = utf8_decode(v, &code);
	return len > 1 && code >= 0xa0 ? len : 0;
}

bool
character_all_ascii(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if ((unsigned char)v.at[i] >= 0x80)
			return false;
	return true;
}
