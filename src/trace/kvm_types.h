/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where kvm keeps a vCPU's number: from its type information, built in or the module's.
 *
 * Read at run time rather than by CO-RE, so that the programs load without kvm, need no privilege
 * to look at module BTF, and learn of a kvm.ko that is loaded after them.
 */
#ifndef STEALSCOPE_KVM_TYPES_H
#define STEALSCOPE_KVM_TYPES_H

#include <bpf/btf.h>

#include "slot.h"

/* The kernel's own types. */
#define VMLINUX_BTF "/sys/kernel/btf/vmlinux"

/* -ENOENT: not in @types, or not of the size that the programs read, or not where they would read.
 */
int kvm_types_find(const struct btf *types, struct kvm_layout *ret_layout);

/* 0; -ENOENT: no kvm here (yet); -errno. */
int kvm_types_read(struct kvm_layout *ret_layout);

#endif
