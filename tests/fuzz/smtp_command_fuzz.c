/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One line as a command, as parameters and as the argument of BDAT: all views
 * lie within it. */
#include "smtp/commands.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
lies_within(struct view part, struct view whole)
{
	assert(part.len == 0 || (part.at >= whole.at &&
		part.at + part.len <= whole.at + whole.len));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view line = { (const char *)data, size };
	struct command command;
	struct esmtp_parameter p;
	size_t chunk, steps = 0;
	bool is_last;

	command_foreign(line);
	if (command_parse(line, &command) != COMMAND_GOOD)
		return 0;
	lies_within(command.verb, line);
	assert(command.verb.len > 0);
	lies_within(command.argument, line);
	if (content_parse_chunk(command.argument, &chunk, &is_last) ==
	    CHUNK_GOOD)
		assert(chunk <= SIZE_MAX / 2);
	struct view rest = command.argument;
	while (esmtp_parameter_next(&rest, &p) == ESMTP_PARAMETER_GOOD) {
		assert(p.keyword.len > 0 && steps++ < size);
		lies_within(p.keyword, line);
		lies_within(p.value, line);
	}
	return 0;
}
