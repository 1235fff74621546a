/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who may have another slot: the table cannot grow, and one domain shall not take it from the
 * others. The same for the kernel side, at a thread's birth or first sight, and for the loader:
 * it asks for nothing that would be refused.
 *
 *	                     of all slots its domain has       of them, left free
 *	vCPU                 at most a quarter                 an eighth; not for its first 64
 *	any other thread     at most a half                    a quarter; for its first 16 an eighth
 *
 * So the vCPUs of a domain that appears find slots whatever one other has taken, and so do its few
 * other threads.
 */
#ifndef STEALSCOPE_SHARE_H
#define STEALSCOPE_SHARE_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#define SHARE_FIRST_VCPUS 64U
#define SHARE_FIRST_OTHERS 16U

/* What a domain has. */
struct share {
	__u32 vcpus;
	__u32 others;
};

/* @slots: all that there are; @free: of them. */
static inline __attribute__((always_inline)) _Bool
share_allows(const struct share *share, _Bool is_vcpu, __u32 slots, __u32 free)
{
	if (is_vcpu)
		return share->vcpus < slots / 4 && free > 0 &&
		       (share->vcpus < SHARE_FIRST_VCPUS || free > slots / 8);
	return share->others < slots / 2 &&
	       free > (share->others < SHARE_FIRST_OTHERS ? slots / 8 : slots / 4);
}

#endif
