// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "host/vm/manager.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

typedef char *name_fn(const struct vmm *vmm);

/* ---- names ---- */

static char *qemu_name(const struct vmm *vmm)
{
	const char *value = argv_option(&vmm->argv, "name");

	return value ? qemu_suboption(value, "guest", true) : NULL;
}

static char *firecracker_name(const struct vmm *vmm)
{
	const char *id = argv_option(&vmm->argv, "id");

	return id ? strdup(id) : NULL;
}

static char *crosvm_name(const struct vmm *vmm)
{
	const char *name = argv_option(&vmm->argv, "name");

	return name ? strdup(name) : NULL;
}

/* Socket names that say nothing about the VM: its directory does. */
static bool is_common_socket(const char *name, size_t len)
{
	static const char *const common[] = {"api", "clh-api", "ch", "cloud-hypervisor", "ch-api"};

	for (size_t i = 0; i < COUNT(common); i++) {
		if (len == strlen(common[i]) && !memcmp(name, common[i], len))
			return true;
	}
	return false;
}

/* "/run/ch/web-01.sock" and "/run/vc/vm/web-01/clh-api.sock" are "web-01". */
static char *name_of_socket(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const char *dot = strrchr(name, '.');
	size_t len = dot && dot != name ? (size_t)(dot - name) : strlen(name);

	if (slash && slash > path && is_common_socket(name, len)) {
		const char *parent = memrchr(path, '/', (size_t)(slash - path));

		name = parent ? parent + 1 : path;
		len = (size_t)(slash - name);
	}
	return len ? strndup(name, len) : NULL;
}

static char *cloud_hypervisor_name(const struct vmm *vmm)
{
	const char *value = argv_option(&vmm->argv, "api-socket");
	autofree char *path = value ? qemu_suboption(value, "path", true) : NULL;

	return path ? name_of_socket(path) : NULL;
}

/* ---- programs ---- */

static const struct program {
	const char *exe; /* what the executable's name begins with */
	bool whole;	 /* … or is */
	bool qemu;
	const char *manager; /* unless one of the rules below knows better */
	name_fn *name;
} programs[] = {
	{"qemu-system-", false, true, "qemu", qemu_name},
	{"qemu-kvm", true, true, "qemu", qemu_name},
	{"kvm", true, true, "qemu", qemu_name},
	{"firecracker", false, false, "firecracker", firecracker_name},
	{"cloud-hypervisor", false, false, "cloud-hypervisor", cloud_hypervisor_name},
	{"crosvm", false, false, "crosvm", crosvm_name},
	{"lkvm", false, false, "kvmtool", crosvm_name},
};

/* What is no known VMM, yet KVM says it is one. Its command line can mean anything. */
static const struct program other = {"", false, false, "other", NULL};

static const char *basename_of(const char *exe, size_t *ret_len)
{
	static const char deleted[] = " (deleted)";
	const char *slash = strrchr(exe, '/'), *name = slash ? slash + 1 : exe;
	size_t len = strlen(name), cut = strlen(deleted);

	if (len > cut && !strcmp(name + len - cut, deleted))
		len -= cut;
	*ret_len = len;
	return name;
}

static const struct program *program_of(const char *exe)
{
	size_t len;
	const char *name = basename_of(exe, &len);

	for (size_t i = 0; i < COUNT(programs); i++) {
		size_t n = strlen(programs[i].exe);

		if (len >= n && !memcmp(name, programs[i].exe, n) &&
		    (!programs[i].whole || len == n))
			return &programs[i];
	}
	return &other;
}

bool exe_is_vmm(const char *exe)
{
	return program_of(exe) != &other;
}

bool exe_is_qemu(const char *exe)
{
	return program_of(exe)->qemu;
}

/* ---- managers of QEMU ---- */

enum trait {
	EXE,		/* the executable's path contains */
	CGROUP,		/* the cgroup's path contains */
	ARGUMENT,	/* an argument contains */
	OPTION,		/* has the option */
	SMBIOS_PRODUCT, /* the guest is told a product, manufacturer that begins with */
	SMBIOS_MANUFACTURER,
};

/* The first that fits. What is built on libvirt comes before libvirt. */
static const struct rule {
	const char *manager;
	enum trait trait;
	const char *value;
} rules[] = {
	{"openstack", SMBIOS_PRODUCT, "OpenStack"},
	{"ovirt", SMBIOS_MANUFACTURER, "oVirt"},
	{"ovirt", SMBIOS_PRODUCT, "oVirt"},
	{"ovirt", SMBIOS_PRODUCT, "RHEV"},
	{"kubevirt", SMBIOS_MANUFACTURER, "KubeVirt"},
	{"kubevirt", ARGUMENT, "/kubevirt"},
	{"kata", ARGUMENT, "/run/vc/"},
	{"incus", SMBIOS_PRODUCT, "Incus"},
	{"incus", EXE, "/incus/"},
	{"incus", ARGUMENT, "/incus/"},
	{"lxd", SMBIOS_PRODUCT, "LXD"},
	{"lxd", EXE, "/snap/lxd/"},
	{"lxd", ARGUMENT, "/lxd/logs/"},
	{"proxmox", CGROUP, "/qemu.slice/"},
	{"proxmox", OPTION, "id"}, /* Proxmox' own patch */
	{"libvirt", CGROUP, "machine-qemu"},
	{"libvirt", CGROUP, ".libvirt-qemu"},
	{"libvirt", ARGUMENT, "/libvirt/qemu/"},
};

