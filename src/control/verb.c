/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `-s VERB`: what the operator wants of the running master. */
#include "control/verb.h"

#include "base/clock.h"
#include "base/pid_file.h"
#include "base/service_health.h"
#include "control/ask_master.h"
#include "control/masters.h"
#include "control/status.h"
#include "control/top.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
	LONGEST_VERB = 32,
	LONGEST_ANSWER = 1024 * 1024,
	LONGEST_STATUS = 16 * 1024 * 1024
};

static void
put(FILE *where, const struct buf *text)
{
	if (text->len > 0)
		fwrite(text->at, 1, text->len, where);
}

static enum exit_code
not_running(const struct verb_request *request)
{
	struct buf others = BUF(LONGEST_ANSWER);

	fprintf(stderr, "guerrilla-smtpd: not running: nobody holds %s\n",
		request->pid_file);
	/* Perhaps it was started with another configuration. */
	masters_list(&others);
	put(stderr, &others);
	buf_release(&others);
	return EXIT_NOT_RUNNING;
}

/* Whether all is well. */
static bool
print_status(const struct scoreboard *b, const struct verb_request *request,
	     struct buf *out)
{
	struct moment now = { clock_us(), clock_wall_us() };
	struct service_health h;
	struct buf faults = BUF(LONGEST_ANSWER);

	if (!request->as_json) {
		bool is_well = status_print_summary(b, &now, out);
		buf_append_byte(out, '\n');
		struct status_shape shape = {
			.width = request->is_wide ? 0 : STATUS_WIDTH,
		};
		status_print_table(b, &now, &shape, out);
		return is_well;
	}
	status_print_json(b, now.now_us, now.wall_us, out);
	service_health_read(b, &h);
	size_t count = service_health_faults(&h, now.wall_us / 1000000,
					     &faults);
	buf_release(&faults);
	return count == 0;
}

static enum exit_code
show_status(const struct verb_request *request)
{
	struct buf text = BUF(LONGEST_STATUS);

	/* A scoreboard may lie there after its master was killed. */
	pid_t owner = pid_file_owner(request->pid_file);
	if (owner == 0)
		return not_running(request);
	struct scoreboard *b = owner > 0 ? scoreboard_open(request->run_dir) :
					   NULL;
	if (b == NULL) {
		fprintf(stderr, "guerrilla-smtpd: cannot read %s%s: %s%s\n",
			owner > 0 ? request->run_dir : request->pid_file,
			owner > 0 ? "/scoreboard" : "",
			errno == EPROTO ? "another version wrote it" :
					  strerror(errno),
			errno == EACCES ? "; ask as root or as the service's "
					  "account" : "");
		return EXIT_REFUSED;
	}
	bool is_well = print_status(b, request, &text);
	put(stdout, &text);
	buf_release(&text);
	scoreboard_close(&b);
	if (fflush(stdout) != 0)
		return EXIT_REFUSED;
	return is_well ? EXIT_DONE : EXIT_DEGRADED;
}

enum exit_code
verb_run(const struct verb_request *request)
{
	struct buf answer = BUF(LONGEST_ANSWER);
	char verb[LONGEST_VERB];

	if (strcmp(request->verb, "status") == 0)
		return show_status(request);
	if (strcmp(request->verb, "top") == 0 &&
	    pid_file_owner(request->pid_file) == 0)
		return not_running(request);
	if (strcmp(request->verb, "top") == 0)
		return top_run(request->run_dir, request->pid_file);
	snprintf(verb, sizeof(verb), "%s%s%.20s", request->verb,
		 request->length != NULL ? " " : "",
		 request->length != NULL ? request->length : "");
	enum exit_code outcome = ask_master(request->run_dir,
					    request->pid_file, verb,
					    &answer);
	put(outcome == EXIT_DONE ? stdout : stderr, &answer);
	buf_release(&answer);
	return outcome == EXIT_NOT_RUNNING ? not_running(request) : outcome;
}
