// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fakeproc.h"

#include "base/cleanup.h"
#include "host/vm/libvirt.h"
#include "host/vm/manager.h"

#define QEMU "/usr/bin/qemu-system-x86_64"
#define UUID "6f2ade4b-2732-4202-b750-48daee771b06"

/* Arguments one a line, NULs in place of the newlines. */
static char *arguments(const char *lines, struct argv *ret)
{
	char *text = strdup(lines);

	*ret = (struct argv){text, strlen(text) + 1};
	for (char *at = text; (at = strchr(at, '\n')); at++)
		*at = '\0';
	return text;
}

static void check(const char *exe, const char *lines, const char *cgroup, const char *manager,
		  const char *name, const char *uuid)
{
	struct vmm vmm = {.exe = exe, .cgroup = cgroup, .pid = 77};
	autofree char *text = arguments(lines, &vmm.argv);
	struct identity id;

	(void)text;
	assert_int_equal(identity_of(&vmm, &id), 0);
	assert_string_equal(id.manager, manager);
	assert_string_equal(id.name, name);
	if (uuid)
		assert_string_equal(id.uuid, uuid);
	else
		assert_null(id.uuid);
	free(id.name);
	free(id.uuid);
}

static void real_hosts(void **state)
{
	autofree char *lxd = fixture("lxd-cont0.cmdline.txt");
	autofree char *openstack = fixture("openstack-instance-00001782.cmdline.txt");

	(void)state;
	check("/snap/lxd/25505/bin/qemu-system-x86_64", lxd, NULL, "lxd", "cont0",
	      "702d8a50-3777-4184-b584-6be05fa3753c");
	check("/usr/libexec/qemu-kvm", openstack, NULL, "openstack", "instance-00001782", UUID);
}

static void managers(void **state)
{
	(void)state;
	check(QEMU, "q\n-name\nguest=a,debug-threads=on", "/machine/qemu-3-a.libvirt-qemu/emulator",
	      "libvirt", "a", NULL);
	check(QEMU, "q\n-name\nguest=a", "/machine.slice/machine-qemu\\x2d1\\x2da.scope", "libvirt",
	      "a", NULL);
	check(QEMU, "q\n-name\nguest=a\n-object\nsecret,file=/var/lib/libvirt/qemu/d/k.aes", NULL,
	      "libvirt", "a", NULL);
	check(QEMU, "q\n-name\nguest=a\n-smbios\ntype=1,manufacturer=oVirt,product=RHEL",
	      "/machine.slice/machine-qemu\\x2d1\\x2da.scope", "ovirt", "a", NULL);
	check(QEMU, "q\n-name\nguest=ns_vm\n-smbios\ntype=1,manufacturer=KubeVirt,product=None",
	      "/kubepods/pod1", "kubevirt", "ns_vm", NULL);
	check(QEMU,
	      "/usr/bin/kvm\n-id\n101\n-name\nweb,debug-threads=on\n-smbios\ntype=1,uuid=" UUID,
	      "/qemu.slice/101.scope", "proxmox", "web", UUID);
	check("/opt/incus/bin/qemu-system-x86_64", "q\n-name\nproject_i", NULL, "incus",
	      "project_i", NULL);
	check("/firecracker", "firecracker\n--id=abc-1\n--api-sock\n/x", NULL, "firecracker",
	      "abc-1", NULL);
	check("/usr/bin/firecracker-v1.7 (deleted)", "f", NULL, "firecracker",
	      "firecracker-v1.7-77", NULL);
	check("/usr/bin/cloud-hypervisor", "ch\n--api-socket\npath=/run/ch/web.1.sock", NULL,
	      "cloud-hypervisor", "web.1", NULL);
	check("/usr/bin/cloud-hypervisor",
	      "ch\n--api-socket\n/run/vc/vm/0a1b/clh-api.sock\n--platform\nuuid=" UUID, NULL,
	      "cloud-hypervisor", "0a1b", UUID);
	check("/usr/bin/crosvm", "crosvm\nrun\n--name\narc", NULL, "crosvm", "arc", NULL);
	check("/opt/my-vmm", "my-vmm\n-name\nprod", NULL, "other", "my-vmm-77", NULL);
	check("", "", NULL, "other", "vm-77", NULL);
}

