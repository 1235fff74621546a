# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Every test speaks TAP and is run by prove.

UNIT_SRC := $(wildcard tests/unit/*_test.c)
UNIT_BIN := $(UNIT_SRC:%.c=$(BUILD)/%)
PROVE := prove --failures --comments --exec ''

$(UNIT_BIN): $(BUILD)/%: $(BUILD)/%.o $(BUILD)/core.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(SANITIZE) $(LDFLAGS) -o $@ $^ -lcmocka $(CORE_LIBS)

.PHONY: check-unit
check-unit: $(UNIT_BIN)
	$(Q)CMOCKA_MESSAGE_OUTPUT=TAP $(PROVE) $(UNIT_BIN)
