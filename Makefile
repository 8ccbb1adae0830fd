# SPDX-License-Identifier: GPL-3.0-or-later
# Guerrilla SMTPd. `make help` lists the targets.

PREFIX  ?= /usr/local
CFLAGS  ?= -O2 -g
PKG_CONFIG ?= pkg-config
VERSION = 0.1.0

# ---- The house: every room and what stands in it -------------------------

base       = arena buf chain clock log memory queue scoreboard utf8 view
net        = address domain_name
smtp       =
mime       =
store      =
worker     =
janitor    =
status     =
logger     =
config     =
supervisor =
control    =

rooms = base net smtp mime store worker janitor status logger \
	config supervisor control

sources = $(foreach room,$(rooms),$(patsubst %,src/$(room)/%.c,$($(room))))

# ---- Libraries and flags ---------------------------------------------------

libraries = mysqlclient gmime-3.0 libconfuse openssl libidn2 libseccomp \
	libmicrohttpd

# Evaluated once, and only by the targets that compile.
lib_cflags = $(eval lib_cflags := $(shell $(PKG_CONFIG) --cflags $(libraries) \
	| sed 's/-I/-isystem /g'))$(lib_cflags)
lib_libs = $(eval lib_libs := $(shell $(PKG_CONFIG) --libs $(libraries)))$(lib_libs)

warnings = -Wall -Wextra -Wshadow -Wmissing-prototypes -Wformat=2 -Wconversion
hardening = -fPIE -fstack-protector-strong -D_FORTIFY_SOURCE=2
sanitizers = -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer

all_cflags = -std=c11 -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -Iinclude \
	$(lib_cflags) $(warnings) -pthread -MMD -MP
release_cflags = $(all_cflags) $(hardening) $(CPPFLAGS) $(CFLAGS)
checked_cflags = $(all_cflags) -fPIE $(CPPFLAGS) -O1 -g $(sanitizers)

libs = $(lib_libs) -pthread
release_ldflags = -pie -Wl,-z,relro,-z,now $(LDFLAGS)
checked_ldflags = -pie $(sanitizers) $(LDFLAGS)

# ---- The program -------------------------------------------------------------

all: build/guerrilla-smtpd

objects = $(sources:src/%.c=build/release/%.o)
checked_objects = $(sources:src/%.c=build/checked/%.o)

build/guerrilla-smtpd: build/release/main.o $(objects)
	$(CC) $(release_ldflags) -o $@ $^ $(libs)

build/release/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(release_cflags) -c -o $@ $<

# The same with address and undefined-behaviour sanitizers, for the tests.
build/checked/guerrilla-smtpd: build/checked/main.o $(checked_objects)
	$(CC) $(checked_ldflags) -o $@ $^ $(libs)

build/checked/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(checked_cflags) -c -o $@ $<

# ---- Tests -------------------------------------------------------------------

unit_tests = $(patsubst tests/unit/%.c,build/unit/%,$(wildcard tests/unit/*_test.c))

build/checked/rooms.a: $(checked_objects)
	rm -f $@
	ar rcs $@ $^

build/unit/%: tests/unit/%.c build/checked/rooms.a
	@mkdir -p $(@D)
	$(CC) $(checked_cflags) -Itests -o $@ $< build/checked/rooms.a \
		$(checked_ldflags) $(libs) -lcmocka

check-unit: $(unit_tests)
	@for t in $(unit_tests); do echo "$$t"; $$t || exit 1; done

lint: check-layers

check-layers:
	scripts/check-layers

# ------------------------------------------------------------------------------

clean:
	rm -rf build

.PHONY: all check-unit lint check-layers clean
.SECONDARY:

-include $(wildcard build/*/*.d build/*/*/*.d)
