// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fakeproc.h"

#include "base/cleanup.h"
#include "host/cgroup.h"
#include "host/pidns.h"
#include "host/placement.h"
#include "host/vm/role.h"

static void paths_of_a_real_host(void **state)
{
	autofree char *text = fixture("libvirt-web-01.txt");
	struct cgroup_paths paths;

	(void)state;
	*strstr(text, "# threads") = '\0';
	assert_int_equal(cgroup_parse_paths(text, &paths), 0);
	assert_string_equal(paths.cpu, "/machine/qemu-3-web-01.libvirt-qemu/emulator");
	assert_string_equal(paths.unified, "/machine/qemu-3-web-01.libvirt-qemu/emulator");
	assert_string_equal(paths.systemd, "/");
	assert_string_equal(cgroup_cpu_path(&paths), paths.cpu);
	assert_string_equal(cgroup_service_path(&paths), paths.unified);
	cgroup_paths_free(&paths);
}

static void paths(void **state)
{
	struct cgroup_paths p;

	(void)state;
	assert_int_equal(cgroup_parse_paths("0::/a:b/c\n", &p), 0);
	assert_string_equal(p.unified, "/a:b/c");
	assert_null(p.cpu);
	assert_string_equal(cgroup_cpu_path(&p), "/a:b/c");
	cgroup_paths_free(&p);
	/* cpuacct and cpuset are not cpu */
	assert_int_equal(
		cgroup_parse_paths("3:cpuset:/x\n4:cpuacct,cpu:/y\n5:cpuacct:/z\n1:name=systemd:/s",
				   &p),
		0);
	assert_string_equal(p.cpu, "/y");
	assert_string_equal(p.systemd, "/s");
	assert_string_equal(cgroup_service_path(&p), "/s");
	cgroup_paths_free(&p);
	assert_int_equal(cgroup_parse_paths("\nrubbish\n1:\n:\n::\n", &p), 0);
	cgroup_paths_free(&p);
	assert_int_equal(cgroup_parse_paths("0::/\n", &p), 0);
	assert_null(cgroup_service_path(&p));
	cgroup_paths_free(&p);
}

static void mounts(void **state)
{
	static const char text[] =
		"24 1 0:5 / /proc rw - proc proc rw\n"
		"25 1 0:6 / /sys/kernel/debug rw - debugfs debugfs rw,cpu\n"
		"26 1 0:7 / /run/user/0 rw - ramfs2 cgroup2 rw,cpu\n"
		"27 1 0:8 / /sys/fs/pstore rw - pstore pstore rw,cpu\n"
		"28 1 0:9 / /cgroup rw - overlay cgroup2 rw,cpu\n"
		"29 1 0:10 / /cgroups rw - cgroups cgroup2 rw,cpu\n"
		"30 1 0:30 / /sys/fs/cgroup/cpuset rw shared:9 - cgroup cgroup rw,cpuset\n"
		"31 1 0:31 / /sys/fs/cgroup/cpu\\040x,acct rw shared:9 master:1 - cgroup cgroup "
		"rw,cpu,cpuacct\n"
		"32 1 0:32 /pod /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate\n"
		"33 1 0:32 / /other rw - cgroup2 cgroup2 rw\nshort - cgroup2\n";
	struct cgroup_mounts m;

	(void)state;
	assert_int_equal(cgroup_parse_mounts(text, &m), 0);
	assert_string_equal(m.cpu.point, "/sys/fs/cgroup/cpu x,acct");
	assert_string_equal(m.cpu.root, "/");
	assert_string_equal(m.unified.point, "/sys/fs/cgroup/unified");
	assert_string_equal(m.unified.root, "/pod");
	cgroup_mounts_free(&m);
	assert_int_equal(cgroup_parse_mounts("", &m), 0);
	assert_null(m.cpu.point);
	cgroup_mounts_free(&m);
}

static void check_role(const char *path, enum role role, int index)
{
	struct role_guess guess;

	assert_true(role_from_cgroup(path, &guess));
	assert_int_equal(guess.role, role);
	assert_int_equal(guess.index, index);
}

