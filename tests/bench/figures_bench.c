/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the figures of a mail of a connection of its own cost, four to a commit:
 * run under callgrind with two counts of mails, the difference is that of so
 * many mails. */
#include "base/scoreboard_layout.h"

#include <stdio.h>
#include <stdlib.h>

/* 220, EHLO, MAIL, RCPT, 354, 250, 221 */
enum { REPLIES = 7 };

int
main(int argc, char **argv)
{
	const struct slot_tenant tenant = { .role = SLOT_WORKER, .pid = 1 };
	int fd;
	struct scoreboard *board = scoreboard_create(&fd);

	if (argc != 2 || board == NULL) {
		fprintf(stderr, "usage: figures_bench MAILS\n");
		return 2;
	}
	scoreboard_occupy(board, 1, &tenant);
	struct scoreboard_slot *slot = scoreboard_slot_at(board, 1);
	for (int i = atoi(argv[1]); i > 0; i--) {
		slot_observe(slot, HISTOGRAM_RECEIVE, 500 + i);
		slot_observe(slot, HISTOGRAM_REPLY, 1500 + i);
		slot_observe(slot, HISTOGRAM_WAIT, 100 + i);
		slot_observe(slot, HISTOGRAM_PARSE, 40 + i);
		slot_observe(slot, HISTOGRAM_MESSAGE, 4096 + i);
		if (i % 4 == 0) {
			slot_observe(slot, HISTOGRAM_COMMIT, 1200 + i);
			slot_observe(slot, HISTOGRAM_BATCH_ROWS, 4);
		}
		for (size_t reply = 0; reply < REPLIES; reply++)
			slot_count_in(slot, SERIES_REPLIES, reply);
	}
	return 0;
}
