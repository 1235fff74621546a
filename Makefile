# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# stealscope: make help lists the targets.

VERSION := 0.1.0
BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=

CC ?= cc
CLANG ?= clang
BPFTOOL ?= $(firstword $(shell command -v bpftool 2>/dev/null) /usr/sbin/bpftool)
PKG_CONFIG ?= pkg-config

V ?= 0
ifeq ($(V),0)
Q := @
say = @printf '  %-8s %s\n' $(1) $(2);
endif

ARCH := $(shell uname -m | sed -e 's/x86_64/x86/' -e 's/aarch64/arm64/')

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla
ifdef WERROR
WARN += -Werror
endif
CFLAGS ?= -O2 -g -fstack-protector-strong -D_FORTIFY_SOURCE=2
ALL_CFLAGS := -std=gnu11 $(WARN) $(CFLAGS) $(SANITIZE) -D_GNU_SOURCE -DVERSION='"$(VERSION)"' \
	-Isrc -Iinclude -I$(BUILD)
BPF_CFLAGS := -g -O2 -target bpf -mcpu=v3 -D__TARGET_ARCH_$(ARCH) -Wall -Wextra -Wno-unused-parameter -Werror \
	-Ivmlinux -Iinclude -Ibpf

# The core knows neither BPF nor libraries of the host beyond these; unit tests link it alone.
CORE_LIBS := -ljansson
LIBS := -lbpf $(CORE_LIBS) -lelf -lz

CORE_SRC := $(wildcard src/base/*.c src/host/*.c src/model/*.c src/render/*.c)
MAIN_SRC := $(wildcard src/trace/*.c src/cmd/*.c) src/main.c
CORE_OBJ := $(CORE_SRC:%.c=$(BUILD)/%.o)
MAIN_OBJ := $(MAIN_SRC:%.c=$(BUILD)/%.o)
SKEL := $(BUILD)/stealscope.skel.h

.PHONY: all
all: $(BUILD)/stealscope

$(BUILD)/stealscope: $(MAIN_OBJ) $(BUILD)/core.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(SANITIZE) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/core.a: $(CORE_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/%.o: %.c Makefile
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/src/trace/tracer.o: $(SKEL)

$(BUILD)/%.bpf.o: bpf/%.bpf.c Makefile
	$(call say,BPF,$@)
	$(Q)mkdir -p $(@D) && $(CLANG) $(BPF_CFLAGS) -MMD -MP -MF $(@:.o=.d) -MT $@ -c -o $@.raw $< && \
		$(BPFTOOL) gen object $@ $@.raw

$(SKEL): $(BUILD)/stealscope.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name stealscope_bpf > $@.tmp && mv $@.tmp $@

.PHONY: clean
clean:
	$(Q)rm -rf $(BUILD)

-include tests/tests.mk
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
