/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a good configuration becomes. */
#include "support/config_files.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define D "domains = {\"example.com\"}\n"

static struct config *
read_good(const struct config_files *f, const char *text)
{
	struct buf faults = BUF(1024 * 1024);
	struct config *c = config_files_read(f, text, &faults);

	if (c == NULL || faults.at[0] != '\0')
		fail_msg("%s", faults.at);
	buf_release(&faults);
	return c;
}

static void
defaults_are_those_of_the_manual(void **state)
{
	struct config *c = read_good(*state, D);
	const struct worker_settings *w = &c->worker;

	assert_string_equal(c->user, "nobody");
	assert_string_equal(c->group, "");
	assert_string_equal(c->run_dir, "/run/guerrilla-smtpd");
	assert_string_equal(c->pid_file, "/run/guerrilla-smtpd/pid");
	assert_string_equal(c->status_listen, "");
	assert_true(w->workers >= 2);
	assert_int_equal(c->watchdog_ms, 30000);
	assert_int_equal(c->sandbox, SANDBOX_ON);
	assert_false(c->may_be_root || c->keeps_bind_capability ||
		     c->dumps_core);
	assert_true(strlen(w->smtp.hostname) > 0);
	assert_int_equal(w->smtp.message_size, 25 << 20);
	assert_int_equal(w->store.message_size, 25 << 20);
	assert_int_equal(w->store.transaction_bytes, 100 << 20);
	assert_int_equal(w->memory, 256 << 20);
	assert_int_equal(w->command_ms, 300000);
	assert_int_equal(w->drain_ms, 300000);
	assert_int_equal(w->min_rate, 100);
	assert_int_equal(w->header_check, HEADER_CHECK_SCORE);
	assert_int_equal(w->smtp.commands, 1000);
	assert_int_equal(w->received, 100);
	assert_true(w->smtp.adds_trace_headers);
	assert_false(w->smtp.accepts_bare_newline);
	assert_int_equal(w->mime.mime_depth, 32);
	assert_int_equal(w->mime.cpu_us, 5000000);
	assert_int_equal(w->store.max_age_ms, 3600000);
	assert_int_equal(w->store.host_count, 1);
	assert_string_equal(w->store.hosts[0].name, "localhost");
	assert_int_equal(w->store.hosts[0].port, 0);
	assert_string_equal(w->store.table, "new_mail");
	assert_int_equal(w->store.on_outage, STORE_OUTAGE_TEMPFAIL);
	assert_int_equal(w->net.trusted_proxies.count, 2);
	assert_int_equal(w->net.certificate_count, 0);
	assert_int_equal(w->net.tls_min_version, 12);
	assert_string_equal(w->net.listeners[0].name, "0.0.0.0:25");
	assert_int_equal(w->net.listeners[0].tls, LISTEN_CLEAR);
	assert_int_equal(w->net.listeners[0].mode, 0660);
	assert_string_equal(c->log.target, "stderr");
	assert_int_equal(c->log.level, LOG_LEVEL_INFO);
	config_free(&c);
	assert_null(c);
}

