/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The janitor process: a small loop around the channel to the master, with a
 * turn of work whenever one is due. */
#include "janitor/janitor.h"

#include "base/log.h"
#include "store/store.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

enum { IDLE_MS = 1000 };

struct janitor {
	const struct seat *seat;
	struct store *store;
};

/* Whether the master wants us to go on. Whatever it says that is not for the
 * logger alone means leave: there is nothing here that cannot be left. */
static bool
may_go_on(const struct janitor *j, int wait_ms)
{
	struct pollfd channel = { .fd = j->seat->channel, .events = POLLIN };
	char word = 0;

	int ready = poll(&channel, 1, wait_ms);
	if (ready < 0)
		return errno == EINTR;
	if (ready == 0)
		return true;
	ssize_t n = read(channel.fd, &word, 1);
	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	return n == 1 && word == SEAT_REOPEN;
}

int
janitor_run(const struct store_settings *settings, const struct seat *seat)
{
	const char ready = SEAT_READY;
	struct janitor j = {
		.seat = seat, .store = store_new(settings, seat->slot)
	};

	slot_set_state(seat->slot, SLOT_READY);
	if (write(seat->channel, &ready, 1) != 1)
		log_warn("the master does not listen to its janitor");
	while (may_go_on(&j, IDLE_MS))
		slot_beat(seat->slot, SLOT_LOOP);
	slot_set_state(seat->slot, SLOT_DRAINING);
	store_free(&j.store);
	return 0;
}