static void libvirt_roles(void **state)
{
	autofree char *text = fixture("libvirt-sles12sp3.tasks.txt");
	static const char *const others[] = {"/",
					     "",
					     "vcpu0",
					     "/vcpu0",
					     "/user.slice/vcpu0",
					     "/machine.slice/machine-qemu.scope",
					     "/machine/qemu-1-a.libvirt-qemu/vcpuX",
					     "/machine/qemu-1-a.libvirt-qemu/vcpu",
					     "/machine/qemu-1-a.libvirt-qemu/x/vcpu0",
					     "/machine/qemu-1-a.libvirt-lxc/vcpu0"};
	struct role_guess guess;
	int vcpus = 0;

	(void)state;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		int tid = atoi(line);

		if (*line == '#')
			continue;
		if (tid == 5422 || tid == 5423)
			check_role(strchr(line, '/'), ROLE_VCPU, tid - 5422);
		else
			check_role(strchr(line, '/'), ROLE_EMULATOR, -1);
		vcpus += tid == 5422 || tid == 5423;
	}
	assert_int_equal(vcpus, 2);
	check_role("/machine.slice/machine-qemu\\x2d3\\x2dw.scope/libvirt/vcpu12", ROLE_VCPU, 12);
	check_role("/machine/qemu-3-web-01.libvirt-qemu/vcpu1", ROLE_VCPU, 1);
	check_role("/machine/qemu-3-web-01.libvirt-qemu/emulator", ROLE_EMULATOR, -1);
	check_role("/machine/qemu-3-a.libvirt-qemu/iothread6", ROLE_IOTHREAD, -1);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(role_from_cgroup(others[i], &guess));
}

static void check_unit(const char *path, const char *unit)
{
	size_t len = 0;
	const char *found = cgroup_unit(path, &len);

	if (!unit) {
		assert_null(found);
		return;
	}
	assert_non_null(found);
	assert_int_equal(len, strlen(unit));
	assert_memory_equal(found, unit, len);
}

static void units(void **state)
{
	(void)state;
	check_unit("/system.slice/nginx.service", "nginx.service");
	check_unit("/user.slice/user-1000.slice/user@1000.service/app.slice/app-x.scope",
		   "app-x.scope");
	check_unit("/user.slice/user@1000.service/init", "user@1000.service");
	check_unit("/machine.slice/machine-qemu\\x2d1\\x2da.scope/libvirt/vcpu0",
		   "machine-qemu\\x2d1\\x2da.scope");
	check_unit("/kubepods/burstable/pod1", "/kubepods/burstable/pod1");
	check_unit("/a/.service", "/a/.service");
	check_unit("/user.slice/user-0.slice", NULL);
	check_unit("/user.slice/user-0.slice/session-3.scope", NULL);
	check_unit("/init.scope", NULL);
	check_unit("/", NULL);
	check_unit("", NULL);
}

static void cpu_max(void **state)
{
	static const char *const bad[] = {"",	       "max", "max ", "20000",
					  "-5 100000", "1 0", "a b",  "20000 x"};
	int64_t quota = 7, period = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(cgroup_parse_max(bad[i], &quota, &period), -EINVAL);
	assert_int_equal(quota, 7);
	assert_int_equal(cgroup_parse_max("20000 100000\n", &quota, &period), 0);
	assert_int_equal(quota, 20000);
	assert_int_equal(period, 100000);
	assert_int_equal(cgroup_parse_max("max 50000\n", &quota, &period), 0);
	assert_int_equal(quota, -1);
	assert_int_equal(period, 50000);
}

static void check_shared(const struct cgroup_mounts *mounts, const struct cgroup_vcpus *vcpus,
			 const char *paths_text, int64_t quota, int64_t period,
			 unsigned int sharers)
{
	cleanup(cgroup_paths_free) struct cgroup_paths p = {0};
	struct cgroup_cpu cpu;

	assert_int_equal(cgroup_parse_paths(paths_text, &p), 0);
	cgroup_read_cpu(mounts, &p, vcpus, &cpu);
	assert_int_equal(cpu.quota_us, quota);
	assert_int_equal(cpu.period_us, period);
	assert_int_equal(cpu.vcpus, sharers);
}

static void check_cpu(const struct cgroup_mounts *mounts, const char *paths_text, int64_t quota,
		      int64_t period, int64_t weight)
{
	cleanup(cgroup_paths_free) struct cgroup_paths p = {0};
	const struct cgroup_vcpus none = {0};
	struct cgroup_cpu cpu;

	assert_int_equal(cgroup_parse_paths(paths_text, &p), 0);
	cgroup_read_cpu(mounts, &p, &none, &cpu);
	assert_int_equal(cpu.quota_us, quota);
	assert_int_equal(cpu.period_us, period);
	assert_int_equal(cpu.weight, weight);
}