static void
texts_and_numbers_reach_their_fields(void **state)
{
	struct config *c = read_good(*state,
		"/* two\nlines */ hostname = \"Mail.EXAMPLE.com.\" # and\n"
		D "workers = 010 bare_newline = accept trace_headers = off\n"
		"header_check = reject header_check_score = -2.5\n"
		"sandbox = 'kill' greet_delay = 1m watchdog = 4\n"
		"recipient_query = 'SELECT \"?\" FROM t WHERE a = ?'\n"
		"limits { memory = 1G mails = 7 }  timeouts { proxy = 3s }\n"
		"recycle { rss = 64M }\n"
		"store { on_outage = spool retention = 1h batch_rows = 1\n"
		"retention_domains = {'V.EXAMPLE=24h', '*.\xc3\xbc.x=0'} }\n"
		"log { target = /var/log/x format = json level = warn }\n");
	const struct worker_settings *w = &c->worker;

	assert_string_equal(w->smtp.hostname, "mail.example.com");
	assert_int_equal(w->workers, 10);
	assert_true(w->smtp.accepts_bare_newline);
	assert_false(w->smtp.adds_trace_headers);
	assert_int_equal(w->header_check, HEADER_CHECK_REJECT);
	assert_true(w->header_check_score < -2.4);
	assert_int_equal(c->sandbox, SANDBOX_KILL);
	assert_int_equal(w->greet_delay_ms, 60000);
	assert_true(w->smtp.has_recipient_query);
	assert_false(w->smtp.has_domains_query);
	assert_int_equal(w->memory, 1 << 30);
	assert_int_equal(w->smtp.mails, 7);
	assert_int_equal(w->proxy_ms, 3000);
	assert_int_equal(w->recycle_rss, 64 << 20);
	assert_int_equal(w->mime.cpu_us, 2000000);
	assert_int_equal(w->store.on_outage, STORE_OUTAGE_SPOOL);
	assert_int_equal(w->store.retention_ms, 3600000);
	assert_int_equal(w->store.retention_domains->keep_ms, 86400000);
	assert_string_equal(c->log.target, "/var/log/x");
	assert_int_equal(c->log.format, LOG_AS_JSON);
	assert_int_equal(c->log.level, LOG_LEVEL_WARN);
	config_free(&c);
}

static void
lists_and_blocks_reach_theirs(void **state)
{
	struct config *c = read_good(*state,
		"domains = {'B\xc3\xbc" "cher.example', \"*.B.example\",\n"
		"\t\"[IPv6:2001:db8::1]\",}\n"
		"discard = {\"Abuse@EXAMPLE.com\", \"*.void.example\"}\n"
		"listen \"unix:/run/x\" { mode = 0600 proxy_protocol = on }\n"
		"listen \"[::1]:2525\" { }\n"
		"mysql { hosts = {db1, \"db2:3307\", \"[::1]\", "
		"\"localhost:3306\"} order = spread password = 'a${b}\"c' }"
		"\n");
	const struct worker_settings *w = &c->worker;

	assert_true(domains_match(w->smtp.domains,
				  VIEW("xn--bcher-kva.example")));
	assert_true(domains_match(w->smtp.domains, VIEW("x.y.b.example")));
	assert_false(domains_match(w->smtp.domains, VIEW("b.example")));
	assert_true(domains_match(w->smtp.domains,
				  VIEW("[ipv6:2001:db8::1]")));
	assert_int_equal(w->smtp.discard_addresses.count, 1);
	assert_string_equal(w->smtp.discard_addresses.at[0],
			    "abuse@example.com");
	assert_true(domains_match(w->smtp.discard_domains,
				  VIEW("a.void.example")));
	assert_int_equal(w->net.listener_count, 2);
	assert_int_equal(w->net.listeners[0].mode, 0600);
	assert_true(w->net.listeners[0].has_proxy_protocol);
	assert_false(w->net.listeners[1].has_proxy_protocol);
	assert_int_equal(w->store.host_count, 4);
	assert_int_equal(w->store.hosts[0].port, 3306);
	assert_int_equal(w->store.hosts[1].port, 3307);
	assert_string_equal(w->store.hosts[2].name, "::1");
	assert_int_equal(w->store.hosts[3].port, 3306);
	assert_int_equal(w->store.order, STORE_ORDER_SPREAD);
	assert_string_equal(w->store.password, "a${b}\"c");
	config_free(&c);
}

static void
files_are_included_and_noted(void **state)
{
	const struct config_files *f = *state;
	char path[PATH_MAX];

	config_files_put(f, "more.conf", 0640,
			 "domains += {\"b.example\"}\n"
			 "mysql { include(\"secret.conf\") }\n");
	config_files_put(f, "secret.conf", 0600,
			 "password_file = \"secret\"\n");
	config_files_put(f, "secret", 0600, "pass word\r\nmore\n");
	config_files_put(f, "list", 0644, "c.example # c\n\n#\n*.d.example");
	struct config *c = read_good(f, D "include('more.conf')\n"
				     "domain_files = {\"list\"}\n"
				     "mysql { hosts += {\"db9\"} }\n");
	assert_int_equal(domains_count(c->worker.smtp.domains), 4);
	assert_string_equal(c->worker.store.password, "pass word");
	assert_int_equal(c->worker.store.host_count, 2);
	assert_string_equal(c->worker.store.hosts[1].name, "db9");
	assert_int_equal(c->file_count, 5);
	assert_string_equal(c->files[0].path,
			    config_files_path(f, "main.conf", path));
	assert_int_equal(c->files[0].mode, 0600);
	assert_string_equal(c->files[2].path,
			    config_files_path(f, "secret.conf", path));
	assert_string_equal(c->files[2].key, "include");
	assert_int_equal(c->files[2].owner, getuid());
	config_forget_secrets(c);
	assert_string_equal(c->worker.store.password, "");
	config_free(&c);
}

