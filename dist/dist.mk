# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What is installed beside the binary, and how it is packaged.

MANDIR ?= $(PREFIX)/share/man
UNITDIR ?= $(PREFIX)/lib/systemd/system
COMPLETION_BASH ?= $(PREFIX)/share/bash-completion/completions
COMPLETION_ZSH ?= $(PREFIX)/share/zsh/$(if $(filter /usr,$(PREFIX)),vendor-completions,site-functions)
SHARE ?= $(PREFIX)/share/stealscope

# Man pages: docs/NAME.8.scd.in, with what the tables of commands and options say filled in.
MAN := $(patsubst docs/%.scd.in,$(BUILD)/man/%.gz,$(wildcard docs/*.8.scd.in))

TABLE := $(BUILD)/man/table

$(TABLE): $(BUILD)/stealscope
	$(Q)mkdir -p $(@D) && $< --dump-options > $@.new && \
		{ cmp -s $@.new $@ && touch $@ || mv $@.new $@; }

$(BUILD)/man/%.gz: docs/%.scd.in docs/fill $(TABLE)
	$(call say,MAN,$@)
	$(Q)VERSION=$(VERSION) docs/fill $(TABLE) $< > $(@:.gz=.scd) && \
		scdoc < $(@:.gz=.scd) > $(@:.gz=) && gzip -9nf < $(@:.gz=) > $@

# What else follows from the tables is kept in the files themselves, between marks.
FILLED := README.md dist/prometheus/stealscope.rules.yml

.PHONY: texts
texts: $(TABLE) ## write what follows from the tables into $(FILLED)
	$(Q)for file in $(FILLED); do \
		docs/fill $< $$file > $(BUILD)/man/new && cat $(BUILD)/man/new > $$file || exit; \
	done

.PHONY: man
man: $(MAN) ## build the man pages
all: man

UNITS := $(wildcard dist/*.service dist/*.socket dist/*.timer)
SHARED := $(filter-out %.test.yml,$(wildcard dist/prometheus/*.yml)) $(wildcard dist/grafana/*.json) \
	$(wildcard dist/config/*)

.PHONY: install
install: all ## install below $(DESTDIR)$(PREFIX)
	install -D -m 755 $(BUILD)/stealscope $(DESTDIR)$(PREFIX)/sbin/stealscope
	install -D -m 644 -t $(DESTDIR)$(MANDIR)/man8 $(MAN)
	install -D -m 644 dist/completion/stealscope.bash $(DESTDIR)$(COMPLETION_BASH)/stealscope
	install -D -m 644 -t $(DESTDIR)$(COMPLETION_ZSH) dist/completion/_stealscope
	$(if $(UNITS),install -D -m 644 -t $(DESTDIR)$(UNITDIR) $(UNITS))
	$(if $(UNITS),sed -i 's|/usr/sbin/stealscope|$(PREFIX)/sbin/stealscope|' \
		$(addprefix $(DESTDIR)$(UNITDIR)/,$(notdir $(UNITS))))
	for file in $(SHARED:dist/%=%); do \
		install -D -m 644 dist/$$file $(DESTDIR)$(SHARE)/$$file || exit; \
	done

# The source package: this tree without what is built, and with debian/ at its top.
DEB := $(BUILD)/deb/stealscope-$(VERSION)
RELEASE := .clang-format .editorconfig LICENSE Makefile README.md CONTRIBUTING.md bpf dist docs include src tests vmlinux

.PHONY: deb
deb: ## build a Debian package in $(BUILD)/deb
	$(Q)rm -rf $(BUILD)/deb && mkdir -p $(DEB)
	$(Q)find $(RELEASE) -name __pycache__ -prune -o -type f -print0 | \
		tar -c --null -T - | tar -x -C $(DEB)
	$(Q)mv $(DEB)/dist/debian $(DEB)/debian
	$(Q)cd $(DEB) && env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL dpkg-buildpackage -us -uc
	@ls $(BUILD)/deb/*.deb
