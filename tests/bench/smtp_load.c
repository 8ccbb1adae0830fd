/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A bounded load of SMTP for measuring: so many sessions at a time, so many
 * mails a session, until a number of mails or of seconds is reached. One
 * thread and poll(), so that it takes little of the machine itself. Counts
 * what got a 250 and how long that took from the final dot. */
#include "smtp_load.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
	"smtp_load [-s sessions] [-m mails a session] [-n mails in all]\n"
	"          [-t seconds at most] [-b bytes a mail | -f file]\n"
	"          [-P] [-T] [-r] [-i] ADDRESS PORT\n"
	"  -P  with PIPELINING: MAIL, RCPT and DATA in one packet\n"
	"  -T  by TLS from the first byte, a whole handshake each\n"
	"  -r  by TLS, with a ticket of a session before\n"
	"  -i  only opens the sessions and holds them until standard input\n"
	"      ends\n";

int64_t
load_now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void
read_number(const char *text, size_t *out)
{
	char *end;
	unsigned long long n = strtoull(text, &end, 10);

	if (*text == '\0' || *end != '\0') {
		fprintf(stderr, "smtp_load: no number: %s\n", text);
		exit(2);
	}
	*out = (size_t)n;
}

static void
read_arguments(struct load *l, int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "s:m:n:t:b:f:PTri")) != -1) {
		switch (c) {
		case 's': read_number(optarg, &l->session_count); break;
		case 'm': read_number(optarg, &l->mails_per_session); break;
		case 'n': read_number(optarg, &l->goal); break;
		case 't': read_number(optarg, &l->seconds); break;
		case 'b': read_number(optarg, &l->size); break;
		case 'f': l->file = optarg; break;
		case 'P': l->pipelines = true; break;
		case 'T': l->by_tls = true; break;
		case 'r': l->by_tls = l->resumes = true; break;
		case 'i': l->only_holds = true; break;
		default: fputs(usage, stderr); exit(2);
		}
	}
	if (argc - optind != 2 || l->session_count == 0 ||
	    l->mails_per_session == 0) {
		fputs(usage, stderr);
		exit(2);
	}
	l->address = argv[optind];
	l->port = argv[optind + 1];
}

static void
raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int
compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static uint32_t
percentile(const struct load *l, size_t thousandths)
{
	size_t last = l->accepted - 1;

	return l->accepted == 0 ? 0 : l->waits_us[last * thousandths / 1000];
}

static double
own_cpu_us(void)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 +
	       (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

static void
report(struct load *l, int64_t took_us)
{
	double mails = l->accepted == 0 ? 1.0 : (double)l->accepted;

	qsort(l->waits_us, l->accepted, sizeof(*l->waits_us), compare);
	printf("accepted=%zu refused=%zu broken=%zu seconds=%.3f "
	       "mails_per_second=%.0f p50_us=%u p99_us=%u p999_us=%u "
	       "own_cpu_us_per_mail=%.1f message_bytes=%zu resumed=%zu\n",
	       l->accepted, l->refused, l->broken, (double)took_us / 1e6,
	       (double)l->accepted * 1e6 / (double)took_us,
	       percentile(l, 500), percentile(l, 990), percentile(l, 999),
	       own_cpu_us() / mails, l->message_len, l->resumed);
}

/* Whether sessions may begin another mail. */
bool
load_goes_on(const struct load *l)
{
	return l->begun < l->goal && load_now_us() < l->deadline_us;
}

static void
run(struct load *l)
{
	struct pollfd *fds = calloc(l->session_count, sizeof(*fds));
	size_t open = 0;

	for (size_t i = 0; i < l->session_count; i++)
		open += session_open(&l->sessions[i]);
	while (open > 0) {
		/* A server that hangs must not hang us. */
		if (load_now_us() > l->deadline_us + 30000000) {
			l->broken += open;
			break;
		}
		for (size_t i = 0; i < l->session_count; i++)
			fds[i] = session_pollfd(&l->sessions[i]);
		if (poll(fds, l->session_count, 1000) < 0 && errno != EINTR)
			break;
		for (size_t i = 0; i < l->session_count; i++) {
			if (fds[i].revents == 0)
				continue;
			if (!session_go_on(&l->sessions[i]) &&
			    !(load_goes_on(l) &&
			      session_open(&l->sessions[i])))
				open--;
		}
	}
	free(fds);
}

/* For measuring what an idle session costs the server. */
static void
hold(struct load *l)
{
	size_t opened = 0;
	char byte;

	for (size_t i = 0; i < l->session_count; i++) {
		struct session_slot *s = &l->sessions[i];
		if (!session_open(s))
			continue;
		while (s->expects != EXPECT_MAIL) {
			struct pollfd p = session_pollfd(s);
			poll(&p, 1, 10000);
			if (p.revents == 0 || !session_go_on(s))
				break;
		}
		opened += s->expects == EXPECT_MAIL;
	}
	printf("held=%zu\n", opened);
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
}

int
main(int argc, char **argv)
{
	struct load l = { .session_count = 20, .mails_per_session = 1,
			  .goal = 10000, .seconds = 60, .size = 4096 };

	read_arguments(&l, argc, argv);
	signal(SIGPIPE, SIG_IGN);
	raise_descriptor_limit();
	if (!message_make(&l))
		return 1;
	l.waits_us = calloc(l.goal + 1, sizeof(*l.waits_us));
	l.sessions = calloc(l.session_count, sizeof(*l.sessions));
	for (size_t i = 0; i < l.session_count; i++)
		l.sessions[i] = (struct session_slot){ .load = &l, .fd = -1 };
	l.deadline_us = load_now_us() + (int64_t)l.seconds * 1000000;

	if (l.only_holds) {
		hold(&l);
	} else {
		int64_t began_us = load_now_us();
		run(&l);
		report(&l, load_now_us() - began_us);
	}
	free(l.sessions);
	free(l.waits_us);
	free(l.message);
	return l.accepted > 0 || l.only_holds ? 0 : 1;
}
