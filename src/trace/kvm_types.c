// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "trace/kvm_types.h"

#include <bpf/btf.h>
#include <errno.h>
#include <malloc.h>
#include <string.h>
#include <unistd.h>

#define KVM_BTF "/sys/kernel/btf/kvm"

static int member_offset(const struct btf *btf, const struct btf_type *type, const char *name,
			 size_t size, int *ret_bytes)
{
	const struct btf_member *member = btf_members(type);
	int i;

	for (i = 0; i < btf_vlen(type); i++) {
		if (strcmp(btf__name_by_offset(btf, member[i].name_off), name))
			continue;
		if (btf__resolve_size(btf, member[i].type) != (__s64)size)
			break;
		*ret_bytes = (int)(btf_member_bit_offset(type, i) / 8);
		return 0;
	}
	return -ENOENT;
}

int kvm_types_find(const struct btf *btf, struct kvm_layout *ret_layout)
{
	int id = btf__find_by_name_kind(btf, "kvm_vcpu", BTF_KIND_STRUCT);
	const struct btf_type *type = id > 0 ? btf__type_by_id(btf, (__u32)id) : NULL;
	int notifier, vcpu_id, pid;

	/* vmlinux may hold a forward declaration with no members */
	if (!type || member_offset(btf, type, "preempt_notifier", 3 * sizeof(void *), &notifier) ||
	    member_offset(btf, type, "vcpu_id", sizeof(__u32), &vcpu_id) ||
	    member_offset(btf, type, "pid", sizeof(void *), &pid))
		return -ENOENT;
	ret_layout->vcpu_id = (__u32)(vcpu_id - notifier);
	ret_layout->pid = (__u32)(pid - notifier);
	if (ret_layout->vcpu_id >= KVM_OFFSET_MAX || ret_layout->pid >= KVM_OFFSET_MAX)
		return -ENOENT;
	ret_layout->known = 1;
	return 0;
}

int kvm_types_read(struct kvm_layout *ret_layout)
{
	struct btf *base, *kvm = NULL;
	int err;

	base = btf__parse(VMLINUX_BTF, NULL);
	if (!base)
		return -errno;
	err = kvm_types_find(base, ret_layout);
	if (err && !access(KVM_BTF, R_OK)) {
		kvm = btf__parse_split(KVM_BTF, base);
		err = kvm ? kvm_types_find(kvm, ret_layout) : -errno;
	}
	btf__free(kvm);
	btf__free(base);
	malloc_trim(0); /* a kernel's types are several MiB */
	return err;
}
