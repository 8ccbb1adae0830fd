# SPDX-License-Identifier: GPL-3.0-or-later
# Guerrilla SMTPd. `make help` lists the targets.

PREFIX     ?= /usr/local
SYSCONFDIR ?= /etc
UNITDIR    ?= $(PREFIX)/lib/systemd/system
ZSHDIR     ?= $(PREFIX)/share/zsh/site-functions
CFLAGS     ?= -O2 -g
PKG_CONFIG ?= pkg-config
VERSION     = 0.1.0

# make SANITIZE=thread: the program and its tests with another sanitizer.
SANITIZE     ?=
FUZZ_SECONDS ?= 30
FUZZ_SEED    ?= 0

# How the targets below build what they need: on all processors.
build = $(MAKE) --no-print-directory \
	$(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))

# make V=1 shows each command as it is.
V     ?= 0
quiet  = $(if $(filter 0,$(V)),@)
say    = @$(if $(filter 0,$(V)),echo,:)

# ---- The house: every room and what stands in it -------------------------

base       = address arena buf chain child_context clock figures histogram \
	history in_child landlock log log_line memory pass_descriptor \
	pid_file process queue sandbox scoreboard scoreboard_master \
	scoreboard_read seccomp_filter service_health shared_memory signals \
	utf8 view
net        = certificate connection_limits connection_table domain_name listen \
	proxy_protocol recipient_rates remote_key signing signing_answer \
	ticket_keys tls tls_context
smtp       = blocked command_line content data domains extensions hello path \
	recipient reply sender session session_state trace verbs
mime       = charset columns content convert content_rewrite \
	encoded_word gmime_text header html lines mailbox mime part structure \
	transfer
store      = bind catalog column_text columns connection events failover group \
	host_names hosts in_doubt insert lookup outcome partitions retention \
	retention_domains retention_partitions retention_raws retention_walk \
	save server size_limits spool spool_claim spool_decode spool_encode \
	spool_folder spool_report store table
worker     = admission batch client connection delivery drain health lookup \
	lookup_cache loop mail_log mail_reader results session_driver timeouts \
	worker
janitor    = janitor replay replay_files retries
status     = accept answers cpu_share metrics metrics_printer \
	metrics_processes metrics_series named_hosts page_html page_plots \
	page_tables page_write pages status
signer     = signer
resolver   = resolver
logger     = logger target
config     = certificates check config database domain_lists faults field file \
	fill find_master hostname key_lookup keys lexer listeners parser \
	retention setting string_value units
supervisor = account_check child children config_test control_socket \
	crash_trace directories exit_report generation handover master notify \
	pause privileges process_table proof readiness reload roles root_open \
	startup stop supervisor takeover upgrade usage watchdog worker_count
control    = options status status_table terminal top verb

# Which rooms each may include and call: scripts/check-layers reads these
# lines, and a unit test is linked with no other room's code.
may_base       =
may_net        = base
may_smtp       = base
may_mime       = base
may_store      = base
may_worker     = smtp mime store net base
may_janitor    = smtp mime store net base
may_status     = smtp mime store net base
may_logger     = smtp mime store net base
may_signer     = net base
may_resolver   = store base
may_config     = smtp net base
may_control    = base
may_supervisor = worker janitor status logger signer resolver config smtp mime store net base

rooms = base net smtp mime store worker janitor status logger signer \
	resolver config supervisor control

sources = $(foreach room,$(rooms),$(patsubst %,src/$(room)/%.c,$($(room))))

# ---- Libraries and flags ---------------------------------------------------

libraries = mysqlclient gmime-3.0 libconfuse openssl libidn2 libseccomp \
	libmicrohttpd zlib

# Evaluated once, and only by the targets that compile.
lib_cflags = $(eval lib_cflags := $(shell $(PKG_CONFIG) --cflags $(libraries) \
	| sed 's/-I/-isystem /g'))$(lib_cflags)
