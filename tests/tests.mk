# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Every test speaks TAP and is run by prove.

UNIT_SRC := $(wildcard tests/unit/*_test.c)
UNIT_BIN := $(UNIT_SRC:%.c=$(BUILD)/%)
PROVE := prove --failures --comments --exec ''

# In one run with one count at its end. MORE="lint btf kernels arm64 fresh libvirt scale" adds what needs other
# kernels, another architecture, bare systems, libvirtd, or a crowd of processes: parts of check-kernels,
# check-arm64 and check-fresh, and all of the others.
MORE ?=
DEPS_kernels := kmod busybox-static cpio xz-utils
DEPS_libvirt := libvirt-daemon-system libvirt-clients
DEPS += $(foreach part,$(MORE),$(DEPS_$(part)))
ASAN := $(BUILD)/asan
ASAN_UNIT := $(UNIT_SRC:%.c=$(ASAN)/%)
ASAN_FLAGS := BUILD=$(ASAN) SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=all'

.PHONY: check check-run
check: deps ## build and run every test, root for the live ones (MORE="lint btf kernels arm64 fresh libvirt scale")
	$(Q)$(MAKE) --no-print-directory check-run

check-run: all check-build $(MORE:%=check-build-%)
	$(Q)$(MAKE) --no-print-directory $(ASAN_FLAGS) check-build-core
	$(Q)$(LIVE_ENV) SCALE_BIN=$(abspath $(BUILD)/tests/scale) CMOCKA_MESSAGE_OUTPUT=TAP tests/run \
		$(UNIT_BIN) "tests/golden/check $(abspath $(BUILD)/stealscope $(SCREENS) $(TABLE))" \
		$(ASAN_UNIT) "tests/golden/check $(abspath $(ASAN)/stealscope $(ASAN)/tests/golden/screens $(TABLE))" \
		"tests/fuzz/check $(abspath $(FUZZ_BIN))" $(LIVE_TESTS) $(wildcard tests/docs/*.t) tests/fresh/deps.t \
		$(foreach part,$(MORE),$(MORE_$(part)))

$(UNIT_BIN): $(BUILD)/%: $(BUILD)/%.o $(BUILD)/core.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(SANITIZE) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) -lcmocka $(CORE_LIBS) \
		$(UNIT_LIBS)

# What of the tracer needs no kernel side.
$(BUILD)/tests/unit/slots_test: $(addprefix $(BUILD)/src/trace/,tracer_slots.o tracer_feed.o watched.o)
$(BUILD)/tests/unit/take_test: $(BUILD)/src/trace/tracer_slots.o
$(BUILD)/tests/unit/capacity_test: $(BUILD)/src/trace/capacity.o
$(BUILD)/tests/unit/notices_test: $(addprefix $(BUILD)/src/trace/,notices.o tracer_feed.o tracer_slots.o)

# The command line, and the loop of the commands, without a kernel.
$(BUILD)/tests/unit/options_test: $(addprefix $(BUILD)/src/cmd/,options.o option_table.o options_dump.o)
$(BUILD)/tests/unit/session_test: $(addprefix $(BUILD)/src/,cmd/session.o source/file.o)

# What of the exporter needs no server; each with what stands in for the host.
$(BUILD)/tests/unit/auth_test: $(addprefix $(BUILD)/src/http/,auth.o config.o)
$(BUILD)/tests/unit/auth_test: UNIT_LIBS := -lcrypt -lyaml -Wl,--wrap=crypt_r
$(BUILD)/tests/unit/checks_test: $(addprefix $(BUILD)/src/http/,checks.o auth.o config.o)
$(BUILD)/tests/unit/checks_test: UNIT_LIBS := -lcrypt -lyaml
$(BUILD)/tests/unit/connections_test: $(addprefix $(BUILD)/src/http/,connections.o host.o)
$(BUILD)/tests/unit/web_config_test: $(BUILD)/src/http/config.o
$(BUILD)/tests/unit/web_config_test: UNIT_LIBS := -lyaml
$(BUILD)/tests/unit/textfile_test: $(BUILD)/src/cmd/export_textfile.o
$(BUILD)/tests/unit/textfile_test: UNIT_LIBS := -Wl,--wrap=unlink

.PHONY: check-unit
check-unit: $(UNIT_BIN) ## modules, no root needed
	$(Q)CMOCKA_MESSAGE_OUTPUT=TAP $(PROVE) $(UNIT_BIN)

SCREENS := $(BUILD)/tests/golden/screens

$(SCREENS): $(BUILD)/tests/golden/screens.o $(BUILD)/core.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(SANITIZE) $(LDFLAGS) -o $@ $^ $(CORE_LIBS)

# UPDATE=1 writes the expected output anew, and the README's picture with it.
.PHONY: check-golden picture
check-golden: $(BUILD)/stealscope $(SCREENS) $(TABLE) ## what is printed of recordings (UPDATE=1 writes it anew)
	$(Q)$(PROVE) tests/golden/check :: $(abspath $^)

picture: $(SCREENS) $(TABLE) ## draw docs/top.svg, the README's picture, from a recording
	$(Q)$(SCREENS) -c -w 108 -h 14 tests/golden/busy.snap.jsonl | docs/picture $(TABLE) > docs/top.svg

# The bare-metal guest: long-mode code in the 32-bit ELF file that QEMU's multiboot loader takes.
GUEST := $(BUILD)/guest/guest.elf
GUEST_SRC := $(wildcard tests/guest/*.c tests/guest/*.S)
GUEST_OBJ := $(addprefix $(BUILD)/guest/,$(addsuffix .o,$(basename $(notdir $(GUEST_SRC)))))
GUEST_CFLAGS := -std=gnu11 $(WARN) -O2 -m64 -ffreestanding -fno-pic -mno-red-zone \
	-mgeneral-regs-only -fno-stack-protector -fcf-protection=none \
	-fno-asynchronous-unwind-tables -fno-tree-loop-distribute-patterns

.PHONY: guest
guest: $(GUEST)

$(GUEST): $(GUEST_OBJ) tests/guest/guest.lds
	$(call say,LINK,$@)
	$(Q)$(CC) -m64 -static -no-pie -nostdlib -Wl,--build-id=none \
		-Wl,-z,max-page-size=4096 -Wl,--no-warn-rwx-segments -T tests/guest/guest.lds \
		-o $@.64 $(GUEST_OBJ) && objcopy -S -O elf32-i386 $@.64 $@

$(BUILD)/guest/%.o: tests/guest/%.c tests/tests.mk
	$(call say,GUEST,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(GUEST_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/guest/%.o: tests/guest/%.S tests/tests.mk
	$(call say,GUEST,$@)
	$(Q)mkdir -p $(@D) && $(CC) -m64 -MMD -MP -c -o $@ $<

.PHONY: demo deps-demo
deps-demo: ## install what the demo needs
	@$(MAKE) --no-print-directory deps DEPS='$(DEPS_BUILD) $(DEPS_DEMO)'

demo: deps-demo ## start small guests that compete for a CPU, and trace them
	$(Q)$(MAKE) --no-print-directory $(BUILD)/stealscope $(GUEST) $(HOG)
	$(Q)$(SUDO) tests/demo $(BUILD)/stealscope $(GUEST) $(HOG)

# Live tests: real guests on this kernel, as root. Each holds a lock, so that they never overlap.
HOG := $(BUILD)/tests/live/hog
# All that the live tests run besides guests; what is not the hog is found beside it.
LIVE_BIN := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/live/*.c))
LIVE_TESTS := $(wildcard tests/live/*.t)

$(LIVE_BIN): $(BUILD)/%: %.c
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) -std=gnu11 $(WARN) $(CFLAGS) -D_GNU_SOURCE -pthread -o $@ $<

# What a live test finds its programs by; tests/kernels/boot -p passes it on.
LIVE_ENV = STEALSCOPE=$(abspath $(BUILD)/stealscope) GUEST=$(abspath $(GUEST)) HOG=$(abspath $(HOG)) \
	PYTHONPATH=$(abspath tests) PYTHONDONTWRITEBYTECODE=1

.PHONY: check-live
check-live: $(BUILD)/stealscope $(GUEST) $(LIVE_BIN) ## real guests on this kernel, as root (LIVE_TESTS=)
	$(Q)$(LIVE_ENV) $(PROVE) $(LIVE_TESTS)

# Under Debian's other kernels, in virtual machines; vCPUs there are nested, under TCG.
KERNELS ?= 6.1 6.1-rt 6.12 6.12-rt 6.12-cloud newest
KERNELS_DIR ?= $(BUILD)/kernels
# What kernels differ in. Any other test runs there, too, but an emulated machine is slow.
KERNEL_TESTS ?= tests/kernels/late.t tests/kernels/clock.t \
	$(patsubst %,tests/live/%.t,exact guest index blame quota self phantom)
# In one run with all else, on the oldest, the newest and one between: what counts most.
KERNELS_LIVE ?= 6.1 6.12 newest
MORE_kernels = $(KERNELS_LIVE:%="tests/kernels/boot -k -p -t 300 $(KERNELS_DIR)/% -- tests/kernels/late.t") \
	$(foreach test,exact blame quota,$(KERNELS_LIVE:%="tests/kernels/boot -p -t 800 \
		$(KERNELS_DIR)/% -- tests/live/$(test).t")) \
	"tests/kernels/boot -p -t 300 $(KERNELS_DIR)/6.12 -- tests/kernels/clock.t"

.PHONY: deps-kernels check-build-kernels check-kernels
deps-kernels: ## install what boots other kernels, for check-kernels
	@$(MAKE) --no-print-directory deps DEPS='$(DEPS_kernels)'

check-build-kernels: $(BUILD)/stealscope $(GUEST) $(LIVE_BIN)
	$(Q)tests/kernels/fetch $(KERNELS_DIR) $(KERNELS)

check-kernels: deps-kernels check-build-kernels ## what kernels differ in, under Debian's other ones (KERNELS=)
	$(Q)$(LIVE_ENV) tests/kernels/check $(KERNELS_DIR) $(KERNELS) -- $(KERNEL_TESTS)

# The types of every kernel in Debian's archive against what the programs ask of them. Nothing is booted.
BTF_KERNELS ?= $(KERNELS) newest-rt newest-cloud $$(tests/kernels/fetch -l $(KERNELS_DIR))
DEPS_btf := $(DEPS_kernels) zstd
RELOCATIONS := $(BUILD)/tests/kernels/relocations
BTF_RUN = tests/kernels/btf.t $(BUILD)/stealscope.bpf.o $(RELOCATIONS) $(KERNELS_DIR)
MORE_btf = "$(BTF_RUN)"

$(RELOCATIONS): $(BUILD)/tests/kernels/relocations.o $(BUILD)/src/trace/kvm_types.o
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lbpf -lelf -lz

.PHONY: deps-btf check-build-btf check-btf
deps-btf:
	@$(MAKE) --no-print-directory deps DEPS='$(DEPS_btf)'

check-build-btf: $(BUILD)/stealscope $(RELOCATIONS)
	$(Q)tests/kernels/fetch $(KERNELS_DIR) $(BTF_KERNELS)

check-btf: deps-btf check-build-btf ## the programs against the types of all of Debian's kernels
	$(Q)$(LIVE_ENV) $(PROVE) --verbose $(BTF_RUN:tests/kernels/btf.t%=tests/kernels/btf.t ::%)

# arm64: built with the cross compiler, run under Debian's arm64 kernels in QEMU's TCG; the guests there
# are KVM's.
ARM64 := $(BUILD)/arm64
ARM64_KERNELS ?= 6.1 6.12
ARM64_TESTS ?= exact blame
ARM64_GUEST := $(ARM64)/guest/guest.elf
ARM64_CC := aarch64-linux-gnu-gcc --sysroot=$(abspath $(ARM64)/root)
DEPS_arm64 := $(DEPS_btf) gcc-aarch64-linux-gnu qemu-system-arm
ARM64_RUN = env STEALSCOPE=$(abspath $(ARM64)/stealscope) GUEST=$(abspath $(ARM64_GUEST)) \
	HOG=$(abspath $(ARM64)/tests/live/hog) tests/kernels/boot -p -r $(ARM64)/root -o $(CURDIR) -t 500 $(ARM64)/kernels
ARM64_OBJECT := $(ARM64)/stealscope.bpf.o
ARM64_STATIC = "tests/arm64/order.t $(ARM64_OBJECT)" "tests/kernels/btf.t $(ARM64_OBJECT) $(RELOCATIONS) $(ARM64)/kernels"
MORE_arm64 = $(ARM64_STATIC) "$(ARM64_RUN)/6.12 -- tests/live/exact.t"

$(ARM64_GUEST): tests/arm64/guest.c tests/tests.mk
	$(call say,GUEST,$@)
	$(Q)mkdir -p $(@D) && $(ARM64_CC) -std=gnu11 $(WARN) -O2 -ffreestanding -fno-pic -mgeneral-regs-only \
		-mstrict-align -fno-stack-protector -fno-asynchronous-unwind-tables -static -no-pie -nostdlib \
		-Wl,--build-id=none -Wl,-Ttext=0x40080000 -Wl,-z,max-page-size=4096 \
		-Wl,--no-warn-rwx-segments -o $@ $<

.PHONY: deps-arm64 check-build-arm64 check-arm64
deps-arm64: ## install what builds for arm64 and emulates it, for check-arm64
	@$(MAKE) --no-print-directory deps DEPS='$(DEPS_arm64)'

check-build-arm64: $(RELOCATIONS)
	$(Q)tests/arm64/root $(ARM64)/root
	$(Q)tests/kernels/fetch -a arm64 $(ARM64)/kernels $(ARM64_KERNELS)
	$(Q)$(MAKE) --no-print-directory BUILD=$(ARM64) CC='$(ARM64_CC)' $(ARM64)/stealscope \
		$(ARM64)/tests/live/hog
	$(Q)$(MAKE) --no-print-directory $(ARM64_GUEST)

check-arm64: deps-arm64 check-build-arm64 ## real guests under Debian's arm64 kernels (ARM64_KERNELS=)
	$(Q)$(LIVE_ENV) tests/run $(ARM64_STATIC) $(foreach kernel,$(ARM64_KERNELS),$(ARM64_TESTS:%="$(ARM64_RUN)/$(kernel) -- tests/live/%.t"))

# Nothing but what a minimal system of Debian has, and what make installs itself.
FRESH_SUITES ?= bookworm trixie
FRESH_TARGETS ?= demo check
DEPS_fresh := debootstrap
MORE_fresh = $(FRESH_SUITES:%="tests/fresh/fresh.t $(BUILD)/fresh % demo")

.PHONY: deps-fresh check-build-fresh check-fresh
deps-fresh:
	@$(MAKE) --no-print-directory deps DEPS='$(DEPS_fresh)'

check-build-fresh:

check-fresh: deps-fresh ## make demo and make check on bare systems of Debian 12 and 13
	$(Q)tests/run $(FRESH_SUITES:%="tests/fresh/fresh.t $(BUILD)/fresh % $(FRESH_TARGETS)")

# Domains of a real libvirtd, as root, in two minutes. KERNEL=6.12: in a virtual machine under that
# kernel, with cgroup v2, in about LIBVIRT_LIMIT seconds.
LIBVIRT_TESTS ?= $(wildcard tests/libvirt/*.t)
LIBVIRT_LIMIT ?= 1500
LIBVIRT_RUN = prove --failures --comments --timer --exec '' $(LIBVIRT_TESTS)
MORE_libvirt = $(LIBVIRT_TESTS)

.PHONY: deps-libvirt check-build-libvirt check-libvirt
deps-libvirt: ## install libvirtd and virsh, for check-libvirt
	@$(MAKE) --no-print-directory deps DEPS='$(DEPS_libvirt)'

check-build-libvirt: $(BUILD)/stealscope $(GUEST) $(LIVE_BIN)

check-libvirt: deps-libvirt check-build-libvirt ## domains of a real libvirtd (KERNEL=6.12: there)
	$(Q)$(if $(KERNEL),tests/kernels/fetch $(KERNELS_DIR) $(KERNEL))
	$(Q)$(LIVE_ENV) $(if $(KERNEL),tests/kernels/boot -p -t $(LIBVIRT_LIMIT) \
		$(KERNELS_DIR)/$(KERNEL) -- )$(LIBVIRT_RUN)

# A crowded host of stand-ins for virtual machines, and threads that come and go by the ten thousand.
# Minutes long. SCALE_JSON=FILE keeps the figures; tests/scale/plot FILE draws them.
SCALE_BIN := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/scale/*.c))
SCALE_TESTS ?= tests/scale/crowd.t tests/scale/churn.t
MORE_scale = $(SCALE_TESTS)

$(SCALE_BIN): $(BUILD)/%: %.c tests/scale/lastwords.h src/base/clock.h
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) -std=gnu11 $(WARN) $(CFLAGS) -D_GNU_SOURCE -Isrc -static -pthread \
		-o $@ $<

.PHONY: check-build-scale check-scale
check-build-scale: $(BUILD)/stealscope $(LIVE_BIN) $(SCALE_BIN)

check-scale: check-build-scale ## 1,000 domains, and 80,000 threads that come and go
	$(Q)$(LIVE_ENV) SCALE_BIN=$(abspath $(BUILD)/tests/scale) $(PROVE) $(SCALE_TESTS)

# What tracing costs, against an empty program and against others' tools. As root, minutes long.
BENCH := $(BUILD)/tests/bench
BENCH_BIN := $(patsubst tests/bench/%.c,$(BENCH)/%,$(filter-out %.bpf.c,$(wildcard tests/bench/*.c))) $(BENCH)/qemu-load \
	$(BENCH)/empty.bpf.o $(BENCH)/pauses.bpf.o
BENCH_ENV = $(LIVE_ENV) BENCH_BIN=$(abspath $(BENCH))
BENCH_DEPS := linux-perf libbpf-tools bpftrace $(DEPS_libvirt)
ROUNDS ?= 9

$(BENCH)/%: tests/bench/%.c
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) -std=gnu11 $(WARN) $(CFLAGS) -D_GNU_SOURCE -Iinclude -pthread -o $@ $< -lbpf

# Under a name like QEMU's, so that it is looked at as soon as it is executed.
$(BENCH)/qemu-load: $(BENCH)/load
	$(Q)cp $< $@

$(BENCH)/%.bpf.o: tests/bench/%.bpf.c
	$(call say,BPF,$@)
	$(Q)mkdir -p $(@D) && $(CLANG) $(BPF_CFLAGS) -c -o $@ $<

.PHONY: deps-bench bench bench-peers
deps-bench: ## install the peers that the benchmarks compare with
	@$(MAKE) --no-print-directory deps DEPS='$(BENCH_DEPS)'

bench: deps-bench $(BUILD)/stealscope $(GUEST) $(HOG) $(BENCH_BIN) ## what tracing costs, against its goals (ROUNDS=9)
	$(Q)$(BENCH_ENV) tests/bench/bench $(ROUNDS)

bench-peers: deps-bench $(BUILD)/stealscope $(GUEST) $(HOG) $(BENCH_BIN) ## others' tools beside ours: cost, and what they say (ROUNDS=9)
	$(Q)$(BENCH_ENV) tests/bench/peers $(ROUNDS)
	$(Q)$(BENCH_ENV) tests/bench/scenario

# Fuzz targets: clang's libFuzzer, whatever CC is. They build the parsers anew, instrumented.
FUZZ_SRC := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_BIN := $(FUZZ_SRC:%.c=$(BUILD)/%)
FUZZ_OBJ := $(CORE_SRC:%.c=$(BUILD)/fuzz/%.o)
FUZZ_CFLAGS := -std=gnu11 $(WARN) -O1 -g -D_GNU_SOURCE -Isrc -Iinclude \
	-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all

$(BUILD)/fuzz/%.o: %.c
	$(call say,FUZZ,$@)
	$(Q)mkdir -p $(@D) && $(CLANG) $(FUZZ_CFLAGS:-fsanitize=fuzzer,%=-fsanitize=fuzzer-no-link,%) -MMD -MP -c -o $@ $<

$(FUZZ_BIN): $(BUILD)/%: %.c $(FUZZ_OBJ)
	$(call say,FUZZ,$@)
	$(Q)mkdir -p $(@D) && $(CLANG) $(FUZZ_CFLAGS) -MMD -MP -o $@ $< $(FUZZ_OBJ) $(CORE_LIBS)

.PHONY: check-fuzz
check-fuzz: $(FUZZ_BIN) ## parsers and recordings, with what nobody expects (FUZZ_SECONDS=)
	$(Q)$(PROVE) tests/fuzz/check :: $(abspath $(FUZZ_BIN))

# What compilers do not say.
DEPS_lint := clang-format clang-tidy shellcheck python3-pyflakes
MORE_lint = "tests/lint $(BUILD)"

.PHONY: deps-lint check-build-lint lint
deps-lint:
	@$(MAKE) --no-print-directory deps DEPS='$(DEPS_lint)'

check-build-lint: $(SKEL)

lint: deps-lint check-build-lint ## clang-format, clang-tidy, shellcheck, pyflakes
	$(Q)$(PROVE) tests/lint :: $(BUILD)

.PHONY: check-build check-build-core
check-build-core: $(BUILD)/stealscope $(UNIT_BIN) $(SCREENS)
check-build: check-build-core $(GUEST) $(LIVE_BIN) $(FUZZ_BIN)