static void limits_v1(void **state)
{
	struct fake fake;
	char point[128], root[] = "/";
	struct cgroup_mounts m = {.cpu = {point, root}};

	(void)state;
	fake_new(&fake);
	fakef(point, "%s/cpu", fake.root);
	fake_file(&fake, "cpu/cpu.shares", "1024\n");
	fake_file(&fake, "cpu/vm/cpu.cfs_quota_us", "200000\n");
	fake_file(&fake, "cpu/vm/cpu.cfs_period_us", "100000\n");
	fake_file(&fake, "cpu/vm/cpu.shares", "2048\n");
	fake_file(&fake, "cpu/vm/vcpu0/cpu.cfs_quota_us", "20000\n");
	fake_file(&fake, "cpu/vm/vcpu0/cpu.cfs_period_us", "50000\n");
	fake_file(&fake, "cpu/vm/vcpu0/cpu.shares", "512\n");
	fake_file(&fake, "cpu/vm/vcpu1/cpu.cfs_quota_us", "-1\n");
	fake_file(&fake, "cpu/vm/vcpu1/cpu.cfs_period_us", "100000\n");
	check_cpu(&m, "1:cpu:/vm/vcpu0\n0::/x\n", 20000, 50000, 512);
	check_cpu(&m, "1:cpu:/vm/vcpu1\n", 200000, 100000, 2048);
	check_cpu(&m, "1:cpu:/\n", -1, -1, 1024);
	check_cpu(&m, "1:cpu:/gone/away\n", -1, -1, 1024);
	check_cpu(&m, "0::/x\n", -1, -1, -1); /* v2 is not mounted */
	/* a smaller quota above, of a much shorter period, is the looser one */
	fake_file(&fake, "cpu/vm/cpu.cfs_quota_us", "10000\n");
	fake_file(&fake, "cpu/vm/cpu.cfs_period_us", "20000\n");
	check_cpu(&m, "1:cpu:/vm/vcpu0\n", 20000, 50000, 512);
	fake_file(&fake, "cpu/vm/cpu.cfs_period_us", "100000\n");
	/* a tighter ratio above counts, though its quota is larger */
	fake_file(&fake, "cpu/vm/cpu.cfs_quota_us", "30000\n");
	check_cpu(&m, "1:cpu:/vm/vcpu0\n", 30000, 100000, 512);
	fake_free(&fake);
}

static void limits_v2(void **state)
{
	struct fake fake;
	char point[128], root[] = "/pod";
	struct cgroup_mounts m = {.unified = {point, root}};

	(void)state;
	fake_new(&fake);
	fakef(point, "%s/cg", fake.root);
	fake_file(&fake, "cg/cpu.max", "50000 100000\n");
	fake_file(&fake, "cg/vm/cpu.max", "max 100000\n");
	fake_file(&fake, "cg/vm/cpu.weight", "200\n");
	fake_file(&fake, "cg/vm/vcpu0/cpu.max", "20000 100000\n");
	fake_file(&fake, "cpu.max", "1 100000\n"); /* outside the mount */
	check_cpu(&m, "0::/pod/vm/vcpu0\n", 20000, 100000, 200);
	check_cpu(&m, "0::/pod/vm\n", 50000, 100000, 200);
	check_cpu(&m, "0::/pod\n", 50000, 100000, -1);
	check_cpu(&m, "0::/podium/vm\n", -1, -1, -1); /* not shown by this mount */
	strcpy(root, "/");
	check_cpu(&m, "0::/..\n", -1, -1, -1); /* not of our namespace */
	check_cpu(&m, "0::/../cg/vm\n", -1, -1, -1);
	fake_free(&fake);
}

/* Eight vCPUs with 100 % each have 200 % together: it is the latter that holds each of them back.
 */