static void qemu_names(void **state)
{
	(void)state;
	check(QEMU, "q\n-name\nfoo", NULL, "qemu", "foo", NULL);
	check(QEMU, "q\n--name\nfoo,process=x", NULL, "qemu", "foo", NULL);
	check(QEMU, "q\n-name\ndebug-threads=on,guest=foo", NULL, "qemu", "foo", NULL);
	check(QEMU, "q\n-name\nguest=a,,b=c,,,debug-threads=on", NULL, "qemu", "a,b=c,", NULL);
	check(QEMU, "q\n-name\na\n-name\nb", NULL, "qemu", "b", NULL);
	check(QEMU, "q\n-name\nx\x1b[2J\"\\", NULL, "qemu", "x\x1b[2J\"\\", NULL);
	check(QEMU, "q\n-name\n\n-uuid\n6F2ADE4B-2732-4202-b750-48daee771b06", NULL, "qemu", UUID,
	      UUID);
	check(QEMU, "q\n-uuid\nnot-a-uuid", NULL, "qemu", "qemu-77", NULL);
	check(QEMU, "q\n-name", NULL, "qemu", "qemu-77", NULL);
	check(QEMU, "", NULL, "qemu", "qemu-77", NULL);
	/* what a tenant may write on the kernel's command line is no option */
	check(QEMU, "q\n-name\ngood\n-append\n-name\n-initrd\n-name\nevil", NULL, "qemu", "good",
	      NULL);
	check(QEMU, "q\n-name\ngood\n-append\n-name\n-m\n64", NULL, "qemu", "good", NULL);
}