static bool smbios_begins(const struct argv *argv, const char *key, const char *value)
{
	const char *cursor = NULL, *option;

	while ((option = argv_option_next(argv, "smbios", &cursor))) {
		autofree char *field = qemu_suboption(option, key, false);

		if (field && !strncmp(field, value, strlen(value)))
			return true;
	}
	return false;
}

static bool rule_fits(const struct rule *rule, const struct vmm *vmm)
{
	switch (rule->trait) {
	case EXE:
		return strstr(vmm->exe, rule->value);
	case CGROUP:
		return vmm->cgroup && strstr(vmm->cgroup, rule->value);
	case ARGUMENT:
		return argv_contains(&vmm->argv, rule->value);
	case OPTION:
		return argv_has(&vmm->argv, rule->value);
	case SMBIOS_PRODUCT:
		return smbios_begins(&vmm->argv, "product", rule->value);
	case SMBIOS_MANUFACTURER:
		return smbios_begins(&vmm->argv, "manufacturer", rule->value);
	}
	return false;
}

static const char *manager_of(const struct vmm *vmm, const struct program *program)
{
	if (!program->qemu)
		return program->manager;
	for (size_t i = 0; i < COUNT(rules); i++) {
		if (rule_fits(&rules[i], vmm))
			return rules[i].manager;
	}
	return program->manager;
}

/* ---- uuid ---- */

/* @s in lower case if it is a UUID as QEMU takes it, else NULL; @s is freed. */
static char *uuid_or_free(char *s)
{
	size_t i;

	for (i = 0; s && s[i]; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (i >= 36 || (dash ? s[i] != '-' : !isxdigit((unsigned char)s[i])))
			break;
		s[i] = (char)tolower((unsigned char)s[i]);
	}
	if (s && i == 36 && !s[i])
		return s;
	free(s);
	return NULL;
}

static char *smbios_uuid(const struct argv *argv)
{
	const char *cursor = NULL, *option;
	char *uuid = NULL;

	while (!uuid && (option = argv_option_next(argv, "smbios", &cursor)))
		uuid = uuid_or_free(qemu_suboption(option, "uuid", false));
	return uuid;
}

static char *uuid_of(const struct vmm *vmm, const struct program *program)
{
	const char *value = argv_option(&vmm->argv, program->qemu ? "uuid" : "platform");
	char *uuid = NULL;

	if (value)
		uuid = uuid_or_free(program->qemu ? strdup(value)
						  : qemu_suboption(value, "uuid", false));
	return uuid || !program->qemu ? uuid : smbios_uuid(&vmm->argv);
}

/* ---- all of it ---- */

static char *name_of(const struct vmm *vmm, const struct program *program, const char *uuid)
{
	char *name = program->name ? program->name(vmm) : NULL, *made;
	size_t len;
	const char *base;

	if (name && *name)
		return name;
	free(name);
	if (uuid)
		return strdup(uuid);
	base = program->qemu ? "qemu" : basename_of(vmm->exe, &len);
	if (program->qemu)
		len = strlen(base);
	if (!len) {
		base = "vm";
		len = strlen(base);
	}
	return asprintf(&made, "%.*s-%d", (int)len, base, vmm->pid) < 0 ? NULL : made;
}

/* FNV-1a, 64 bit: http://www.isthe.com/chongo/tech/comp/fnv/ */
static uint64_t hash_of(const char *s)
{
	uint64_t hash = 0xcbf29ce484222325ULL;

	for (; *s; s++)
		hash = (hash ^ (unsigned char)*s) * 0x100000001b3ULL;
	return hash;
}

/* In place; no character of UTF-8 is cut in two. */
static void clip(char *name)
{
	static const char format[] = "…#%016" PRIx64;
	char mark[sizeof(format) + 16];
	size_t cut;

	if (strlen(name) <= NAME_BYTES_MAX)
		return;
	cut = NAME_BYTES_MAX - (size_t)snprintf(mark, sizeof(mark), format, hash_of(name));
	while (cut && (name[cut] & 0xc0) == 0x80)
		cut--;
	memcpy(name + cut, mark, strlen(mark) + 1);
}

int identity_of(const struct vmm *vmm, struct identity *ret)
{
	const struct program *program = program_of(vmm->exe);
	autofree char *uuid = uuid_of(vmm, program);
	char *name = name_of(vmm, program, uuid);

	if (!name)
		return -ENOMEM;
	clip(name);
	*ret = (struct identity){name, take_ptr(uuid), manager_of(vmm, program)};
	return 0;
}

/* Every accelerator that @value, "kvm:tcg" or "tcg,thread=multi", names. */
static bool names_tcg(const char *value)
{
	while (*value) {
		size_t len = strcspn(value, ":,");

		if (len == 3 && !memcmp(value, "tcg", 3))
			return true;
		value += len + (value[len] != '\0');
	}
	return false;
}

bool qemu_may_emulate(const struct argv *argv)
{
	static const char *const machine[] = {"machine", "M"};
	const char *cursor = NULL, *value;
	bool chosen = argv_has(argv, "enable-kvm");

	while ((value = argv_option_next(argv, "accel", &cursor))) {
		if (names_tcg(value))
			return true;
		chosen = true;
	}
	for (size_t i = 0; i < COUNT(machine); i++) {
		cursor = NULL;
		while ((value = argv_option_next(argv, machine[i], &cursor))) {
			autofree char *accel = qemu_suboption(value, "accel", false);

			if (accel && names_tcg(accel))
				return true;
			chosen |= accel != NULL;
		}
	}
	return !chosen;
}

bool qemu_is_bare(const struct argv *argv)
{
	const char *value = argv_option(argv, "machine") ?: argv_option(argv, "M");
	autofree char *type = value ? qemu_suboption(value, "type", true) : NULL;

	return type && !strcmp(type, "none");
}
