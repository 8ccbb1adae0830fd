/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of all keys, with defaults and ranges. The manual and the sample
 * configuration say the same; scripts/check-manual compares the three. */
#include "config/keys.h"

#include "config/config.h"

#define KILO ((int64_t)1024)
#define MEGA (1024 * KILO)
#define GIGA (1024 * MEGA)
#define SECOND ((int64_t)1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

const struct section section_table[] = {
	{ .name = "" },
	{ "listen", true, "an address: listen \"0.0.0.0:25\" { }" },
	{ .name = "tls" },
	{ "tls_name", true, "a name: tls_name \"mail.example.net\" { }" },
	{ .name = "limits" },
	{ .name = "timeouts" },
	{ .name = "recycle" },
	{ .name = "mysql" },
	{ .name = "store" },
	{ .name = "notify" },
	{ .name = "log" },
	{ .name = "status" },
	{ .name = NULL },
};

static const struct key_word header_checks[] = {
	{ "reject", HEADER_CHECK_REJECT },
	{ "score", HEADER_CHECK_SCORE },
	{ "off", HEADER_CHECK_OFF },
	{ NULL, 0 },
};

static const struct key_word bare_newlines[] = {
	{ "reject", false },
	{ "accept", true },
	{ NULL, 0 },
};

static const struct key_word blocked_actions[] = {
	{ "reject", false },
	{ "discard", true },
	{ NULL, 0 },
};

static const struct key_word event_methods[] = {
	{ "epoll", EVENT_EPOLL },
	{ "poll", EVENT_POLL },
	{ .name = NULL }
};

static const struct key_word sandboxes[] = {
	{ "on", SANDBOX_ON },
	{ "strict", SANDBOX_STRICT },
	{ "log", SANDBOX_LOG },
	{ "kill", SANDBOX_KILL },
	{ "off", SANDBOX_OFF },
	{ NULL, 0 },
};

static const struct key_word listen_tls_words[] = {
	{ "off", LISTEN_CLEAR },
	{ "starttls", LISTEN_STARTTLS },
	{ "implicit", LISTEN_IMPLICIT_TLS },
	{ NULL, 0 },
};

static const struct key_word tls_versions[] = {
	{ "1.2", 12 },
	{ "1.3", 13 },
	{ NULL, 0 },
};

static const struct key_word orders[] = {
	{ "listed", STORE_ORDER_LISTED },
	{ "spread", STORE_ORDER_SPREAD },
	{ NULL, 0 },
};

static const struct key_word outages[] = {
	{ "tempfail", STORE_OUTAGE_TEMPFAIL },
	{ "spool", STORE_OUTAGE_SPOOL },
	{ NULL, 0 },
};

static const struct key_word formats[] = {
	{ "text", LOG_AS_TEXT },
	{ "json", LOG_AS_JSON },
	{ NULL, 0 },
};

static const struct key_word event_formats[] = {
	{ "json", 0 },
	{ NULL, 0 },
};

static const struct key_word levels[] = {
	{ "debug", LOG_LEVEL_DEBUG },
	{ "info", LOG_LEVEL_INFO },
	{ "warn", LOG_LEVEL_WARN },
	{ "error", LOG_LEVEL_ERROR },
	{ NULL, 0 },
};

static const char *const loopback[] = { "127.0.0.1/32", "::1/128", NULL };
static const char *const localhost[] = { "localhost", NULL };
static const char *const nothing[] = { NULL };

#define AT(field) .offset = offsetof(struct config, field)
#define IN_LISTEN(field) .offset = offsetof(struct listen_settings, field)
#define IN_NAME(field) .offset = offsetof(struct certificate_settings, field)
#define RANGE(least, most) .min = (least), .max = (most)
#define ZERO_OR(least, most) RANGE(least, most), .may_be_zero = true

