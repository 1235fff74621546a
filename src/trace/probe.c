// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "trace/probe.h"

#include <bpf/btf.h>
#include <errno.h>
#include <linux/capability.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "trace/kvm_types.h"
#include "trace/tracer.h"

struct context {
	struct probe *probe;
	struct btf *btf; /* the kernel's types, NULL if there are none */
};

static struct finding *find(struct context *ctx, const char *what, enum support support,
			    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
static struct finding *find(struct context *ctx, const char *what, enum support support,
			    const char *fmt, ...)
{
	struct finding *finding = &ctx->probe->findings[ctx->probe->nr++];
	va_list args;

	finding->what = what;
	finding->support = support;
	finding->advice[0] = '\0';
	va_start(args, fmt);
	vsnprintf(finding->detail, sizeof(finding->detail), fmt, args);
	va_end(args);
	return finding;
}

static void advise(struct finding *finding, const char *advice)
{
	snprintf(finding->advice, sizeof(finding->advice), "%s", advice);
}

static bool read_line(const char *path, char *line, size_t size)
{
	autofclose FILE *file = fopen(path, "re");

	if (!file || !fgets(line, (int)size, file))
		return false;
	line[strcspn(line, "\n")] = '\0';
	return true;
}

static bool exists(const char *path)
{
	return !access(path, F_OK);
}

/* Effective capabilities of this process, from /proc/self/status. */
static unsigned long long capabilities(void)
{
	char line[256];
	unsigned long long caps = 0;
	autofclose FILE *file = fopen("/proc/self/status", "re");

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "CapEff: %llx", &caps) == 1)
			break;
	return caps;
}

static bool has_cap(unsigned long long caps, int cap)
{
	return caps >> cap & 1;
}

static void probe_privilege(struct context *ctx)
{
	unsigned long long caps = capabilities();
	bool admin = has_cap(caps, CAP_SYS_ADMIN);

	if (admin || (has_cap(caps, CAP_BPF) && has_cap(caps, CAP_PERFMON)))
		find(ctx, "privilege", SUPPORT_OK, "%s",
		     admin ? "CAP_SYS_ADMIN" : "CAP_BPF and CAP_PERFMON");
	else
		advise(find(ctx, "privilege", SUPPORT_MISSING,
			    "no CAP_BPF and CAP_PERFMON: programs cannot be loaded"),
		       "run as root (sudo stealscope ...), or grant CAP_BPF, CAP_PERFMON and "
		       "CAP_SYS_PTRACE");
	if (has_cap(caps, CAP_SYS_PTRACE))
		find(ctx, "discovery", SUPPORT_OK,
		     "CAP_SYS_PTRACE: every process can be inspected");
	else
		advise(find(ctx, "discovery", SUPPORT_LIMITED,
			    "no CAP_SYS_PTRACE: other users' KVM guests are found once they run, "
			    "TCG "
			    "guests are not"),
		       "run as root, or grant CAP_SYS_PTRACE");
}

/* Its version says nothing: RHEL 9 and SLES 15 are 5.14 with most of what came later. */
static void probe_kernel(struct context *ctx)
{
	struct utsname uts;

	uname(&uts);
	find(ctx, "kernel", SUPPORT_OK, "%s", uts.release);
}

static void probe_lockdown(struct context *ctx)
{
	char line[128];

	if (!read_line("/sys/kernel/security/lockdown", line, sizeof(line)) ||
	    !strstr(line, "[confidentiality]"))
		return;
	advise(find(ctx, "lockdown", SUPPORT_MISSING,
		    "the kernel is locked down for confidentiality: programs may not read its "
		    "memory"),
	       "boot with lockdown=integrity, or without lockdown");
}

static void probe_btf(struct context *ctx)
{
	ctx->btf = btf__parse(VMLINUX_BTF, NULL);
	if (ctx->btf)
		find(ctx, "BTF", SUPPORT_OK, "/sys/kernel/btf/vmlinux");
	else
		advise(find(ctx, "BTF", SUPPORT_MISSING,
			    "no /sys/kernel/btf/vmlinux: the kernel does not describe its types"),
		       "boot a kernel with CONFIG_DEBUG_INFO_BTF=y, as shipped by distributions");
}

static bool has_member(const struct btf *btf, const char *type_name, const char *name)
{
	int id = btf__find_by_name_kind(btf, type_name, BTF_KIND_STRUCT);
	const struct btf_type *type = id > 0 ? btf__type_by_id(btf, (__u32)id) : NULL;
	const struct btf_member *member;
	int i;

	if (!type)
		return false;
	member = btf_members(type);
	for (i = 0; i < btf_vlen(type); i++)
		if (!strcmp(btf__name_by_offset(btf, member[i].name_off), name))
			return true;
	return false;
}

/* What the exact measurement needs of a kernel, by the fields that it adds. */
static const struct {
	const char *type, *member, *option;
} needed_fields[] = {
	{"sched_info", "last_queued", "CONFIG_SCHED_INFO"},
	{"sched_entity", "cfs_rq", "CONFIG_FAIR_GROUP_SCHED"},
	{"task_struct", "bpf_storage", "CONFIG_BPF_SYSCALL, Linux 5.11"},
};

static void probe_fields(struct context *ctx)
{
	size_t i;

	if (!ctx->btf)
		return;
	for (i = 0; i < sizeof(needed_fields) / sizeof(needed_fields[0]); i++) {
		if (has_member(ctx->btf, needed_fields[i].type, needed_fields[i].member))
			continue;
		advise(find(ctx, "run delay", SUPPORT_MISSING, "the kernel has no %s.%s (%s)",
			    needed_fields[i].type, needed_fields[i].member,
			    needed_fields[i].option),
		       "boot a kernel that has it, as does every kernel with KVM");
		return;
	}
	if (btf__find_by_name_kind(ctx->btf, "btf_trace_sched_switch", BTF_KIND_TYPEDEF) < 0) {
		advise(find(ctx, "run delay", SUPPORT_MISSING, "no typed scheduler tracepoints"),
		       "boot a kernel with CONFIG_TRACEPOINTS and BTF");
		return;
	}
	find(ctx, "run delay", SUPPORT_OK, "exact, from sched_info");
}