static void limits_shared(void **state)
{
	char *paths[] = {"/vm/vcpu0", "/vm/vcpu1", "/vm/vcpu2", "/vm/vcpu3", "/vm/vcpu4",
			 "/vm/vcpu5", "/vm/vcpu6", "/vm/vcpu7", "/vmx"};
	const struct cgroup_vcpus eight = {paths, 8}, three = {paths, 3}, all = {paths, 9},
				  none = {0};
	struct fake fake;
	char point[128], root[] = "/";
	struct cgroup_mounts m = {.unified = {point, root}};

	(void)state;
	fake_new(&fake);
	fakef(point, "%s/cg", fake.root);
	fake_file(&fake, "cg/vm/cpu.max", "200000 100000\n");
	fake_file(&fake, "cg/vm/vcpu0/cpu.max", "50000 50000\n");
	fake_file(&fake, "cg/vm/vcpu1/cpu.max", "5000 50000\n");
	fake_file(&fake, "cg/vm/emulator/cpu.max", "20000 100000\n");
	check_shared(&m, &eight, "0::/vm/vcpu0\n", 200000, 100000, 8);
	check_shared(&m, &eight, "0::/vm/vcpu1\n", 5000, 50000, 1); /* 10 % of its own */
	check_shared(&m, &eight, "0::/vm/vcpu2\n", 200000, 100000, 8);
	check_shared(&m, &eight, "0::/vm/emulator\n", 20000, 100000, 1);
	check_shared(&m, &three, "0::/vm/vcpu0\n", 200000, 100000, 3);
	check_shared(&m, &none, "0::/vm/vcpu0\n", 50000, 50000, 1);
	check_shared(&m, &all, "0::/vm/vcpu0\n", 200000, 100000, 8); /* "/vmx" is another's */
	/* all in one cgroup share it; the emulator is held back by the vCPUs, too */
	for (size_t i = 0; i < 8; i++)
		paths[i] = "/one";
	fake_file(&fake, "cg/one/cpu.max", "400000 100000\n");
	check_shared(&m, &eight, "0::/one\n", 400000, 100000, 8);
	/* above them all */
	fake_file(&fake, "cg/cpu.max", "300000 100000\n");
	check_shared(&m, &eight, "0::/one\n", 300000, 100000, 8);
	/* as much is left by both: the inner one is meant */
	fake_file(&fake, "cg/cpu.max", "800000 200000\n");
	check_shared(&m, &eight, "0::/one\n", 400000, 100000, 8);
	/* no limit at all */
	check_shared(&m, &eight, "0::/away\n", 800000, 200000, 8);
	fake_file(&fake, "cg/cpu.max", "max 100000\n");
	check_shared(&m, &eight, "0::/away\n", -1, -1, 0);
	fake_free(&fake);
}

/* libvirt puts cpu_shares on the domain; its threads' cgroups keep the default. */
static void weight_libvirt(void **state)
{
#define V1 "/machine/qemu-1-a.libvirt-qemu"
#define V2 "/machine.slice/machine-qemu\\x2d1\\x2da.scope"
	char v1[128], v2[128], root[] = "/";
	struct cgroup_mounts m = {.cpu = {v1, root}, .unified = {v2, root}};
	struct fake fake;

	(void)state;
	fake_new(&fake);
	fakef(v1, "%s/cpu", fake.root);
	fakef(v2, "%s/cg", fake.root);
	fake_file(&fake, "cpu/machine/cpu.shares", "9\n");
	fake_file(&fake, "cpu" V1 "/cpu.shares", "512\n");
	fake_file(&fake, "cpu" V1 "/vcpu0/cpu.shares", "1024\n");
	fake_file(&fake, "cpu" V1 "/vcpu1/cpu.shares", "77\n");
	fake_file(&fake, "cpu" V1 "/other/cpu.shares", "1024\n");
	check_cpu(&m, "1:cpu:" V1 "/vcpu0\n", -1, -1, 512);
	check_cpu(&m, "1:cpu:" V1 "/vcpu1\n", -1, -1, 77);
	check_cpu(&m, "1:cpu:" V1 "/other\n", -1, -1, 1024);
	/* the domain's own default is its weight: what is above it is not */
	fake_file(&fake, "cpu" V1 "/cpu.shares", "1024\n");
	check_cpu(&m, "1:cpu:" V1 "/vcpu0\n", -1, -1, 1024);
	fake_file(&fake, "cg/machine.slice/cpu.weight", "9\n");
	fake_file(&fake, "cg" V2 "/cpu.weight", "200\n");
	fake_file(&fake, "cg" V2 "/libvirt/cpu.weight", "100\n");
	fake_file(&fake, "cg" V2 "/libvirt/emulator/cpu.weight", "100\n");
	check_cpu(&m, "0::" V2 "/libvirt/emulator\n", -1, -1, 200);
	fake_file(&fake, "cg" V2 "/cpu.weight", "100\n");
	check_cpu(&m, "0::" V2 "/libvirt/emulator\n", -1, -1, 100);
	fake_free(&fake);
}

