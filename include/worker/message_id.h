/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ids of messages: UUID version 7 (RFC 9562 5.7) as 32 lower-case hex digits
 * whose last four are 0000; a row puts its recipient's number there. */
#ifndef WORKER_MESSAGE_ID_H
#define WORKER_MESSAGE_ID_H

#include "mail.h"

/* Writes the id of a message that became complete at wall_us (microseconds
 * since 1970, UTC). The 12 bits behind the milliseconds tell the fraction
 * (RFC 9562 6.2, method 3), 46 bits are random. */
void message_id_make(int64_t wall_us, char id[MAIL_ID_LEN + 1]);

#endif
