/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Bucket arithmetic of the wait histograms, compiled for the kernel and for the host alike.
 *
 * Log-linear: every power of two is split into BUCKET_SUB equal buckets, so a bucket is at most
 * 1/8 of its lower edge wide and a value's distance from the middle of its bucket at most 6.25 %.
 * The unit is 32 ns: below 256 ns the buckets are 32 ns wide, an absolute error of 16 ns. The last
 * bucket has no upper edge; it begins at 2^36 - 2^32 ns = 64.4 s.
 */
#ifndef STEALSCOPE_BUCKET_H
#define STEALSCOPE_BUCKET_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#define BUCKET_UNIT_SHIFT 5
#define BUCKET_SUB_SHIFT 3
#define BUCKET_SUB (1U << BUCKET_SUB_SHIFT)
#define NR_BUCKETS 232U

/* Position of the highest set bit; v must not be 0. BPF has no instruction for it before v4. */
static inline __attribute__((always_inline)) __u32 bucket_log2(__u64 v)
{
	__u32 shift, r;

	r = (v > 0xffffffffULL) << 5;
	v >>= r;
	shift = (v > 0xffff) << 4;
	v >>= shift;
	r |= shift;
	shift = (v > 0xff) << 3;
	v >>= shift;
	r |= shift;
	shift = (v > 0xf) << 2;
	v >>= shift;
	r |= shift;
	shift = (v > 0x3) << 1;
	v >>= shift;
	r |= shift;
	r |= (__u32)(v >> 1);
	return r;
}

/* The bucket, 0 … NR_BUCKETS - 1, of a wait of @ns nanoseconds. */
static inline __attribute__((always_inline)) __u32 bucket_of(__u64 ns)
{
	__u64 units = ns >> BUCKET_UNIT_SHIFT;
	__u32 top, bucket;

	if (units < BUCKET_SUB)
		return (__u32)units;
	top = bucket_log2(units);
	bucket = ((top - BUCKET_SUB_SHIFT + 1) << BUCKET_SUB_SHIFT) |
		 ((units >> (top - BUCKET_SUB_SHIFT)) & (BUCKET_SUB - 1));
	return bucket < NR_BUCKETS ? bucket : NR_BUCKETS - 1;
}

#ifndef __bpf__
/* Lower edge, inclusive, in nanoseconds. */
static inline __u64 bucket_ge(__u32 bucket)
{
	__u32 octave = bucket >> BUCKET_SUB_SHIFT;
	__u64 sub = bucket & (BUCKET_SUB - 1);

	if (!octave)
		return sub << BUCKET_UNIT_SHIFT;
	return (BUCKET_SUB + sub) << (octave - 1) << BUCKET_UNIT_SHIFT;
}

/* Upper edge, exclusive, in nanoseconds; UINT64_MAX for the last bucket. */
static inline __u64 bucket_lt(__u32 bucket)
{
	return bucket + 1 < NR_BUCKETS ? bucket_ge(bucket + 1) : ~0ULL;
}
#endif

#endif
