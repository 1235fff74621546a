# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# make help lists the targets; make V=1 shows the commands.

VERSION := 0.1.0
BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=

CC ?= cc
CLANG ?= clang
BPFTOOL ?= $(firstword $(shell command -v bpftool 2>/dev/null) /usr/sbin/bpftool)

V ?= 0
ifeq ($(V),0)
Q := @
say = @printf '  %-8s %s\n' $(1) $(2);
endif

# That of the kernel whose programs are built: the compiler's, as make CC=aarch64-linux-gnu-gcc.
ARCH := $(shell $(CC) -dumpmachine | sed -e 's/-.*//' -e 's/x86_64/x86/' -e 's/aarch64/arm64/')

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla
ifdef WERROR
WARN += -Werror
endif
CFLAGS ?= -O2 -g -fstack-protector-strong -D_FORTIFY_SOURCE=2
LDFLAGS ?= -Wl,-z,relro,-z,now
ALL_CFLAGS := -std=gnu11 $(WARN) $(CFLAGS) $(SANITIZE) -D_GNU_SOURCE -DVERSION='"$(VERSION)"' \
	-Isrc -Iinclude -I$(BUILD)
BPF_CFLAGS := -g -O2 -target bpf -mcpu=v3 -D__TARGET_ARCH_$(ARCH) \
	-Wall -Wextra -Wno-unused-parameter -Werror -Ivmlinux -Iinclude -Ibpf

# The core knows no BPF and few libraries of the host; unit tests link it alone.
CORE_LIBS := -ljansson -lcap
LIBS := -lbpf $(CORE_LIBS) -lelf -lz -lmicrohttpd -lyaml -lcrypt -lncursesw -ltinfo

CORE_SRC := $(wildcard src/base/*.c src/host/*.c src/host/*/*.c src/model/*.c \
	src/render/*.c src/screen/*.c)
MAIN_SRC := $(wildcard src/trace/*.c src/source/*.c src/http/*.c src/terminal/*.c src/cmd/*.c) src/main.c
CORE_OBJ := $(CORE_SRC:%.c=$(BUILD)/%.o)
MAIN_OBJ := $(MAIN_SRC:%.c=$(BUILD)/%.o)
SKEL := $(BUILD)/stealscope.skel.h

.PHONY: all
all: $(BUILD)/stealscope ## build $(BUILD)/stealscope

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

# Packages of Debian 12 and 13; DEPS grows by what MORE names (tests/tests.mk). SUDO is what makes apt-get root's.
SUDO ?= $(if $(filter 0,$(shell id -u)),,sudo)
DEPS_BUILD := gcc libc6-dev clang llvm bpftool libbpf-dev libelf-dev zlib1g-dev libjansson-dev libncurses-dev \
	libmicrohttpd-dev libyaml-dev libcrypt-dev libcap-dev scdoc
DEPS_DEMO := binutils qemu-system-x86
DEPS_TEST := acl build-essential libcmocka-dev libclang-rt-dev perl python3 tmux prometheus curl openssl systemd \
	bash-completion debhelper dpkg-dev jq lintian man-db shellcheck zsh
DEPS = $(DEPS_BUILD) $(DEPS_DEMO) $(DEPS_TEST)

.PHONY: deps
deps: ## install what building and testing need, from Debian's packages
	@missing=$$(for p in $(DEPS); do \
		dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; \
	done); \
	[ -z "$$missing" ] || { $(SUDO) apt-get update -q && \
		DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -q -y --no-install-recommends $$missing; }

.PHONY: vmlinux
VMLINUX_BTF ?= /sys/kernel/btf/vmlinux
vmlinux: ## write vmlinux/vmlinux.h anew, from a kernel's BTF (VMLINUX_BTF=)
	$(Q)mkdir -p $(BUILD) && CLANG=$(CLANG) vmlinux/generate $(VMLINUX_BTF) > $(BUILD)/vmlinux.h.new && \
		mv $(BUILD)/vmlinux.h.new vmlinux/vmlinux.h

.PHONY: clean
clean: ## remove $(BUILD)
	$(Q)rm -rf $(BUILD)

.PHONY: help
help:
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## (.*)/  \1\t\2/' | expand -t 18

include dist/dist.mk
include tests/tests.mk
# Not what was fetched there.
-include $(shell find $(BUILD) $(foreach dir,kernels arm64 fresh root,-path $(BUILD)/$(dir) -prune -o) \
	-name '*.d' -type f -print 2>/dev/null)
