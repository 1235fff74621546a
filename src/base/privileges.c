// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/bpf.h>
#include <pwd.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static void cleanup_cap(cap_t *caps)
{
	if (*caps)
		cap_free(*caps);
}

const char *privileges_user(void)
{
	return getpwnam(PRIVILEGES_USER)	    ? PRIVILEGES_USER
	       : getpwnam(PRIVILEGES_FALLBACK_USER) ? PRIVILEGES_FALLBACK_USER
						    : NULL;
}

/* NULL, with errno 0: there is no such user. */
static struct passwd *find_user(const char *name)
{
	name = name ?: privileges_user();
	errno = 0;
	return name ? getpwnam(name) : NULL;
}

/* Capabilities in the permitted set survive (PR_SET_KEEPCAPS); the effective set is cleared. */
static int become(const char *name)
{
	struct passwd *user;

	if (geteuid())
		return 0;
	user = find_user(name);
	if (!user)
		return errno ? -errno : -ENOENT;
	if (initgroups(user->pw_name, user->pw_gid) ||
	    setresgid(user->pw_gid, user->pw_gid, user->pw_gid) ||
	    setresuid(user->pw_uid, user->pw_uid, user->pw_uid))
		return -errno;
	return 0;
}

/* Exactly these capabilities, permitted and effective; the inheritable set is empty. */
static int set_caps(const cap_value_t *values, int nr, cap_flag_t flag, cap_t caps)
{
	return nr && cap_set_flag(caps, flag, nr, values, CAP_SET) ? -errno : 0;
}

static int keep_only(const cap_value_t *values, int nr)
{
	__attribute__((cleanup(cleanup_cap))) cap_t caps = cap_init();
	int err;

	if (!caps)
		return -errno;
	err = set_caps(values, nr, CAP_PERMITTED, caps);
	if (!err)
		err = set_caps(values, nr, CAP_EFFECTIVE, caps);
	if (err)
		return err;
	return cap_set_proc(caps) ? -errno : 0;
}

static int clear_effective(void)
{
	__attribute__((cleanup(cleanup_cap))) cap_t caps = cap_get_proc();

	if (!caps || cap_clear_flag(caps, CAP_EFFECTIVE) || cap_set_proc(caps))
		return -errno;
	return 0;
}

/* Without privilege, does the kernel refuse before it looks at what is asked for? */
static bool bpf_is_refused(void)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (__u32)-1;
	return syscall(SYS_bpf, BPF_MAP_LOOKUP_ELEM, &attr, sizeof(attr)) < 0 && errno == EPERM;
}

/* So that nothing that this process may yet execute gets them back. Needs CAP_SETPCAP; without it
 * PR_SET_NO_NEW_PRIVS alone has to do. */
static void empty_bounding_set(void)
{
	for (cap_value_t cap = 0; cap < cap_max_bits(); cap++)
		cap_drop_bound(cap);
}

int privileges_drop(const char *user, bool *ret_kept_bpf)
{
	static const cap_value_t bpf = CAP_BPF;
	bool kept_bpf;
	int err;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0))
		return -errno;
	cap_reset_ambient();
	empty_bounding_set();
	err = become(user);
	if (!err)
		err = clear_effective();
	if (err)
		return err;
	kept_bpf = bpf_is_refused();
	err = keep_only(&bpf, kept_bpf ? 1 : 0);
	if (err)
		return err;
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0))
		return -errno;
	*ret_kept_bpf = kept_bpf;
	return 0;
}
