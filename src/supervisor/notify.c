/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One datagram to the socket named by the environment; a name that begins
 * with '@' is in the abstract space. */
#include "supervisor/notify.h"

#include "base/clock.h"
#include "base/view.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void
notify_send(const char *format, ...)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	char text[512];
	va_list args;

	size_t path_len = path != NULL ? strlen(path) : 0;
	if (path_len == 0 || path_len >= sizeof(to.sun_path))
		return;
	va_start(args, format);
	int len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (len <= 0 || (size_t)len >= sizeof(text))
		return;
	memcpy(to.sun_path, path, path_len);
	if (path[0] == '@')
		to.sun_path[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	sendto(fd, text, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL,
	       (const struct sockaddr *)&to,
	       (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
			   path_len));
	close(fd);
}

void
notify_reloading(void)
{
	notify_send("RELOADING=1\nMONOTONIC_USEC=%" PRId64 "\n"
		    "STATUS=Reloading\n", clock_us());
}

int64_t
notify_watchdog_ms(void)
{
	const char *usec = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");
	size_t us, whose;

	if (usec == NULL || !view_to_size(view_of(usec), INT64_MAX, &us))
		return 0;
	if (pid != NULL && (!view_to_size(view_of(pid), INT32_MAX, &whose) ||
			    whose != (size_t)getpid()))
		return 0;
	return us / 2000 > 0 ? (int64_t)(us / 2000) : 1;
}