lib_libs = $(eval lib_libs := $(shell $(PKG_CONFIG) --libs $(libraries)))$(lib_libs)

warnings = -Wall -Wextra -Wshadow -Wmissing-prototypes -Wformat=2 \
	-Wconversion -Werror=implicit-function-declaration
hardening = -fPIE -fstack-protector-strong -D_FORTIFY_SOURCE=2

all_cflags = -std=c11 -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -Iinclude \
	$(lib_cflags) $(warnings) -pthread -MMD -MP
release_cflags = $(all_cflags) $(hardening) $(CPPFLAGS) $(CFLAGS)
release_ldflags = -fPIE -pie -Wl,-z,relro,-z,now $(CFLAGS) $(LDFLAGS)
libs = $(lib_libs) -pthread

# The tests' own build: address and undefined-behaviour sanitizers, or others.
ifeq ($(SANITIZE),)
sanitizers = -fsanitize=address,undefined -fno-sanitize-recover=undefined
checked = build/checked
unit = build/unit
program = build/guerrilla-smtpd
else
comma = ,
sanitizers = $(if $(filter coverage,$(SANITIZE)),--coverage -O0 \
	-fprofile-update=atomic,-fsanitize=$(SANITIZE))
checked = build/sanitize-$(subst $(comma),-,$(SANITIZE))
unit = $(checked)/unit
program = $(checked)/guerrilla-smtpd
endif

checked_cflags = $(all_cflags) -fPIE $(CPPFLAGS) -O1 -g \
	-fno-omit-frame-pointer $(sanitizers)
checked_ldflags = -pie $(sanitizers) $(LDFLAGS)

# ---- The program -------------------------------------------------------------

all: $(program)

objects = $(sources:src/%.c=build/release/%.o)
checked_objects = $(sources:src/%.c=$(checked)/%.o)

build/guerrilla-smtpd: build/release/main.o $(objects)
	$(say) "  link  $@"
	$(quiet)$(CC) $(release_ldflags) -o $@ $^ $(libs)

# What it takes in as it is.
$(foreach o,build/release $(checked) build/fuzz/objects,$o/status/page_html.o): \
	src/status/page.css src/status/page.js

build/release/%.o: src/%.c build/flags
	@mkdir -p $(@D)
	$(say) "  cc    $<"
	$(quiet)$(CC) $(release_cflags) -c -o $@ $<

$(checked)/guerrilla-smtpd: $(checked)/main.o $(checked_objects) \
		$(if $(filter coverage,$(SANITIZE)),$(checked)/support/coverage.o)
	$(say) "  link  $@"
	$(quiet)$(CC) $(checked_ldflags) -o $@ $^ $(libs) \
		$(if $(filter coverage,$(SANITIZE)),-Wl$(comma)--wrap=_exit)

$(checked)/%.o: src/%.c build/flags
	@mkdir -p $(@D)
	$(say) "  cc    $<"
	$(quiet)$(CC) $(checked_cflags) -c -o $@ $<

# Changes when the compiler or its flags do, so that all is built again.
build/flags: FORCE
	@mkdir -p build
	@echo '$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS)' >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

# ---- The two commands of README ------------------------------------------------

run:
	@scripts/setup build run
	@$(build) all
	@scripts/run

check:
	@scripts/setup build run test
	@$(build) tests
	@/usr/bin/python3 tests/run --build=$(checked) --unit=$(unit)

# What takes longer than a change should wait for.
check-slow:
	@scripts/setup build run test slow deb
	@$(build) tests
	@/usr/bin/python3 tests/run --build=$(checked) --unit=$(unit) --slow

# What runs in several threads, under the thread sanitizer.
check-threads:
	@scripts/setup build run test
	@$(build) SANITIZE=thread tests
	@/usr/bin/python3 tests/run --build=build/sanitize-thread \
		--unit=build/sanitize-thread/unit --only unit e2e --match=worker_