static void placement(void **state)
{
	static const char mountinfo[] = "31 1 0:31 / %s/cg rw - cgroup2 cgroup2 rw\n";
	struct fake_process p = {.pid = 7, .comm = "a", .start = 1, .cgroup = "0::/vm/vcpu0\n"};
	struct placement place;
	struct placer *placer;
	struct fake fake;
	char text[256], proc[128], sys[128];

	(void)state;
	fake_new(&fake);
	snprintf(text, sizeof(text), mountinfo, fake.root);
	fake_file(&fake, "proc/self/mountinfo", text);
	fake_process(&fake, &p);
	fake_file(&fake, "proc/7/task/7/status", "Name:\ta\nCpus_allowed_list:\t2-3\n");
	fake_file(&fake, "proc/7/task/7/cgroup", p.cgroup);
	fake_file(&fake, "cg/vm/cpu.max", "20000 100000\n");
	fake_file(&fake, "cg/vm/vcpu0/cpu.weight", "300\n");
	fake_file(&fake, "cg/vm/vcpu0/cpu.max", "15000 100000\n");
	fake_file(&fake, "proc/7/task/8/cgroup", "0::/vm/vcpu1\n");
	fake_link(&fake, "sys/devices/system/cpu/cpu3/node2", "../../node/node2");
	assert_int_equal(
		placer_new(fakef(proc, "%s", fake.proc), fakef(sys, "%s/sys", fake.root), &placer),
		0);
	assert_int_equal(placement_read(placer, 7, 7, &place), 0);
	assert_string_equal(place.cpus_allowed, "2-3");
	assert_string_equal(place.cgroup, "/vm/vcpu0");
	assert_int_equal(place.cpu, 3);
	assert_int_equal(place.numa_node, 2);
	assert_int_equal(place.limits.quota_us, 15000);
	assert_int_equal(place.limits.period_us, 100000);
	assert_int_equal(place.limits.vcpus, 1);
	assert_int_equal(place.limits.weight, 300);
	placement_free(&place);
	/* of a domain with two vCPUs, one more is gone */
	assert_int_equal(placer_vcpus(placer, 7, (pid_t[]){7, 8, 9}, 3), 0);
	assert_int_equal(placement_read(placer, 7, 7, &place), 0);
	assert_int_equal(place.limits.quota_us, 20000);
	assert_int_equal(place.limits.vcpus, 2);
	placement_free(&place);
	/* the next domain */
	assert_int_equal(placer_vcpus(placer, 7, (pid_t[]){7}, 1), 0);
	assert_int_equal(placement_read(placer, 7, 7, &place), 0);
	assert_int_equal(place.limits.quota_us, 15000);
	placement_free(&place);
	assert_int_equal(placement_read(placer, 7, 9, &place), -ENOENT);
	placer_free(placer);
	fake_free(&fake);
}

static void pid_namespace(void **state)
{
	struct fake fake;

	(void)state;
	fake_new(&fake);
	assert_true(host_pidns_is_initial(fake.proc));
	fake_link(&fake, "proc/self/ns/pid", "pid:[4026531836]");
	assert_true(host_pidns_is_initial(fake.proc));
	fake_link(&fake, "proc/self/ns/pid", "pid:[4026532208]");
	assert_false(host_pidns_is_initial(fake.proc));
	fake_free(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_of_a_real_host),
		cmocka_unit_test(paths),
		cmocka_unit_test(mounts),
		cmocka_unit_test(libvirt_roles),
		cmocka_unit_test(units),
		cmocka_unit_test(cpu_max),
		cmocka_unit_test(limits_v1),
		cmocka_unit_test(limits_v2),
		cmocka_unit_test(limits_shared),
		cmocka_unit_test(weight_libvirt),
		cmocka_unit_test(placement),
		cmocka_unit_test(pid_namespace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
