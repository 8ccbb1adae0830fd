/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One client of the load: a command, its reply, the next command. */
#include "../smtp_load.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Its end, good or bad; always false for the caller to return. */
static bool
end(struct session_slot *s, bool is_good)
{
	transport_close(s);
	if (!is_good)
		s->load->broken++;
	return false;
}

bool
session_open(struct session_slot *s)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	int one = 1;

	*s = (struct session_slot){ .load = s->load };
	to.sin_port = htons((uint16_t)strtoul(s->load->port, NULL, 10));
	if (inet_pton(AF_INET, s->load->address, &to.sin_addr) != 1) {
		fprintf(stderr, "smtp_load: an IPv4 address, please\n");
		exit(2);
	}
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->fd < 0 ||
	    connect(s->fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		return end(s, false);
	fcntl(s->fd, F_SETFL, O_NONBLOCK);
	setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	transport_open(s);
	return true;
}

struct pollfd
session_pollfd(const struct session_slot *s)
{
	return (struct pollfd){ .fd = s->fd,
				.events = s->is_sending ? POLLOUT : POLLIN };
}

static bool
send_text(struct session_slot *s, enum expect expects, const char *text)
{
	size_t len = strlen(text);

	s->expects = expects;
	/* A command fits an empty socket buffer. */
	return transport_send(s, text, len) == (ssize_t)len;
}

static bool
send_message(struct session_slot *s)
{
	const struct load *l = s->load;

	while (s->sent < l->message_len) {
		ssize_t n = transport_send(s, l->message + s->sent,
					   l->message_len - s->sent);
		if (n < 0 && errno == EAGAIN) {
			s->is_sending = true;
			return true;
		}
		if (n < 0)
			return false;
		s->sent += (size_t)n;
	}
	s->is_sending = false;
	s->dot_us = load_now_us();
	return true;
}

/* The next mail of this session, or QUIT. Recipients differ, as they do. */
static bool
begin_mail(struct session_slot *s)
{
	struct load *l = s->load;
	char text[200];

	if (s->mails == l->mails_per_session || !load_goes_on(l))
		return send_text(s, EXPECT_QUIT, "QUIT\r\n");
	s->mails++;
	l->begun++;
	s->sent = 0;
	if (!l->pipelines)
		return send_text(s, EXPECT_MAIL,
				 "MAIL FROM:<sender@example.org>\r\n");
	snprintf(text, sizeof(text), "MAIL FROM:<sender@example.org>\r\n"
		 "RCPT TO:<user%zu@example.com>\r\nDATA\r\n", l->begun % 1000);
	return send_text(s, EXPECT_MAIL, text);
}

static bool
name_recipient(struct session_slot *s)
{
	char text[80];

	if (s->load->pipelines) {
		s->expects = EXPECT_RCPT;
		return true;
	}
	snprintf(text, sizeof(text), "RCPT TO:<user%zu@example.com>\r\n",
		 s->load->begun % 1000);
	return send_text(s, EXPECT_RCPT, text);
}

static bool
ask_for_data(struct session_slot *s)
{
	if (s->load->pipelines) {
		s->expects = EXPECT_DATA;
		return true;
	}
	return send_text(s, EXPECT_DATA, "DATA\r\n");
}

static bool
take_verdict(struct session_slot *s, int code)
{
	struct load *l = s->load;

	if (code == 250)
		l->waits_us[l->accepted++] =
			(uint32_t)(load_now_us() - s->dot_us);
	else
		l->refused++;
	return begin_mail(s);
}

/* Acts on a whole reply; false where the session cannot go on. */
static bool
take_reply(struct session_slot *s, int code)
{
	switch (s->expects) {
	case EXPECT_GREETING:
		return code == 220 && send_text(s, EXPECT_EHLO,
						"EHLO load.example.org\r\n");
	case EXPECT_EHLO:
		if (s->load->only_holds) {
			s->expects = EXPECT_MAIL;
			return code == 250;
		}
		return code == 250 && begin_mail(s);
	case EXPECT_MAIL:
		return code == 250 && name_recipient(s);
	case EXPECT_RCPT:
		return code == 250 && ask_for_data(s);
	case EXPECT_DATA:
		s->expects = EXPECT_DOT;
		return code == 354 && send_message(s);
	case EXPECT_DOT:
		return take_verdict(s, code);
	case EXPECT_QUIT:
		return false;
	}
	return false;
}

/* Takes the complete lines off the buffer, the last of each reply acted on. */
static bool
take_lines(struct session_slot *s)
{
	char *line = s->reply, *newline;
	bool is_going = true;

	while (is_going && (newline = memchr(line, '\n', s->reply_len -
				(size_t)(line - s->reply))) != NULL) {
		if (newline - line >= 4 && line[3] != '-')
			is_going = take_reply(s, (line[0] - '0') * 100 +
						 (line[1] - '0') * 10 +
						 (line[2] - '0'));
		line = newline + 1;
	}
	s->reply_len -= (size_t)(line - s->reply);
	memmove(s->reply, line, s->reply_len);
	return is_going;
}

bool
session_go_on(struct session_slot *s)
{
	if (s->is_sending)
		return send_message(s) || end(s, false);
	ssize_t n = transport_recv(s, s->reply + s->reply_len,
				   sizeof(s->reply) - s->reply_len);
	if (n < 0 && errno == EAGAIN)
		return true;
	if (n <= 0)
		return end(s, s->expects == EXPECT_QUIT);
	s->reply_len += (size_t)n;
	if (take_lines(s))
		return true;
	return end(s, s->expects == EXPECT_QUIT);
}