# Prerequisites below may depend on the target's own name ($$*).
.SECONDEXPANSION:

# ---- Tests -------------------------------------------------------------------

unit_tests = $(patsubst tests/unit/%.c,$(unit)/%,$(wildcard tests/unit/*_test.c))
fuzz_names = $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*_fuzz.c))

preloads = build/clock_jump.so build/torture.so

drivers = store_driver mime_row tls_flood

tests: all $(checked)/guerrilla-smtpd build/release/fragile $(unit_tests) \
	build/bench/mime_leak \
	$(fuzz_names:%=$(checked)/replay/%) $(drivers:%=$(checked)/%) \
	$(preloads) build/release/intruder

$(checked)/rooms.a: $(checked_objects) Makefile
	@rm -f $@
	$(quiet)ar rcs $@ $(filter %.o,$^)

# An archive is made anew with the Makefile: what left a list leaves it too.
$(checked)/lib/%.a: $$(addprefix $(checked)/$$*/,$$(addsuffix .o,$$($$*))) \
		Makefile
	@mkdir -p $(@D)
	@rm -f $@
	$(quiet)ar rcs $@ $(filter %.o,$^)

# What several tests share: linked where it is called, before the rooms.
support = charset_fixture config_certificate config_fault config_files \
	escapes escapes_memory escapes_outward own_folder sandbox_fixture \
	scoreboard_tenant smtp_dialogue smtp_fixture smtp_play smtp_replay \
	smtp_world spool_bytes spool_dir status_service tls_client tls_fixture \
	tls_records

# What stands in for other rooms in one test only.
doubles_worker_delivery_test = worker_doubles
doubles_worker_delivery_news_test = worker_doubles
doubles_worker_blocked_test = worker_doubles

$(checked)/support/%.o: tests/support/%.c build/flags
	@mkdir -p $(@D)
	$(say) "  cc    $<"
	$(quiet)$(CC) $(checked_cflags) -Itests -c -o $@ $<

$(checked)/support.a: $(support:%=$(checked)/support/%.o) Makefile
	@rm -f $@
	$(quiet)ar rcs $@ $(filter %.o,$^)

# <room>_<what>_test is linked with its room and those that this one may call.
room_of = $(firstword $(subst _, ,$1))
linked = $(patsubst %,$(checked)/support/%.o,$(doubles_$1)) \
	$(checked)/support.a \
	$(patsubst %,$(checked)/lib/%.a,$(call room_of,$1) \
	$(may_$(call room_of,$1)))

$(unit)/%.o: tests/unit/%.c build/flags
	@mkdir -p $(@D)
	$(say) "  cc    $<"
	$(quiet)$(CC) $(checked_cflags) -Itests -c -o $@ $<

$(unit_tests): $(unit)/%: $(unit)/%.o $$(call linked,$$*)
	$(say) "  link  $@"
	$(quiet)$(CC) -o $@ $(filter %.o %.a,$^) $(checked_ldflags) $(libs) \
		-lcmocka

# store_driver is the store without SMTP, for tests/e2e/store_*_test.py;
# mime_row prints the row of a message, for tests/mime/compare_test;
# tls_flood is a hostile client, for tests/e2e/worker_hostile_test.py.

$(checked)/store_driver: $(checked)/support/store_death.o \
	$(checked)/support/retention_domains.o
$(checked)/store_driver: wrap = -Wl,--wrap=rename,--wrap=unlink \
	-Wl,--wrap=fsync,--wrap=mysql_stmt_execute

$(drivers:%=$(checked)/%): $(checked)/%: $(checked)/support/%.o \
		$(checked)/support.a $(checked)/rooms.a
	$(say) "  link  $@"
	$(quiet)$(CC) -o $@ $(filter %.o,$^) $(filter %.a,$^) \
		$(checked_ldflags) $(wrap) $(libs)

# The program with faults that a message can call for.
fragile_wraps = -Wl,--wrap=mime_read \
	-Wl,--wrap=internet_address_list_parse \
	-Wl,--wrap=g_mime_content_type_parse
build/release/fragile: build/release/main.o $(objects) tests/support/fragile.c
	$(say) "  link  $@"
	$(quiet)$(CC) $(release_cflags) $(release_ldflags) $(fragile_wraps) \
		-Wno-missing-prototypes -o $@ $^ $(libs)

# The program with an intruder in each process, for scripts/try-sandbox.
build/release/intruder: build/release/main.o $(objects) \
		tests/support/intruder.c tests/support/escapes.c \
		tests/support/escapes_memory.c tests/support/escapes_outward.c
	$(say) "  link  $@"
	$(quiet)$(CC) $(release_cflags) -Itests $(release_ldflags) \
		-Wl,--wrap=landlock_abi,--wrap=sandbox_enter \
		-Wl,--wrap=slot_set_state -Wno-missing-prototypes -o $@ \
		$(filter %.c %.o,$^) $(libs)

# What the tests run through, as a table and as build/coverage/html.
coverage:
	@scripts/setup build run test coverage
	@$(build) SANITIZE=coverage all tests
	@scripts/coverage

# Random faults under load for so many seconds, and an exact account.
SECONDS ?= 60
SEED    ?= 1

chaos:
	@scripts/setup build run test
	@$(build) all $(preloads)
	@/usr/bin/python3 -B tests/chaos/run --seconds=$(SECONDS) --seed=$(SEED)

# Preloaded into the service by tests.
$(preloads): build/%.so: tests/support/%.c build/flags
	$(say) "  cc    $<"
	$(quiet)$(CC) $(all_cflags) -O2 -fPIC -shared -o $@ $<

check-unit: $(unit_tests)
	@/usr/bin/python3 tests/run --build=$(checked) --unit=$(unit) --only=unit

# A fuzz target that only replays what is kept: no clang, no libFuzzer.
$(checked)/replay/%.o: tests/fuzz/%.c build/flags
	@mkdir -p $(@D)
	$(say) "  cc    $<"
	$(quiet)$(CC) $(checked_cflags) -Itests -c -o $@ $<

$(fuzz_names:%=$(checked)/replay/%): %: %.o $(checked)/replay/replay.o \
		$(checked)/support.a $(checked)/rooms.a
	$(say) "  link  $@"
	$(quiet)$(CC) -o $@ $(filter %.o %.a,$^) $(checked_ldflags) $(libs)

fuzz:
	@scripts/setup build fuzz
	@$(build) $(fuzz_names:%=build/fuzz/%)
	@FUZZ_SEED=$(FUZZ_SEED) tests/fuzz/run $(FUZZ_SECONDS) $(fuzz_names)

fuzz_cflags = $(all_cflags) -O1 -g -fno-omit-frame-pointer \
	-fsanitize=address,undefined -fno-sanitize-recover=undefined

build/fuzz/rooms.a: $(sources:src/%.c=build/fuzz/objects/%.o)
	@rm -f $@
	$(quiet)ar rcs $@ $^

build/fuzz/objects/%.o: src/%.c
	@mkdir -p $(@D)
	$(say) "  clang $<"
	$(quiet)clang $(fuzz_cflags) -fsanitize=fuzzer-no-link -c -o $@ $<

build/fuzz/support/%.o: tests/support/%.c
	@mkdir -p $(@D)
	$(say) "  clang $<"
	$(quiet)clang $(fuzz_cflags) -fsanitize=fuzzer-no-link -Itests -c \
		-o $@ $<

build/fuzz/support.a: $(support:%=build/fuzz/support/%.o)
	@rm -f $@
	$(quiet)ar rcs $@ $^

build/fuzz/%: tests/fuzz/%.c build/fuzz/support.a build/fuzz/rooms.a
	@mkdir -p $(@D)
	$(say) "  clang $<"
	$(quiet)clang $(fuzz_cflags) -fsanitize=fuzzer -Itests -o $@ $(filter %.c %.a,$^) $(libs)

bench:
	@scripts/setup build run bench
	@$(build) all bench-programs
	@tests/bench/run

# The store alone: workers, spool, retention.
bench-store:
	@scripts/setup build run bench
	@$(build) all bench-programs
	@tests/bench/store

bench_programs = $(patsubst tests/bench/%.c,build/bench/%,$(wildcard tests/bench/*.c))

bench-programs: $(bench_programs)

build/bench/rooms.a: $(objects)
	@mkdir -p $(@D)
	@rm -f $@
	$(quiet)ar rcs $@ $^

build/bench/%: tests/bench/%.c build/bench/rooms.a
	$(say) "  cc    $<"
	$(quiet)$(CC) $(release_cflags) -o $@ $(filter %.c %.a,$^) \
		$(release_ldflags) $(libs)

# Whether it keeps anything of the messages it has read.
build/bench/mime_leak: all_cflags += -Itests

# What the MIME stage costs: on ordinary mail, beside a full parse by GMime of
# which it uses parts; and on hostile.
bench-mime bench-hostile: bench-%:
	@scripts/setup build bench
	@$(build) build/bench/mime_$(if $(filter mime,$*),bench,hostile)
	@build/bench/mime_$(if $(filter mime,$*),bench,hostile)

# The load generator stands alone.
build/bench/smtp_load: tests/bench/smtp_load.c $(wildcard tests/bench/load/*.c)
	@mkdir -p $(@D)
	$(say) "  cc    $<"
	$(quiet)$(CC) $(release_cflags) -o $@ $^ $(release_ldflags) $(libs)

# ---- Reading the code ------------------------------------------------------------

lint: export LINT_CFLAGS = $(filter-out -MMD -MP,$(all_cflags))
lint:
	@scripts/setup build bench lint
	@$(build) all
	@scripts/lint

check-layers: all
	@scripts/check-layers

format:
	@scripts/setup format
	git clang-format --style=file --extensions c,h || true

# ---- Installing --------------------------------------------------------------------

sbin = $(DESTDIR)$(PREFIX)/sbin
man = $(DESTDIR)$(PREFIX)/share/man
share = $(DESTDIR)$(PREFIX)/share/guerrilla-smtpd
units = $(DESTDIR)$(UNITDIR)
lib = $(DESTDIR)$(PREFIX)/lib
bash = $(DESTDIR)$(PREFIX)/share/bash-completion/completions
zsh = $(DESTDIR)$(ZSHDIR)
fish = $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
etc = $(DESTDIR)$(SYSCONFDIR)
conf = $(etc)/guerrilla-smtpd

# $(call put,MODE,FILES,FOLDER): texts, which name folders below PREFIX.
put = for file in $(2); do to=$(strip $(3))/$${file\#\#*/} && \
	sed 's|/usr/local/|$(PREFIX)/|g' $$file >$$to && \
	chmod $(1) $$to || exit 1; done

install: all
	install -d $(sbin) $(man)/man8 $(man)/man5 $(share)/grafana $(units) \
		$(conf) $(lib)/sysusers.d $(lib)/tmpfiles.d $(etc)/init.d \
		$(etc)/logrotate.d $(bash) $(zsh) $(fish)
	install -m 755 build/guerrilla-smtpd $(sbin)/
	install -m 755 scripts/migrate $(sbin)/guerrilla-smtpd-migrate
	$(call put,644,$(wildcard src/*.8),$(man)/man8)
	$(call put,644,$(wildcard src/config/*.5),$(man)/man5)
	$(call put,644,$(wildcard etc/*.sql etc/*.json) \
		etc/guerrilla-smtpd.conf,$(share))
	$(call put,644,$(wildcard etc/prometheus/* etc/grafana/*.yml),$(share))
	$(call put,644,$(wildcard etc/grafana/*.json),$(share)/grafana)
	$(call put,755,etc/certbot/certbot-deploy-hook,$(share))
	$(call put,644,$(wildcard etc/systemd/*),$(units))
	$(call put,644,$(wildcard etc/sysusers.d/*),$(lib)/sysusers.d)
	$(call put,644,$(wildcard etc/tmpfiles.d/*),$(lib)/tmpfiles.d)
	$(call put,755,etc/init.d/guerrilla-smtpd,$(etc)/init.d)
	install -m 644 etc/completions/guerrilla-smtpd.bash \
		$(bash)/guerrilla-smtpd
	install -m 644 etc/completions/_guerrilla-smtpd $(zsh)/
	install -m 644 etc/completions/guerrilla-smtpd.fish $(fish)/
	@# What the operator may have changed is never touched.
	[ -e $(etc)/logrotate.d/guerrilla-smtpd ] || { \
		$(call put,644,etc/logrotate.d/guerrilla-smtpd,$(etc)/logrotate.d); }
	[ -e $(conf)/guerrilla-smtpd.conf ] || install -m 640 \
		etc/guerrilla-smtpd.conf $(conf)/guerrilla-smtpd.conf

# Leaves the configuration, the spool and the table.
uninstall:
	rm -f $(sbin)/guerrilla-smtpd $(sbin)/guerrilla-smtpd-migrate
	rm -f $(patsubst src/%,$(man)/man8/%,$(wildcard src/*.8))
	rm -f $(patsubst src/config/%,$(man)/man5/%,$(wildcard src/config/*.5))
	rm -f $(patsubst etc/systemd/%,$(units)/%,$(wildcard etc/systemd/*))
	rm -f $(lib)/sysusers.d/guerrilla-smtpd.conf \
		$(lib)/tmpfiles.d/guerrilla-smtpd.conf \
		$(etc)/init.d/guerrilla-smtpd $(bash)/guerrilla-smtpd \
		$(zsh)/_guerrilla-smtpd $(fish)/guerrilla-smtpd.fish
	rm -rf $(share)

# The package of Debian, of what is committed, in build/deb.
deb:
	@scripts/setup build deb
	@scripts/deb $(VERSION)

# ------------------------------------------------------------------------------

clean:
	rm -rf build

help:
	@echo 'make              the program: $(program)'
	@echo 'make run          try it: private database, port 2525, ^C ends it'
	@echo 'make check        the tests; make check-slow: those that take long'
	@echo 'make check-threads: unit tests and workers, under the thread sanitizer'
	@echo 'make coverage     which lines and branches the tests run through'
	@echo 'make chaos        SECONDS=$(SECONDS) SEED=$(SEED): random faults, exact account'
	@echo 'make bench        how fast, beside the ceiling and smtp-sink'
	@echo 'make fuzz         FUZZ_SECONDS=$(FUZZ_SECONDS) for each target'
	@echo 'make lint         clang-tidy, cppcheck, layers, lengths, manuals'
	@echo 'make format       clang-format, of the lines that you changed'
	@echo 'make deb          the package of Debian, of what is committed'
	@echo 'make install      PREFIX=$(PREFIX) SYSCONFDIR=$(SYSCONFDIR) DESTDIR='
	@echo 'make uninstall    leaves configuration and mail'
	@echo 'make clean        removes build/'
	@echo 'CC, CFLAGS, CPPFLAGS, LDFLAGS are honoured;'
	@echo 'SANITIZE=thread builds program and tests with that sanitizer;'
	@echo 'V=1 shows each command.'

FORCE:

.PHONY: all run check check-slow check-threads tests check-unit coverage chaos fuzz bench bench-programs \
	bench-mime bench-hostile bench-store \
	lint check-layers format install uninstall deb clean help FORCE
.SECONDARY:

-include $(foreach d,release checked unit bench fuzz fuzz/objects sanitize-*, \
	$(wildcard build/$d/*.d build/$d/*/*.d))