static void probe_features(struct context *ctx)
{
	if (!ctx->btf)
		return;
	/* as storage_is_safe_under_rq_lock(), bpf/compat.h */
	if (has_member(ctx->btf, "bpf_local_storage_map", "bpf_ma") ||
	    btf__find_by_name_kind(ctx->btf, "rqspinlock_held", BTF_KIND_STRUCT) > 0)
		find(ctx, "new vCPUs", SUPPORT_OK, "watched from their first switch");
	else
		find(ctx, "new vCPUs", SUPPORT_LIMITED,
		     "this kernel cannot create task storage during a switch: watched from some "
		     "100 ms after their first switch");
	if (has_member(ctx->btf, "cfs_rq", "throttled_clock_self_time"))
		find(ctx, "quota", SUPPORT_OK, "exact for a thread with a cgroup of its own");
	else
		find(ctx, "quota", SUPPORT_LIMITED,
		     "a lower bound: this kernel does not record throttled time (Linux 6.6 does); "
		     "of a "
		     "throttled wait, time on an idle CPU is quota, the rest is unknown");
}

/*
 * Where rq->clock_task leaves out what interrupts took, or the hypervisor below, run time does so,
 * too; waiting time is rq->clock's in any case (update_rq_clock_task(), kernel/sched/core.c).
 * Whether they are accounted is also decided while the kernel runs: by the clock that it finds, and
 * by whether it reports steal itself.
 */
static void probe_clock(struct context *ctx)
{
	static const char *const missing[2][2] = {
		{NULL, "time that a hypervisor below takes from a running vCPU"},
		{"time that interrupts take from a running vCPU",
		 "time that interrupts and a hypervisor below take from a running vCPU"},
	};
	const char *what;

	if (!ctx->btf)
		return;
	what = missing[has_member(ctx->btf, "rq", "prev_irq_time")]
		      [has_member(ctx->btf, "rq", "prev_steal_time_rq")];
	if (what)
		find(ctx, "run time", SUPPORT_LIMITED,
		     "%s is in neither its run time nor its steal, if the kernel accounts for it "
		     "separately",
		     what);
	else
		find(ctx, "run time", SUPPORT_OK, "interrupts included");
}

static void probe_kvm(struct context *ctx)
{
	if (exists("/sys/module/kvm") || exists("/dev/kvm"))
		find(ctx, "KVM", SUPPORT_OK, "%s",
		     exists("/sys/kernel/btf/kvm") ? "module" : "built in");
	else
		find(ctx, "KVM", SUPPORT_LIMITED,
		     "not loaded: TCG guests are traced, KVM guests as soon as it is");
}

/* include/linux/proc_ns.h: PROC_PID_INIT_INO */
#define INITIAL_PIDNS_INO 0xEFFFFFFCUL

static void probe_namespace(struct context *ctx)
{
	struct stat st;

	if (stat("/proc/self/ns/pid", &st) || st.st_ino == INITIAL_PIDNS_INO)
		find(ctx, "namespace", SUPPORT_OK, "the host's processes are visible");
	else
		advise(find(ctx, "namespace", SUPPORT_MISSING,
			    "this is the PID namespace of a container, where the host's pids "
			    "differ"),
		       "run on the host, or with --pid=host (Kubernetes: hostPID: true)");
}

static void probe_hidepid(struct context *ctx)
{
	char line[512];
	autofclose FILE *file = fopen("/proc/self/mounts", "re");

	while (file && fgets(line, sizeof(line), file)) {
		if (!strstr(line, " /proc proc ") || !strstr(line, "hidepid=") ||
		    strstr(line, "hidepid=0") || strstr(line, "hidepid=off"))
			continue;
		advise(find(ctx, "/proc", SUPPORT_LIMITED,
			    "mounted with hidepid: without root only your own processes are "
			    "visible"),
		       "run as root, or add the user to the group of /proc's gid= option");
		return;
	}
}

void probe_host(struct probe *ret_probe)
{
	struct context ctx = {.probe = ret_probe};

	ret_probe->nr = 0;
	probe_privilege(&ctx);
	probe_kernel(&ctx);
	probe_lockdown(&ctx);
	probe_btf(&ctx);
	probe_fields(&ctx);
	probe_kvm(&ctx);
	probe_features(&ctx);
	probe_clock(&ctx);
	probe_namespace(&ctx);
	probe_hidepid(&ctx);
	btf__free(ctx.btf);
	malloc_trim(0);
}

void probe_load(struct probe *probe)
{
	struct context ctx = {.probe = probe};
	const struct tracer_config config = {.max_threads = 1};
	struct tracer *tracer;
	int err;

	if (probe_blocker(probe))
		return;
	err = tracer_new(&config, &tracer);
	if (err) {
		advise(find(&ctx, "programs", SUPPORT_MISSING, "the kernel rejects them: %s",
			    strerror(-err)),
		       "report it, with the output of stealscope check -v");
		return;
	}
	tracer_free(tracer);
	find(&ctx, "programs", SUPPORT_OK, "the kernel accepts them");
}

const struct finding *probe_blocker(const struct probe *probe)
{
	for (size_t i = 0; i < probe->nr; i++)
		if (probe->findings[i].support == SUPPORT_MISSING)
			return &probe->findings[i];
	return NULL;
}