static void
variables_are_for_double_quotes(void **state)
{
	setenv("CONFIG_TEST_TABLE", "t$1\"", 1);
	unsetenv("CONFIG_TEST_NONE");
	struct config *c = read_good(*state, D
		"mysql { table = \"${CONFIG_TEST_TABLE}\"\n"
		"database = \"a${CONFIG_TEST_NONE:-b}\\x63\\\"\"\n"
		"user = '${CONFIG_TEST_TABLE}\\'\\\\\\n' }\n");

	assert_string_equal(c->worker.store.table, "t$1\"");
	assert_string_equal(c->worker.store.database, "abc\"");
	assert_string_equal(c->worker.store.user,
			    "${CONFIG_TEST_TABLE}'\\\\n");
	config_free(&c);
}

static char *
print(const struct config *c)
{
	struct buf out = BUF(1024 * 1024);

	config_print(c, &out);
	buf_append_byte(&out, '\0');
	return out.at;
}

/* What -T prints, read again, prints the same. */
static char *
print_twice(const struct config_files *f, const char *text)
{
	struct config *c = read_good(f, text);
	char *once = print(c);

	config_free(&c);
	c = read_good(f, once);
	char *twice = print(c);
	config_free(&c);
	assert_string_equal(once, twice);
	free(once);
	return twice;
}

static void
what_is_printed_can_be_read(void **state)
{
	char *text = print_twice(*state, D);

	assert_non_null(strstr(text, "\tcommand = 5m\n"));
	assert_non_null(strstr(text, "domains = {\"example.com\"}\n"));
	free(text);
	config_files_put(*state, "list", 0644, "*.d.example\n");
	text = print_twice(*state,
		"domains = {\"*\", \"a.example\"} domain_files = {\"list\"}\n"
		"primary_host = x.example allow_root = yes user = \"root\"\n"
		"listen \"unix:/run/a \\\"b\" { mode = 0600 }\n"
		"listen \"127.0.0.1:9\" { proxy_protocol = true }\n"
		"mysql { socket = '/run/\\\\x${y}' password = 'secret' }\n"
		"domains_query = 'SELECT \"a\\\\b\"\nFROM\tx'\n"
		"header_check_score = 0.25 blocked_clients = {10.0.0.0/8}\n"
		"timeouts { command = 90 min_rate = 2K lookup = 2m }\n"
		"limits { message_size = 1025 }\n");
	assert_null(strstr(text, "secret"));
	assert_non_null(strstr(text, "\tpassword = \"\"\n"));
	assert_non_null(strstr(text, "\tmode = \"0600\"\n"));
	assert_non_null(strstr(text, "\tcommand = 90s\n"));
	assert_non_null(strstr(text, "\tmin_rate = 2K\n"));
	assert_non_null(strstr(text, "\tmessage_size = 1025\n"));
	assert_non_null(strstr(text, "header_check_score = 0.25\n"));
	free(text);
}

static void
read_as_text(const char *path, struct buf *text)
{
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	for (int c; (c = fgetc(file)) != EOF;)
		buf_append_byte(text, (char)c);
	buf_append_byte(text, '\0');
	fclose(file);
}

/* The sample as it is, and with every key in it uncommented, says what the
 * program does without it. */