const struct key key_table[] = {
	{ "", "hostname", KEY_TEXT, AT(worker.smtp.hostname), "" },
	{ "", "user", KEY_TEXT, AT(user), "nobody" },
	{ "", "group", KEY_TEXT, AT(group), "" },
	{ "", "workers", KEY_COUNT, AT(worker.workers), "0", RANGE(0, 256) },
	{ "", "run_dir", KEY_PATH, AT(run_dir), "/run/guerrilla-smtpd" },
	{ "", "pid_file", KEY_PATH, AT(pid_file), "" },

	{ "listen", "tls", KEY_WORD, IN_LISTEN(tls), "",
	  .words = listen_tls_words },
	{ "listen", "proxy_protocol", KEY_FLAG, IN_LISTEN(has_proxy_protocol),
	  "false" },
	{ "listen", "mode", KEY_MODE, IN_LISTEN(mode), "0660",
	  RANGE(0, 0777) },

	{ "", "trusted_proxies", KEY_LIST, AT(trusted_proxies),
	  .values = loopback },
	{ "", "xclient_hosts", KEY_LIST, AT(xclient_hosts),
	  .values = nothing },
	{ "", "blocked_clients", KEY_LIST, AT(blocked_clients),
	  .values = nothing },

	{ "tls", "certificate", KEY_FILE, AT(tls.certificate), "" },
	{ "tls", "key", KEY_FILE, AT(tls.key), "" },
	{ "tls", "second_certificate", KEY_FILE, AT(tls_second.certificate),
	  "" },
	{ "tls", "second_key", KEY_FILE, AT(tls_second.key), "" },
	{ "tls", "min_version", KEY_WORD, AT(worker.net.tls_min_version),
	  "1.2", .words = tls_versions },
	{ "tls", "ticket_keys_file", KEY_FILE,
	  AT(worker.net.ticket_keys_file), "" },
	{ "tls_name", "certificate", KEY_FILE, IN_NAME(certificate), "" },
	{ "tls_name", "key", KEY_FILE, IN_NAME(key), "" },

	{ "", "domains", KEY_LIST, AT(domains), .values = nothing },
	{ "", "domain_files", KEY_LIST, AT(domain_files), .values = nothing },
	{ "", "domains_query", KEY_TEXT, AT(worker.store.domains_query), "" },
	{ "", "domains_refresh", KEY_DURATION,
	  AT(worker.store.domains_refresh_ms), "60", RANGE(SECOND, DAY) },
	{ "", "primary_host", KEY_TEXT, AT(worker.smtp.primary_host), "" },
	{ "", "recipient_query", KEY_TEXT, AT(worker.store.recipient_query),
	  "" },
	{ "", "discard", KEY_LIST, AT(discard), .values = nothing },
	{ "", "discard_over_rate", KEY_FLAG,
	  AT(worker.smtp.discards_over_rate), "false" },
	{ "", "blocked_senders", KEY_LIST, AT(blocked_senders),
	  .values = nothing },
	{ "", "blocked_sender_files", KEY_LIST, AT(blocked_sender_files),
	  .values = nothing },
	{ "", "blocked_senders_query", KEY_TEXT,
	  AT(worker.store.blocked_senders_query), "" },
	{ "", "blocked_senders_header", KEY_FLAG,
	  AT(worker.smtp.blocks_by_header), "false" },
	{ "", "blocked_action", KEY_FLAG, AT(worker.smtp.discards_blocked),
	  "reject", .words = blocked_actions },
	{ "", "header_check", KEY_WORD, AT(worker.header_check), "score",
	  .words = header_checks },
	{ "", "header_check_score", KEY_SCORE, AT(worker.header_check_score),
	  "1.0", RANGE(-1000, 1000) },
	{ "", "trace_headers", KEY_FLAG, AT(worker.smtp.adds_trace_headers),
	  "true" },
	{ "", "bare_newline", KEY_FLAG, AT(worker.smtp.accepts_bare_newline),
	  "reject", .words = bare_newlines },
	{ "", "greet_delay", KEY_DURATION, AT(worker.greet_delay_ms), "0",
	  RANGE(0, 5 * MINUTE) },

	{ "limits", "message_size", KEY_SIZE, AT(worker.smtp.message_size),
	  "25M", RANGE(KILO, GIGA) },
	{ "limits", "recipients", KEY_COUNT, AT(worker.smtp.recipients),
	  "100", RANGE(1, 65535) },
	{ "limits", "transaction_bytes", KEY_SIZE,
	  AT(worker.smtp.transaction_bytes), "100M", RANGE(KILO, 4 * GIGA) },
	{ "limits", "mails", KEY_COUNT, AT(worker.smtp.mails), "1000",
	  RANGE(1, 1000000000) },
	{ "limits", "errors", KEY_COUNT, AT(worker.smtp.errors), "10",
	  RANGE(1, 1000000) },
	{ "limits", "commands", KEY_COUNT, AT(worker.smtp.commands), "1000",
	  RANGE(0, 1000000000) },
	{ "limits", "received", KEY_COUNT, AT(worker.received), "100",
	  RANGE(0, 100000) },
	{ "limits", "connections", KEY_COUNT, AT(worker.connections), "4000",
	  RANGE(1, 1000000) },
	{ "limits", "connections_per_ip", KEY_COUNT,
	  AT(worker.connections_per_ip), "50", RANGE(1, 1000000) },
	{ "limits", "rate_per_ip", KEY_COUNT, AT(worker.rate_per_ip), "0",
	  RANGE(0, 1000000) },
	{ "limits", "discard_over_rate", KEY_FLAG,
	  AT(worker.discards_over_rate), "false" },
	{ "limits", "rate_per_recipient", KEY_COUNT,
	  AT(worker.rate_per_recipient), "0", RANGE(0, 60000) },
	{ "limits", "rate_per_domain", KEY_COUNT, AT(worker.rate_per_domain),
	  "0", RANGE(0, 60000) },
	{ "limits", "memory", KEY_SIZE, AT(worker.memory), "256M",
	  RANGE(MEGA, 1024 * GIGA) },
	{ "limits", "header_lines", KEY_COUNT, AT(worker.mime.header_lines),
	  "5000", RANGE(10, 100000) },
	{ "limits", "header_bytes", KEY_SIZE, AT(worker.mime.header_bytes),
	  "256K", RANGE(KILO, 16 * MEGA) },
	{ "limits", "header_field", KEY_SIZE, AT(worker.mime.header_field),
	  "64K", RANGE(998, MEGA) },
	{ "limits", "header_colons", KEY_COUNT, AT(worker.mime.header_colons),
	  "500", RANGE(1, 2000) },
	{ "limits", "boundary_lines", KEY_COUNT,
	  AT(worker.mime.boundary_lines), "10000", RANGE(10, 1000000) },
	{ "limits", "multiparts", KEY_COUNT, AT(worker.mime.multiparts),
	  "100", RANGE(1, 10000) },
	{ "limits", "mime_parts", KEY_COUNT, AT(worker.mime.mime_parts),
	  "1000", RANGE(1, 100000) },
	{ "limits", "mime_depth", KEY_COUNT, AT(worker.mime.mime_depth),
	  "32", RANGE(1, 64) },

	{ "timeouts", "command", KEY_DURATION, AT(worker.command_ms), "300",
	  RANGE(SECOND, DAY) },
	{ "timeouts", "data", KEY_DURATION, AT(worker.data_ms), "300",
	  RANGE(SECOND, DAY) },
	{ "timeouts", "transaction", KEY_DURATION, AT(worker.transaction_ms),
	  "900", RANGE(SECOND, DAY) },
	{ "timeouts", "min_rate", KEY_SIZE, AT(worker.min_rate), "100",
	  RANGE(0, GIGA) },
	{ "timeouts", "lookup", KEY_DURATION, AT(worker.store.lookup_ms),
	  "10", RANGE(SECOND, 10 * MINUTE) },
	{ "timeouts", "tls", KEY_DURATION, AT(worker.tls_ms), "30",
	  RANGE(SECOND, 10 * MINUTE) },
	{ "timeouts", "proxy", KEY_DURATION, AT(worker.proxy_ms), "5",
	  RANGE(SECOND, 10 * MINUTE) },
	{ "timeouts", "shutdown", KEY_DURATION, AT(worker.shutdown_ms), "30",
	  RANGE(SECOND, DAY) },
	{ "timeouts", "drain", KEY_DURATION, AT(worker.drain_ms), "300",
	  RANGE(SECOND, DAY) },

	{ "recycle", "mails", KEY_COUNT, AT(worker.recycle_mails), "0",
	  RANGE(0, 1000000000000) },
	{ "recycle", "rss", KEY_SIZE, AT(worker.recycle_rss), "0",
	  ZERO_OR(16 * MEGA, 1024 * GIGA) },

	{ "", "event_method", KEY_WORD, AT(worker.event_method), "epoll",
	  .words = event_methods },
	{ "", "watchdog", KEY_DURATION, AT(watchdog_ms), "30",
	  RANGE(2 * SECOND, HOUR) },
	{ "", "sandbox", KEY_WORD, AT(sandbox), "on", .words = sandboxes },
	{ "", "keep_bind_capability", KEY_FLAG, AT(keeps_bind_capability),
	  "false" },
	{ "", "core_dumps", KEY_FLAG, AT(dumps_core), "false" },
	{ "", "allow_root", KEY_FLAG, AT(may_be_root), "false" },

	{ "mysql", "hosts", KEY_LIST, AT(hosts), .values = localhost },
	{ "mysql", "order", KEY_WORD, AT(worker.store.order), "listed",
	  .words = orders },
	{ "mysql", "socket", KEY_PATH, AT(worker.store.socket), "" },
	{ "mysql", "user", KEY_TEXT, AT(worker.store.user), "" },
	{ "mysql", "password", KEY_TEXT, AT(worker.store.password), "",
	  .is_secret = true },
	{ "mysql", "password_file", KEY_FILE, AT(password_file), "" },
	{ "mysql", "database", KEY_TEXT, AT(worker.store.database), "" },
	{ "mysql", "table", KEY_TEXT, AT(worker.store.table), "new_mail" },
	{ "mysql", "tls", KEY_FLAG, AT(worker.store.has_tls), "false" },
	{ "mysql", "tls_ca", KEY_FILE, AT(worker.store.tls_ca), "" },
	{ "mysql", "connect_timeout", KEY_DURATION,
	  AT(worker.store.connect_timeout_ms), "2",
	  RANGE(SECOND, 10 * MINUTE) },
	{ "mysql", "timeout", KEY_DURATION, AT(worker.store.timeout_ms),
	  "10", RANGE(SECOND, 10 * MINUTE) },
	{ "mysql", "max_age", KEY_DURATION, AT(worker.store.max_age_ms),
	  "1h", RANGE(SECOND, 7 * DAY) },

	{ "store", "raw_table", KEY_TEXT, AT(worker.store.raw_table), "" },
	{ "store", "batch_rows", KEY_COUNT, AT(worker.store.batch_rows),
	  "32", RANGE(1, 1000) },
	{ "store", "batch_bytes", KEY_SIZE, AT(worker.store.batch_bytes),
	  "1M", RANGE(4 * KILO, 64 * MEGA) },
	{ "store", "hold", KEY_DURATION, AT(worker.store.hold_ms), "20",
	  RANGE(0, HOUR) },
	{ "store", "on_outage", KEY_WORD, AT(worker.store.on_outage),
	  "tempfail", .words = outages },
	{ "store", "spool_dir", KEY_PATH, AT(worker.store.spool_dir),
	  "/var/spool/guerrilla-smtpd" },
	{ "store", "spool_max", KEY_SIZE, AT(worker.store.spool_max), "1G",
	  RANGE(4 * KILO, 1024 * GIGA) },
	{ "store", "set_aside", KEY_DURATION, AT(worker.store.set_aside_ms),
	  "6h", RANGE(SECOND, 7 * DAY) },
	{ "store", "retention", KEY_DURATION, AT(worker.store.retention_ms),
	  "0", ZERO_OR(SECOND, 36500 * DAY) },
	{ "store", "retention_domains", KEY_LIST, AT(retention_domains),
	  .values = nothing },

	{ "notify", "socket", KEY_LIST, AT(worker.store.event_sockets),
	  .values = nothing },
	{ "notify", "format", KEY_WORD, AT(worker.store.event_format),
	  "json", .words = event_formats },

	{ "log", "target", KEY_TEXT, AT(log.target), "stderr" },
	{ "log", "format", KEY_WORD, AT(log.format), "text",
	  .words = formats },
	{ "log", "level", KEY_WORD, AT(log.level), "info", .words = levels },

	{ "status", "listen", KEY_TEXT, AT(status_listen), "" },
	{ .name = NULL },
};
