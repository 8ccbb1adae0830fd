/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Descriptors that travel through a unix socket, with bytes beside them. */
#ifndef BASE_PASS_DESCRIPTOR_H
#define BASE_PASS_DESCRIPTOR_H

#include <stddef.h>
#include <sys/types.h>

/* As send(2); fd stays the caller's, and -1 sends the bytes alone. No
 * SIGPIPE. */
ssize_t pass_descriptor(int socket, const void *bytes, size_t len, int fd);

/* As recv(2), with a descriptor that is closed on exec in *fd_out, -1 where
 * none came. EINTR is tried again. */
ssize_t take_descriptor(int socket, void *bytes, size_t size, int *fd_out);

#endif
