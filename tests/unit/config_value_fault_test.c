/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What can be wrong with values, and with values together. */
#include "support/config_certificate.h"
#include "support/config_fault.h"

#define X50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct bad values[] = {
	{ "no number", D "workers = two\n",
	  "main.conf:2: workers: \"two\" is not a number (decimal digits "
	  "only)\n" },
	{ "hexadecimal", D "workers = 0x10\n",
	  "main.conf:2: workers: \"0x10\" is not a number (decimal digits "
	  "only)\n" },
	{ "negative", D "workers = -1\n",
	  "main.conf:2: workers: \"-1\" is not a number (decimal digits "
	  "only)\n" },
	{ "too many", D "workers = 257\n",
	  "main.conf:2: workers: 257 is out of range: 0 to 256\n" },
	{ "a rate that no cell holds", D "limits { rate_per_recipient = 60001 "
	  "rate_per_domain = 60001 }\n",
	  "main.conf:2: limits.rate_per_recipient: 60001 is out of range: 0 "
	  "to 60000\n"
	  "main.conf:2: limits.rate_per_domain: 60001 is out of range: 0 to "
	  "60000\n" },
	{ "no size", D "limits { message_size = 25MB }\n",
	  "main.conf:2: limits.message_size: \"25MB\" is not a size (a "
	  "number, with K, M or G)\n" },
	{ "size out of range", D "limits { message_size = 2G }\n",
	  "main.conf:2: limits.message_size: 2G is out of range: 1K to 1G\n"
	},
	{ "zero or more", D "recycle { rss = 1M }\n",
	  "main.conf:2: recycle.rss: 1M is out of range: 0, or 16M to 1024G"
	  "\n" },
	{ "no duration", D "timeouts { command = 5min }\n",
	  "main.conf:2: timeouts.command: \"5min\" is not a duration (a "
	  "number, with s, m, h or d)\n" },
	{ "duration out of range", D "timeouts { command = 0 }\n",
	  "main.conf:2: timeouts.command: 0 is out of range: 1s to 1d\n" },
	{ "no boolean", D "trace_headers = maybe\n",
	  "main.conf:2: trace_headers: \"maybe\" is not true or false\n" },
	{ "no word", D "header_check = \"on\"\n",
	  "main.conf:2: header_check: \"on\" is not one of reject, score, "
	  "off\n" },
	{ "a word in the wrong case", D "bare_newline = \"Accept\"\n",
	  "main.conf:2: bare_newline: \"Accept\" is not one of reject, "
	  "accept\n" },
	{ "no score", D "header_check_score = high\n",
	  "main.conf:2: header_check_score: \"high\" is not a number\n" },
	{ "score out of range", D "header_check_score = 1000.5\n",
	  "main.conf:2: header_check_score: 1000.5 is out of range: -1000 to "
	  "1000\n" },
	{ "a relative path", D "run_dir = \"run\"\n",
	  "main.conf:2: run_dir: \"run\" is not an absolute path\n" },
	{ "a path that is too long for a socket",
	  D "run_dir = \"/123456789012345678901234567890123456789012345678901"
	  "234567890123456789012345678901234567890123456789\"\n",
	  "main.conf:2: run_dir: is longer than 99 bytes: no socket could be "
	  "made in it\n" },
	{ "an empty path", D "run_dir = \"\"\n",
	  "main.conf:2: run_dir: is empty\n" },
	{ "the line of a value in a list",
	  D "trusted_proxies = {\n\t\"10.0.0.0/8\",\n\t\"10.0.0.1/8\",\n"
	  "\t\"x\"\n}\n",
	  "main.conf:4: trusted_proxies: \"10.0.0.1/8\" is not an address or "
	  "a range (bits beyond the prefix must be 0)\n"
	  "main.conf:5: trusted_proxies: \"x\" is not an address or a range "
	  "(bits beyond the prefix must be 0)\n" },
	{ "no socket of events", D "notify { socket = {\"events\", \"/a\",\n"
	  "\"/" X50 X50 "1234567\"}\nformat = \"xml\" }\n",
	  "main.conf:2: notify.socket: \"events\" is not an absolute path\n"
	  "main.conf:3: notify.socket: a socket's path ends at 107 bytes\n"
	  "main.conf:4: notify.format: \"xml\" is not one of json\n" },
	{ "too many of them", D "notify { socket = {\"/1\", \"/2\", \"/3\", "
	  "\"/4\",\n\"/5\", \"/6\", \"/7\", \"/8\", \"/9\"} }\n",
	  "main.conf:2: notify.socket: has more than 8\n" },
	{ "no time for a domain", D "store { retention_domains = {"
	  "\"a.example\", \"b.example=1w\", \"*=1h\", \"=1h\",\n"
	  "\"*.B.example=36501d\", \"c.example=0\"} }\n",
	  "main.conf:2: store.retention_domains: \"a.example\" has no "
	  "duration behind = (a number, with s, m, h or d; 0 or 1s to 36500d)"
	  "\n"
	  "main.conf:2: store.retention_domains: \"b.example=1w\" has no "
	  "duration behind = (a number, with s, m, h or d; 0 or 1s to 36500d)"
	  "\n"
	  "main.conf:2: store.retention_domains: \"*=1h\" is not DOMAIN=TIME, "
	  "with a domain or \"*.domain\"\n"
	  "main.conf:2: store.retention_domains: \"=1h\" is not DOMAIN=TIME, "
	  "with a domain or \"*.domain\"\n"
	  "main.conf:3: store.retention_domains: \"*.B.example=36501d\" has no "
	  "duration behind = (a number, with s, m, h or d; 0 or 1s to 36500d)"
	  "\n" },
	{ "no host name", D "hostname = \"not a name\"\n",
	  "main.conf:2: hostname: \"not a name\" is not a domain name\n" },
	{ "an empty host name", D "hostname = \"\"\n",
	  "main.conf:2: hostname: is empty\n" },
	{ "no primary host", D "primary_host = \"[192.0.2.1]\"\n",
	  "main.conf:2: primary_host: \"[192.0.2.1]\" is not a domain name\n"
	},
	{ "no domain", "domains = {\"example.com\", \"a..b\", \"x.*\"}\n",
	  "main.conf:1: domains: \"a..b\" is not a domain, \"*.domain\", "
	  "\"*\" or \"[address]\"\n"
	  "main.conf:1: domains: \"x.*\" is not a domain, \"*.domain\", "
	  "\"*\" or \"[address]\"\n" },
	{ "no literal", "domains = {\"[192.0.2]\"}\n",
	  "main.conf:1: domains: \"[192.0.2]\" is not a domain, "
	  "\"*.domain\", \"*\" or \"[address]\"\n" },
	{ "no sender", D "blocked_senders = {\"*\", \"a@b@c.example\", "
	  "\"@b.example\",\n\"x@\", \"a..b\", \"*.c.example\"}\n",
	  "main.conf:2: blocked_senders: \"*\" is not an address, a domain or "
	  "\"*.domain\"\n"
	  "main.conf:2: blocked_senders: \"@b.example\" is not an address, a "
	  "domain or \"*.domain\"\n"
	  "main.conf:3: blocked_senders: \"x@\" is not an address, a domain or "
	  "\"*.domain\"\n"
	  "main.conf:3: blocked_senders: \"a..b\" is not a domain, \"*.domain\""
	  ", \"*\" or \"[address]\"\n" },
	{ "no address", D "discard = {\"a@b@\", \"@b.example\"}\n",
	  "main.conf:2: discard: \"a@b@\" is not an address\n"
	  "main.conf:2: discard: \"@b.example\" is not an address\n" },
	{ "a control character is shown, not sent",
	  D "user = \"a\\nb\"\n",
	  "main.conf:2: user: no user \"a\\x0ab\" here; as root: adduser "
	  "--system --group --no-create-home a\\x0ab\n" },
	{ "no user and no group",
	  D "user = \"no-such-user\"\ngroup = \"no-such-group\"\n",
	  "main.conf:2: user: no user \"no-such-user\" here; as root: adduser "
	  "--system --group --no-create-home no-such-user\n"
	  "main.conf:3: group: no group \"no-such-group\" here\n" },
	{ "root", D "user = \"root\"\n",
	  "main.conf:2: user: \"root\" is root: needs allow_root = true\n" },
	{ "no folder for the log",
	  D "log {\n\ttarget = \"/nowhere/at/all/log\"\n}\n"
	    "user = \"nobody\" group = \"nogroup\"\n",
	  "main.conf:3: log.target: /nowhere/at/all: No such file or "
	  "directory; as root: install -d -m 0750 -o nobody -g nogroup "
	  "/nowhere/at/all\n" },
	{ "no log target", D "log { target = \"log.txt\" }\n",
	  "main.conf:2: log.target: \"log.txt\" is not stderr, syslog or an "
	  "absolute path\n" },
	{ "no TLS version", D "tls { min_version = 1.1 }\n",
	  "main.conf:2: tls.min_version: \"1.1\" is not one of 1.2, 1.3\n" },
	{ "two question marks", D "recipient_query = 'SELECT ? + ?'\n",
	  "main.conf:2: recipient_query: needs one ?, where the address "
	  "goes, not 2\n" },
	{ "a question mark in quotes only",
	  D "recipient_query = 'SELECT \"?\"'\n",
	  "main.conf:2: recipient_query: needs one ?, where the address "
	  "goes, not 0\n" },
	{ "a question mark with nothing to put there",
	  D "domains_query = 'SELECT a FROM b WHERE c = ?'\n"
	  "blocked_senders_query = 'SELECT ?'\n",
	  "main.conf:2: domains_query: has a ?, but there is nothing to put "
	  "there\n"
	  "main.conf:3: blocked_senders_query: has a ?, but there is nothing "
	  "to put there\n" },
	{ "a long table",
	  D "mysql { table = \"1234567890123456789012345678901234567890"
	  "1234567890123456789012345\" }\n",
	  "main.conf:2: mysql.table: is longer than 64 characters\n" },
	{ "no table", D "mysql { table = \"\" }\n",
	  "main.conf:2: mysql.table: is empty\n" },
};