static void
the_sample_shows_the_defaults(void **state)
{
	struct buf sample = BUF(1024 * 1024);
	struct buf shown = BUF(1024 * 1024);

	read_as_text("etc/guerrilla-smtpd.conf", &sample);
	/* Its account, where nobody has installed anything. */
	char *account = strstr(sample.at, "\"guerrilla-smtpd\"");
	assert_non_null(account);
	memcpy(account, "\"nobody\"         ", 17);
	struct config *c = read_good(*state,
		"domains = {\"example.com\", \"*.example.net\"}\n"
		"hostname = \"mail.example.com\"\n");
	char *expected = print(c);
	config_free(&c);
	for (char *at = sample.at; *at != '\0'; at++) {
		bool is_first = at == sample.at || at[-1] == '\n' ||
				at[-1] == '\t';
		bool is_name = strncmp(at, "#tls_name", 9) == 0;
		bool is_key = at[0] == '#' && at[1] >= 'a' && at[1] <= 'z';
		if (!is_first || !is_key || is_name)
			buf_append_byte(&shown, *at);
	}
	buf_append_byte(&shown, '\0');
	c = read_good(*state, shown.at);
	char *printed = print(c);
	assert_string_equal(printed, expected);
	config_free(&c);
	c = read_good(*state, sample.at);
	config_free(&c);
	free(printed);
	free(expected);
	buf_release(&sample);
	buf_release(&shown);
}

static void
the_command_line_goes_before_the_file(void **state)
{
	struct buf faults = BUF(4096);
	char path[PATH_MAX];
	struct config_source from = {
		.file = config_files_path(*state, "main.conf", path),
		.port = 2525,
		.log_file = "/tmp/log.txt",
		.is_verbose = true,
	};

	config_files_put(*state, "main.conf", 0600,
			 D "listen \"127.0.0.1:9\" { }\n");
	struct config *c = config_read(&from, &faults);
	assert_non_null(c);
	assert_string_equal(c->worker.net.listeners[0].name, "0.0.0.0:2525");
	assert_string_equal(c->log.target, "/tmp/log.txt");
	assert_int_equal(c->log.level, LOG_LEVEL_DEBUG);
	assert_true(c->log.has_console);
	config_free(&c);
	from.log_file = NULL;
	c = config_read(&from, &faults);
	assert_string_equal(c->log.target, "stderr");
	assert_false(c->log.has_console);
	config_free(&c);
	from.is_daemon = true;
	c = config_read(&from, &faults);
	assert_string_equal(c->log.target, "syslog");
	assert_false(c->log.has_console);
	config_free(&c);
	buf_release(&faults);
}

static void
some_changes_need_a_restart(void **state)
{
	struct buf why = BUF(4096);
	struct config *a = read_good(*state, D);
	struct config *b = read_good(*state, D "workers = 9\n");
	struct config *other = read_good(*state, D
		"run_dir = \"/run/x\" allow_root = true user = \"daemon\"\n"
		"group = \"daemon\"\n");

	assert_true(config_is_same_process(a, b, &why));
	assert_int_equal(why.len, 0);
	assert_false(config_is_same_process(a, other, &why));
	buf_append_byte(&why, '\0');
	assert_string_equal(why.at,
		"user: a change from \"nobody\" to \"daemon\" needs a "
		"restart\n"
		"group: a change from \"\" to \"daemon\" needs a restart\n"
		"run_dir: a change from \"/run/guerrilla-smtpd\" to "
		"\"/run/x\" needs a restart\n"
		"pid_file: a change from \"/run/guerrilla-smtpd/pid\" to "
		"\"/run/x/pid\" needs a restart\n"
		"allow_root: a change from \"false\" to \"true\" needs a "
		"restart\n");
	config_free(&a);
	config_free(&b);
	config_free(&other);
	buf_release(&why);
}

static int
make_files(void **state)
{
	static struct config_files files;

	config_files_init(&files);
	*state = &files;
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_those_of_the_manual),
		cmocka_unit_test(texts_and_numbers_reach_their_fields),
		cmocka_unit_test(lists_and_blocks_reach_theirs),
		cmocka_unit_test(files_are_included_and_noted),
		cmocka_unit_test(variables_are_for_double_quotes),
		cmocka_unit_test(what_is_printed_can_be_read),
		cmocka_unit_test(the_sample_shows_the_defaults),
		cmocka_unit_test(the_command_line_goes_before_the_file),
		cmocka_unit_test(some_changes_need_a_restart),
	};

	return cmocka_run_group_tests(tests, make_files,
				      config_files_tear_down);
}
