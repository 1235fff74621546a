/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which long waits are published: a storm of waits must not become one of output, nor must one
 * domain's storm hide another's wait. For the kernel side and, in tests, for the host alike.
 */
#ifndef STEALSCOPE_RATE_H
#define STEALSCOPE_RATE_H

/* In the window under way on one CPU, all and by domain (a hash of it). */
#define NR_RATE_SHARES 16U

struct wait_rate {
	__u64 window;
	__u64 lost; /* ever */
	__u32 admitted;
	__u32 domains; /* that had a long wait, in this window and in the one before */
	__u32 domains_before;
	__u32 pad;
	__u32 counts[NR_RATE_SHARES];
};

/* The window is over. What was published beyond its rate is taken off the next one. */
static inline __attribute__((always_inline)) void rate_turn(struct wait_rate *rate, __u64 window,
							    __u64 limit)
{
	_Bool next = rate->window + 1 == window;
	__u32 i;

	rate->admitted = next && rate->admitted > limit ? rate->admitted - (__u32)limit : 0;
	rate->domains_before = next ? rate->domains : 0;
	rate->domains = 0;
	for (i = 0; i < NR_RATE_SHARES; i++)
		rate->counts[i] = 0;
	rate->window = window;
}

/*
 * One more long wait of @domain: may it be published, where @limit are in a window? Each domain has
 * its share, as of how many there are, and the first of each is published even when the others have
 * used up the window.
 */
static inline __attribute__((always_inline)) _Bool rate_admits(struct wait_rate *rate, __u64 window,
							       __u32 domain, __u64 limit)
{
	__u32 *count = &rate->counts[domain % NR_RATE_SHARES];
	_Bool first, told;
	__u64 domains;

	if (rate->window != window)
		rate_turn(rate, window, limit);
	first = !*count;
	rate->domains += first;
	domains = rate->domains > rate->domains_before ? rate->domains : rate->domains_before;
	if (rate->admitted < limit)
		told = first || *count < limit / domains;
	else
		told = first && rate->admitted < 2 * limit;
	++*count;
	rate->admitted += told;
	rate->lost += !told;
	return told;
}

#endif