static void accelerators(void **state)
{
	static const struct {
		const char *lines;
		bool tcg;
	} cases[] = {
		{"q", true},
		{"q\n-accel\ntcg,thread=multi", true},
		{"q\n-accel\nkvm", false},
		{"q\n-accel\nkvm\n-accel\ntcg", true},
		{"q\n-machine\npc,accel=kvm:tcg", true},
		{"q\n-machine\npc,accel=kvm,usb=off", false},
		{"q\n-M\nq35,accel=tcg", true},
		{"q\n-M\nq35", true},
		{"q\n-enable-kvm", false},
		{"q\n-accel\nqtest", false},
		{"q\n-accel\nkvm\n-append\n-accel\n-m\n64", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct argv argv;
		autofree char *text = arguments(cases[i].lines, &argv);

		(void)text;
		if (qemu_may_emulate(&argv) != cases[i].tcg)
			fail_msg("case %zu", i);
	}
}

static void without_machine(void **state)
{
	static const struct {
		const char *lines;
		bool bare;
	} cases[] = {
		{"q\n-S\n-machine\nnone,accel=kvm:tcg\n-qmp\nunix:m\n-daemonize", true},
		{"q\n-M\nnone", true},
		{"q\n-machine\naccel=tcg,type=none", true},
		{"q\n-machine\npc,accel=kvm", false},
		{"q\n-machine\nnone-such", false},
		{"q\n-name\nnone", false},
		{"q\n-append\n-machine\n-m\n64", false},
		{"q", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct argv argv;
		autofree char *text = arguments(cases[i].lines, &argv);

		(void)text;
		if (qemu_is_bare(&argv) != cases[i].bare)
			fail_msg("case %zu", i);
	}
}

static void executables(void **state)
{
	(void)state;
	assert_true(exe_is_qemu("/usr/bin/qemu-system-aarch64"));
	assert_true(exe_is_qemu("/usr/bin/qemu-system-x86_64 (deleted)"));
	assert_true(exe_is_qemu("/usr/libexec/qemu-kvm"));
	assert_true(exe_is_qemu("/usr/bin/kvm"));
	assert_false(exe_is_qemu("/usr/bin/kvm-ok"));
	assert_false(exe_is_qemu("/usr/bin/qemu-img"));
	assert_false(exe_is_qemu("/qemu-system-x86_64/sh"));
	assert_true(exe_is_vmm("/usr/bin/crosvm"));
	assert_false(exe_is_vmm("/usr/bin/bash"));
	assert_false(exe_is_vmm(""));
}

static void status_file(void **state)
{
	autofree char *xml = fixture("libvirt-web-01.txt");
	struct libvirt_vcpu vcpus[4];
	size_t nr = 0;
	pid_t pid = 0;

	(void)state;
	assert_int_equal(libvirt_parse_status(xml, &pid, vcpus, 4, &nr), 0);
	assert_int_equal(pid, 14185);
	assert_int_equal(nr, 2);
	assert_int_equal(vcpus[1].index, 1);
	assert_int_equal(vcpus[1].tid, 14192);
	assert_int_equal(libvirt_parse_status(xml, &pid, vcpus, 1, &nr), 0);
	assert_int_equal(nr, 1);
}

static void status_odd(void **state)
{
	struct libvirt_vcpu vcpus[4];
	size_t nr = 9;
	pid_t pid = 9;

	(void)state;
	/* quotes, '>' in them, attributes that end alike, comments, what users can write */
	assert_int_equal(
		libvirt_parse_status("<!-- <domstatus pid='1'> --><domstatus reason=\"a>b\" "
				     "xpid='2' pid=\"3\"><vcpu id='5' pid='6' a='>'/>"
				     "<vcpu id='x' pid='7'/><vcpu id='-1' pid='7'/>"
				     "<vcpu>2</vcpu><vcpus id='1' pid='2'/><domain type='kvm'>"
				     "<vcpu id='8' pid='9'/>",
				     &pid, vcpus, 4, &nr),
		0);
	assert_int_equal(pid, 3);
	assert_int_equal(nr, 1);
	assert_int_equal(vcpus[0].index, 5);
	assert_int_equal(vcpus[0].tid, 6);
	pid = 9;
	assert_int_equal(libvirt_parse_status("", &pid, vcpus, 4, &nr), -EINVAL);
	assert_int_equal(libvirt_parse_status("<domstatus pid='99999999999'>", &pid, vcpus, 4, &nr),
			 -EINVAL);
	assert_int_equal(libvirt_parse_status("<domstatus pid=", &pid, vcpus, 4, &nr), -EINVAL);
	assert_int_equal(libvirt_parse_status("<!-- <domstatus pid='1'>", &pid, vcpus, 4, &nr),
			 -EINVAL);
	assert_int_equal(pid, 9);
}

static void status_not_a_path(void **state)
{
	struct libvirt_vcpu vcpus[1];
	size_t nr;

	(void)state;
	assert_int_equal(libvirt_read_status("/tmp", "../etc/x", 1, vcpus, 1, &nr), -EINVAL);
	assert_int_equal(libvirt_read_status("/nonexistent", "x", 1, vcpus, 1, &nr), -ENOENT);
}

/* The name of a QEMU that is started with "-name guest=@name". */
static char *name_as(const char *name)
{
	struct vmm vmm = {.exe = QEMU, .pid = 77};
	char *lines, *text;
	struct identity id;

	assert_true(asprintf(&lines, "q\n-name\nguest=%s", name) > 0);
	text = arguments(lines, &vmm.argv);
	assert_int_equal(identity_of(&vmm, &id), 0);
	free(id.uuid);
	free(lines);
	free(text);
	return id.name;
}

/* @len times @what, and then @end. */
static char *long_name(size_t len, const char *what, const char *end)
{
	char *name = calloc(1, len * strlen(what) + strlen(end) + 1);

	for (size_t i = 0; i < len; i++)
		strcat(name, what);
	return strcat(name, end);
}

static void long_names(void **state)
{
	autofree char *whole = long_name(NAME_BYTES_MAX, "x", "");
	autofree char *one = long_name(NAME_BYTES_MAX, "x", "1");
	autofree char *two = long_name(NAME_BYTES_MAX, "x", "2");
	autofree char *wide = long_name(NAME_BYTES_MAX, "\xe2\x82\xac", "");
	autofree char *of_whole = name_as(whole), *of_one = name_as(one), *of_two = name_as(two);
	autofree char *of_wide = name_as(wide), *of_one_again = name_as(one);
	const char *mark = strstr(of_wide, "…#");

	(void)state;
	assert_string_equal(of_whole, whole);
	assert_int_equal(strlen(of_one), NAME_BYTES_MAX);
	assert_memory_equal(of_one, one, 200);
	assert_non_null(strstr(of_one, "x…#"));
	assert_string_not_equal(of_one, of_two);
	assert_string_equal(of_one, of_one_again);
	assert_non_null(mark);
	assert_int_equal((mark - of_wide) % 3, 0); /* after a whole character */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_hosts),	     cmocka_unit_test(managers),
		cmocka_unit_test(qemu_names),	     cmocka_unit_test(accelerators),
		cmocka_unit_test(without_machine),   cmocka_unit_test(executables),
		cmocka_unit_test(status_file),	     cmocka_unit_test(status_odd),
		cmocka_unit_test(status_not_a_path), cmocka_unit_test(long_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