static const struct bad together[] = {
	{ "no domains", "workers = 2\n",
	  "main.conf:1: domains: missing: which domains to receive mail for\n"
	},
	{ "listeners that are none",
	  D "listen \"25\" { }\nlisten \"unix:x\" { }\nlisten \"fd:\" { }\n",
	  "main.conf:2: listen: \"25\": needs a port from 1 to 65535 at its "
	  "end\n"
	  "main.conf:3: listen: \"unix:x\": a unix listener needs an "
	  "absolute path\n"
	  "main.conf:4: listen: \"fd:\": write fd:NAME as in "
	  "FileDescriptorName=\n" },
	{ "a listener twice",
	  D "listen \"[::]:25\" { }\nlisten \"[0::0]:25\" { }\n",
	  "main.conf:3: listen: \"[0::0]:25\" given twice\n" },
	{ "a listener's keys",
	  D "listen \"127.0.0.1:25\" {\n\ttls = \"on\"\n\tmode = 0660\n"
	  "\tproxy_protocol = 2\n\tcolour = 1\n}\n",
	  "main.conf:3: listen.tls: \"on\" is not one of off, starttls, "
	  "implicit\n"
	  "main.conf:4: listen.mode: is for unix sockets only\n"
	  "main.conf:5: listen.proxy_protocol: \"2\" is not true or false\n"
	  "main.conf:6: listen.colour: unknown key\n" },
	{ "a mode that is none", D "listen \"unix:/run/x\" { mode = 0888 }\n",
	  "main.conf:2: listen.mode: \"0888\" is not a mode (octal digits)\n"
	},
	{ "TLS without a certificate",
	  D "listen \"127.0.0.1:25\" { tls = \"starttls\" }\n"
	  "tls_name \"mail.example.net\" { certificate = \"cert.pem\" "
	  "key = \"key.pem\" }\n",
	  "main.conf:2: listen.tls: needs tls { certificate key }\n"
	  "main.conf:3: tls_name: needs tls { certificate key }, for clients "
	  "that name no host\n" },
	{ "a proxy that nobody may be",
	  D "trusted_proxies = {}\n"
	  "listen \"127.0.0.1:25\" { proxy_protocol = yes }\n",
	  "main.conf:3: listen.proxy_protocol: nobody is trusted: "
	  "trusted_proxies is empty\n" },
	{ "a certificate without a key",
	  D "tls { certificate = \"cert.pem\" }\n",
	  "main.conf:2: tls.key: missing: certificate and key go together\n"
	},
	{ "a certificate that is not there",
	  D "tls { certificate = \"none.pem\"\nkey = \"key.pem\" }\n",
	  "main.conf:2: tls.certificate: cannot read none.pem: No such file "
	  "or directory\n" },
	{ "a key that everyone can read",
	  D "tls { certificate = \"cert.pem\"\nkey = \"open.pem\" }\n",
	  "main.conf:3: tls.key: open.pem: a key that everyone can read is "
	  "no secret: 'chmod 0640' it\n" },
	{ "a key of another certificate",
	  D "tls { certificate = \"cert.pem\"\nkey = \"other.pem\" }\n",
	  "main.conf:3: tls.key: other.pem: this key does not belong to the "
	  "certificate in cert.pem\n" },
	{ "no certificate in the file",
	  D "tls { certificate = \"empty\"\nkey = \"key.pem\" }\n",
	  "main.conf:2: tls.certificate: empty: holds no certificate in PEM "
	  "form\n" },
	{ "a name twice, a name that is none",
	  D "tls { certificate = \"cert.pem\" key = \"key.pem\" }\n"
	  "tls_name \"a.example\" { certificate = \"cert.pem\" "
	  "key = \"key.pem\" }\n"
	  "tls_name \"A.example.\" { certificate = \"cert.pem\" "
	  "key = \"key.pem\" }\n"
	  "tls_name \"b..example\" { }\ntls_name \"c.example\" { }\n",
	  "main.conf:4: tls_name: a.example given twice\n"
	  "main.conf:5: tls_name: \"b..example\" is not a domain name\n"
	  "main.conf:6: tls_name: c.example needs certificate and key\n" },
	{ "hosts that are none",
	  D "mysql { hosts = {\"db1:0\", \"::1\", \"[::1\", \"a b\", \"\", "
	  "\"db2:99999\", \"[db]:1\"} }\n",
	  "main.conf:2: mysql.hosts: \"db1:0\" is not HOST, HOST:PORT, "
	  "[ADDRESS] or [ADDRESS]:PORT\n"
	  "main.conf:2: mysql.hosts: \"::1\" is not HOST, HOST:PORT, "
	  "[ADDRESS] or [ADDRESS]:PORT\n"
	  "main.conf:2: mysql.hosts: \"[::1\" is not HOST, HOST:PORT, "
	  "[ADDRESS] or [ADDRESS]:PORT\n"
	  "main.conf:2: mysql.hosts: \"a b\" is not HOST, HOST:PORT, "
	  "[ADDRESS] or [ADDRESS]:PORT\n"
	  "main.conf:2: mysql.hosts: \"\" is not HOST, HOST:PORT, "
	  "[ADDRESS] or [ADDRESS]:PORT\n"
	  "main.conf:2: mysql.hosts: \"db2:99999\" is not HOST, HOST:PORT, "
	  "[ADDRESS] or [ADDRESS]:PORT\n"
	  "main.conf:2: mysql.hosts: \"[db]:1\" is not HOST, HOST:PORT, "
	  "[ADDRESS] or [ADDRESS]:PORT\n" },
	{ "a host twice", D "mysql { hosts = {\"db1\", \"db1:3306\"} }\n",
	  "main.conf:2: mysql.hosts: \"db1:3306\" given twice\n" },
	{ "no hosts", D "mysql { hosts = {} }\n",
	  "main.conf:2: mysql.hosts: is empty\n" },
	{ "hosts and a socket",
	  D "mysql { hosts = {\"db1\"}\nsocket = \"/run/x\" }\n",
	  "main.conf:3: mysql.socket: contradicts hosts, which may only be "
	  "{\"localhost\"} beside it\n"
	},
	{ "no certificate and no key",
	  D "tls { certificate = \"none.pem\"\nkey = \"none.key\" }\n",
	  "main.conf:2: tls.certificate: cannot read none.pem: No such file "
	  "or directory\n"
	  "main.conf:3: tls.key: cannot read none.key: No such file or "
	  "directory\n" },
	{ "two passwords, one for everyone",
	  D "mysql { password = 'x'\npassword_file = \"open.pem\" }\n",
	  "main.conf:3: mysql.password_file: contradicts password: give one "
	  "of them\n"
	  "main.conf:3: mysql.password_file: everyone can read open.pem: "
	  "chmod 0640 open.pem\n" },
	{ "an empty password file",
	  D "mysql { password_file = \"empty\" }\n",
	  "main.conf:2: mysql.password_file: no password in the first line "
	  "of empty\n" },
	{ "a CA without TLS", D "mysql { tls_ca = \"cert.pem\" }\n",
	  "main.conf:2: mysql.tls_ca: needs tls = true\n" },
	{ "a spool without a place",
	  D "store { on_outage = \"spool\"\nspool_dir = \"\" }\n",
	  "main.conf:3: store.spool_dir: is empty, but on_outage is "
	  "\"spool\"\n" },
	{ "less memory than a message",
	  D "limits { message_size = 8M\nmemory = 4M }\n",
	  "main.conf:3: limits.memory: is smaller than limits.message_size: "
	  "no message of that size could be received\n" },
	{ "a domain file with faults, and one that is not there",
	  "domain_files = {\"domains\", \"none\"}\n",
	  "main.conf:1: domain_files: cannot read none: No such file or "
	  "directory\n"
	  "domains:4: domain_files: \"not a domain\" is not a domain, "
	  "\"*.domain\", \"*\" or \"[address]\"\n" },
};

static void
values_are_what_the_key_takes(void **state)
{
	config_fault_expect(*state, values, COUNT(values));
}

/* What is said of files that work. */
static const struct bad doubtful[] = {
	{ "nothing", D "hostname = \"mx.example.com\"\n"
	  "mysql { database = \"mail\" }\n", "" },
	{ "a name that is not full", D "\nhostname = \"mail\"\n"
	  "mysql { database = \"mail\" }\n",
	  "main.conf:3: hostname: \"mail\" has no dot: a full name belongs in "
	  "the greeting and in Received\n" },
	{ "no database", D "hostname = \"mx.example.com\"\n"
	  "mysql { user = \"x\" }\n",
	  "main.conf:1: mysql.database: missing: no mail can be stored\n" },
	{ "nothing of mysql", D "hostname = \"mx.example.com\"\n",
	  "main.conf:1: mysql.database: missing, as all of section mysql: no "
	  "mail can be stored\n" },
	{ "a socket, which is localhost", D "hostname = \"mx.example.com\"\n"
	  "mysql { hosts = {\"localhost\"} socket = \"/run/x\" "
	  "database = \"mail\" }\n", "" },
};

static void
what_works_may_be_warned_of(void **state)
{
	const struct config_files *f = *state;
	size_t prefix = strlen(f->directory) + 1;

	for (size_t i = 0; i < COUNT(doubtful); i++) {
		struct buf faults = BUF(1024 * 1024);
		struct config *c = config_files_read(f, doubtful[i].text,
						     &faults);
		assert_non_null(c);
		const char *warnings = c->warnings;
		if (warnings[0] != '\0')
			warnings += prefix;
		if (strcmp(warnings, doubtful[i].faults) != 0)
			fail_msg("%s:\n%s--- instead of:\n%s",
				 doubtful[i].name, warnings,
				 doubtful[i].faults);
		config_free(&c);
		buf_release(&faults);
	}
}

static void
values_fit_together(void **state)
{
	config_fault_expect(*state, together, COUNT(together));
}

static int
make_files(void **state)
{
	static struct config_files files;
	char path[PATH_MAX];

	config_files_init(&files);
	config_files_put(&files, "empty", 0600, "");
	config_files_put(&files, "domains", 0644,
			 "# ours\na.example\n\n not a domain # no\n"
			 "*.b.example\r\n");
	config_files_put_certificate(&files, "cert.pem", "key.pem");
	config_files_put_certificate(&files, "open-cert.pem", "open.pem");
	config_files_put_certificate(&files, "other-cert.pem", "other.pem");
	chmod(config_files_path(&files, "open.pem", path), 0644);
	*state = &files;
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_what_the_key_takes),
		cmocka_unit_test(values_fit_together),
		cmocka_unit_test(what_works_may_be_warned_of),
	};

	return cmocka_run_group_tests(tests, make_files,
				      config_files_tear_down);
}
