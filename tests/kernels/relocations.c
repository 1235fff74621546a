// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * relocations OBJECT TYPES KVM_TYPES
 *
 * What another kernel's types make of the programs in OBJECT, without that kernel:
 *
 * - libbpf relocates each program by TYPES, and whatever it found nothing for must be out of reach;
 * - a field that is read must have the width that the program reads, unless libbpf adjusts the load
 *   (an unsigned field's own load), or the program asks for the field's size;
 * - a tracepoint must hand over what this kernel's does;
 * - kvm's types must tell where a vCPU's number is.
 *
 * Each fault is a line on stdout; exit status 1 if there are any. As root: libbpf makes the maps
 * before it relocates.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trace/kvm_types.h"

/* What libbpf puts in an instruction's place whose relocation found nothing
 * (bpf_core_poison_insn()). */
#define BAD_RELOCATION 195896080

#define NR_REGS 11
#define MAX_STEPS 16

static bool failed;

static void fault(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void fault(const char *fmt, ...)
{
	va_list args;

	failed = true;
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
}

static void die(const char *what)
{
	fprintf(stderr, "relocations: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* Reachability. What is known of the registers before an instruction: constants, where all ways
 * there agree. */

struct known {
	bool reached;
	bool is[NR_REGS];
	__s64 value[NR_REGS];
};

struct flow {
	const struct bpf_insn *insns;
	size_t nr;
	struct known *before;
	size_t *todo;
	size_t nr_todo;
	bool *queued;
};

static void reach(struct flow *flow, size_t at, const struct known *known)
{
	struct known *before;
	bool grown = false;

	if (at >= flow->nr)
		return;
	before = &flow->before[at];
	if (!before->reached) {
		*before = *known;
		before->reached = grown = true;
	} else {
		for (int reg = 0; reg < NR_REGS; reg++) {
			if (before->is[reg] &&
			    (!known->is[reg] || known->value[reg] != before->value[reg])) {
				before->is[reg] = false;
				grown = true;
			}
		}
	}
	if (grown && !flow->queued[at]) {
		flow->queued[at] = true;
		flow->todo[flow->nr_todo++] = at;
	}
}

static __s64 alu(unsigned int op, __s64 x, __s64 y, bool *known)
{
	switch (op) {
	case BPF_MOV:
		return y;
	case BPF_ADD:
		return x + y;
	case BPF_SUB:
		return x - y;
	case BPF_AND:
		return x & y;
	case BPF_OR:
		return x | y;
	case BPF_XOR:
		return x ^ y;
	case BPF_LSH:
		return (__s64)((__u64)x << (y & 63));
	case BPF_RSH:
		return (__s64)((__u64)x >> (y & 63));
	default:
		*known = false;
		return 0;
	}
}

/* 1: the branch is taken, 0: it is not, -1: it may be. */
static int decide(const struct bpf_insn *insn, const struct known *known)
{
	bool wide = BPF_CLASS(insn->code) == BPF_JMP;
	__s64 x, y = insn->imm;

	if (!known->is[insn->dst_reg] ||
	    (BPF_SRC(insn->code) == BPF_X && !known->is[insn->src_reg]))
		return -1;
	x = known->value[insn->dst_reg];
	if (BPF_SRC(insn->code) == BPF_X)
		y = known->value[insn->src_reg];
	if (!wide) {
		x = (__s32)x;
		y = (__s32)y;
	}
	switch (BPF_OP(insn->code)) {
	case BPF_JEQ:
		return x == y;
	case BPF_JNE:
		return x != y;
	case BPF_JGT:
		return wide ? (__u64)x > (__u64)y : (__u32)x > (__u32)y;
	case BPF_JGE:
		return wide ? (__u64)x >= (__u64)y : (__u32)x >= (__u32)y;
	case BPF_JLT:
		return wide ? (__u64)x < (__u64)y : (__u32)x < (__u32)y;
	case BPF_JLE:
		return wide ? (__u64)x <= (__u64)y : (__u32)x <= (__u32)y;
	case BPF_JSET:
		return (x & y) != 0;
	case BPF_JSGT:
		return x > y;
	case BPF_JSGE:
		return x >= y;
	case BPF_JSLT:
		return x < y;
	case BPF_JSLE:
		return x <= y;
	default:
		return -1;
	}
}

static void step_alu(const struct bpf_insn *insn, struct known *after)
{
	bool x = BPF_SRC(insn->code) == BPF_X;
	bool known = (BPF_OP(insn->code) == BPF_MOV || after->is[insn->dst_reg]) &&
		     (!x || after->is[insn->src_reg]);
	__s64 value = alu(BPF_OP(insn->code), after->value[insn->dst_reg],
			  x ? after->value[insn->src_reg] : insn->imm, &known);

	after->is[insn->dst_reg] = known;
	after->value[insn->dst_reg] = BPF_CLASS(insn->code) == BPF_ALU ? (__u32)value : value;
}

static void forget(struct known *known, int from, int to)
{
	for (int reg = from; reg <= to; reg++)
		known->is[reg] = false;
}

static void step_jump(struct flow *flow, size_t at, struct known *after)
{
	const struct bpf_insn *insn = &flow->insns[at];
	size_t target = at + 1 + (size_t)(ssize_t)insn->off;
	int taken;

	switch (BPF_OP(insn->code)) {
	case BPF_EXIT:
		return;
	case BPF_JA:
		if (BPF_CLASS(insn->code) == BPF_JMP32)
			target = at + 1 + (size_t)(ssize_t)insn->imm;
		reach(flow, target, after);
		return;
	case BPF_CALL:
		if (insn->src_reg == BPF_PSEUDO_CALL) {
			struct known callee = *after;

			forget(&callee, 6, 9);
			reach(flow, at + 1 + (size_t)(ssize_t)insn->imm, &callee);
		}
		forget(after, 0, 5);
		reach(flow, at + 1, after);
		return;
	}
	taken = decide(insn, after);
	if (taken)
		reach(flow, target, after);
	if (taken != 1)
		reach(flow, at + 1, after);
}

static void step(struct flow *flow, size_t at)
{
	const struct bpf_insn *insn = &flow->insns[at];
	struct known after = flow->before[at];
	size_t next = at + 1;

	switch (BPF_CLASS(insn->code)) {
	case BPF_ALU:
	case BPF_ALU64:
		step_alu(insn, &after);
		break;
	case BPF_LD: /* of 64 bits, in two instructions; most are addresses */
		after.is[insn->dst_reg] = !insn->src_reg;
		after.value[insn->dst_reg] =
			(__s64)((__u64)(__u32)insn->imm | (__u64)(__u32)insn[1].imm << 32);
		next++;
		break;
	case BPF_LDX:
		after.is[insn->dst_reg] = false;
		break;
	case BPF_STX:
		if (BPF_MODE(insn->code) == BPF_ATOMIC && insn->imm & BPF_FETCH)
			after.is[insn->imm == BPF_CMPXCHG ? BPF_REG_0 : insn->src_reg] = false;
		break;
	case BPF_JMP:
	case BPF_JMP32:
		step_jump(flow, at, &after);
		return;
	}
	reach(flow, next, &after);
}

static int check_reach(struct bpf_program *prog, struct bpf_prog_load_opts *opts, long cookie)
{
	size_t nr = bpf_program__insn_cnt(prog), bad = 0;
	struct flow flow = {
		.insns = bpf_program__insns(prog),
		.nr = nr,
		.before = calloc(nr, sizeof(*flow.before)),
		.todo = calloc(nr, sizeof(*flow.todo)),
		.queued = calloc(nr, sizeof(*flow.queued)),
	};

	(void)opts;
	(void)cookie;
	if (!flow.before || !flow.todo || !flow.queued)
		die("memory");
	reach(&flow, 0, &(struct known){0});
	while (flow.nr_todo) {
		size_t at = flow.todo[--flow.nr_todo];

		flow.queued[at] = false;
		step(&flow, at);
	}
	for (size_t at = 0; at < nr; at++)
		bad += flow.before[at].reached && flow.insns[at].code == (BPF_JMP | BPF_CALL) &&
		       flow.insns[at].imm == BAD_RELOCATION;
	if (bad)
		fault("%s: %zu instructions in reach need what these types do not have",
		      bpf_program__name(prog), bad);
	free(flow.before);
	free(flow.todo);
	free(flow.queued);
	return -ECANCELED; /* it is not for this kernel */
}

/* One program of the object; which of them is counted. False: there are no more. */
static bool relocate(const char *object, const char *types, size_t which)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .btf_custom_path = types);
	struct bpf_object *obj = bpf_object__open_file(object, &opts);
	struct bpf_program *prog, *mine = NULL;
	struct bpf_map *map;
	size_t nr = 0;
	int err;

	if (!obj)
		die(object);
	bpf_object__for_each_program(prog, obj)
	{
		bpf_program__set_autoload(prog, nr == which);
		if (nr++ == which)
			mine = prog;
	}
	if (mine) {
		bpf_object__for_each_map(map, obj) if (bpf_map__max_entries(map) > 1)
			bpf_map__set_max_entries(map, 64);
		err = bpf_object__load(obj);
		if (err != -ECANCELED)
			fault("%s: libbpf does not relocate it: %s", bpf_program__name(mine),
			      strerror(-err));
	}
	bpf_object__close(obj);
	return mine;
}

/* Widths. */

struct object {
	struct btf *btf;
	const unsigned char *ext;
	Elf *elf;
};

/* A field by names, as it is looked for in other types. */
struct path {
	const char *type;
	int type_len; /* without a flavour: what follows three underscores */
	const char *names[MAX_STEPS];
	size_t nr;
};

static __u32 plain(const struct btf *btf, __u32 id, bool *ret_percpu)
{
	const struct btf_type *type = btf__type_by_id(btf, id);

	while (btf_is_mod(type) || btf_is_typedef(type) || btf_is_type_tag(type)) {
		if (btf_is_type_tag(type) && ret_percpu &&
		    !strcmp(btf__name_by_offset(btf, type->name_off), "percpu"))
			*ret_percpu = true;
		id = type->type;
		type = btf__type_by_id(btf, id);
	}
	return id;
}

/* The relocation's field in the object's own types; its type. */
static __u32 local_field(const struct object *object, const struct bpf_core_relo *relo,
			 struct path *path)
{
	const char *spec = btf__name_by_offset(object->btf, relo->access_str_off), *flavour;
	__u32 id = plain(object->btf, relo->type_id, NULL);
	char *end;

	path->nr = 0;
	path->type = btf__name_by_offset(object->btf, btf__type_by_id(object->btf, id)->name_off);
	flavour = strstr(path->type, "___");
	path->type_len = (int)(flavour ? (size_t)(flavour - path->type) : strlen(path->type));
	strtoul(spec, &end, 10);
	while (*end == ':') {
		unsigned long index = strtoul(end + 1, &end, 10);
		const struct btf_type *type = btf__type_by_id(object->btf, id);

		if (btf_is_composite(type)) {
			const struct btf_member *member = &btf_members(type)[index];
			const char *name = btf__name_by_offset(object->btf, member->name_off);

			if (*name)
				path->names[path->nr++] = name;
			id = member->type;
		} else {
			id = btf_array(type)->type;
		}
		id = plain(object->btf, id, NULL);
	}
	return id;
}

/* A member by its name, also of unnamed members' members; 0: none. */
static __u32 find_member(const struct btf *btf, __u32 id, const char *name, bool *ret_bits)
{
	const struct btf_type *type = btf__type_by_id(btf, id);
	const struct btf_member *member;

	if (!btf_is_composite(type))
		return 0;
	member = btf_members(type);
	for (__u32 i = 0; i < btf_vlen(type); i++, member++) {
		const char *own = btf__name_by_offset(btf, member->name_off);
		__u32 found = 0;

		if (!*own) {
			found = find_member(btf, plain(btf, member->type, NULL), name, ret_bits);
		} else if (!strcmp(own, name)) {
			*ret_bits = btf_member_bitfield_size(type, i);
			found = member->type;
		}
		if (found)
			return found;
	}
	return 0;
}

static __u32 target_field(const struct btf *btf, __u32 id, const struct path *path, bool *ret_bits)
{
	for (size_t i = 0; i < path->nr && id; i++) {
		id = plain(btf, id, NULL);
		if (btf_is_array(btf__type_by_id(btf, id)))
			id = plain(btf, btf_array(btf__type_by_id(btf, id))->type, NULL);
		id = find_member(btf, id, path->names[i], ret_bits);
	}
	return id;
}

static bool same_path(const struct path *a, const struct path *b)
{
	if (a->nr != b->nr || a->type_len != b->type_len ||
	    strncmp(a->type, b->type, (size_t)a->type_len))
		return false;
	for (size_t i = 0; i < a->nr; i++)
		if (strcmp(a->names[i], b->names[i]))
			return false;
	return true;
}

struct btf_ext {
	__u16 magic;
	__u8 version;
	__u8 flags;
	__u32 hdr_len;
	__u32 func_info_off, func_info_len;
	__u32 line_info_off, line_info_len;
	__u32 core_relo_off, core_relo_len;
};

struct relo_section {
	__u32 name_off;
	__u32 nr;
	unsigned char records[];
};

typedef void relo_fn(const struct object *object, const char *section,
		     const struct bpf_core_relo *relo, void *data);

static void for_each_relo(const struct object *object, relo_fn *fn, void *data)
{
	const struct btf_ext *head = (const void *)object->ext;
	const unsigned char *at = object->ext + head->hdr_len + head->core_relo_off;
	const unsigned char *end = at + head->core_relo_len;
	__u32 size = *(const __u32 *)(const void *)at;

	for (at += sizeof(size); at < end;) {
		const struct relo_section *section = (const void *)at;

		at = section->records;
		for (__u32 i = 0; i < section->nr; i++, at += size)
			fn(object, btf__name_by_offset(object->btf, section->name_off),
			   (const void *)at, data);
	}
}

struct asked {
	const struct path *path;
	bool found;
};

static void is_size_of(const struct object *object, const char *section,
		       const struct bpf_core_relo *relo, void *data)
{
	struct asked *asked = data;
	struct path path;

	(void)section;
	if (relo->kind != BPF_CORE_FIELD_BYTE_SIZE)
		return;
	local_field(object, relo, &path);
	asked->found |= same_path(&path, asked->path);
}

/* Whether the program asks these types how wide the field is. */
static bool asks_size(const struct object *object, const struct path *path)
{
	struct asked asked = {.path = path};

	for_each_relo(object, is_size_of, &asked);
	return asked.found;
}

static Elf_Data *section_data(Elf *elf, const char *name)
{
	Elf_Scn *scn = NULL;
	size_t names;
	GElf_Shdr head;

	if (elf_getshdrstrndx(elf, &names))
		return NULL;
	while ((scn = elf_nextscn(elf, scn)))
		if (gelf_getshdr(scn, &head) && !strcmp(elf_strptr(elf, names, head.sh_name), name))
			return elf_getdata(scn, NULL);
	return NULL;
}

static bool is_load(const struct object *object, const char *section, __u32 offset)
{
	Elf_Data *data = section_data(object->elf, section);
	const struct bpf_insn *insn;

	if (!data || offset >= data->d_size)
		die(section);
	insn = (const void *)((const unsigned char *)data->d_buf + offset);
	return BPF_CLASS(insn->code) == BPF_LDX;
}

static bool is_number(const struct btf_type *type)
{
	return btf_is_int(type) || btf_is_any_enum(type);
}

static bool is_signed(const struct btf_type *type)
{
	return btf_is_int(type) && btf_int_encoding(type) & BTF_INT_SIGNED;
}

/* What a pointer points to: a struct by its name, a pointer, or "". */
static const char *pointee(const struct btf *btf, const struct btf_type *pointer)
{
	__u32 id = plain(btf, pointer->type, NULL);
	const struct btf_type *type = btf__type_by_id(btf, id);

	if (btf_is_composite(type) || btf_is_fwd(type))
		return btf__name_by_offset(btf, type->name_off);
	return btf_is_ptr(type) ? "*" : "";
}

/* Where the programs do not look behind it, theirs is any pointer. */
static bool same_pointee(const char *mine, const char *its)
{
	return !*mine || !strcmp(mine, its);
}

static void check_width(const struct object *object, const char *section,
			const struct bpf_core_relo *relo, const struct path *path, __u32 own,
			const struct btf *btf, __u32 other)
{
	const struct btf_type *mine = btf__type_by_id(object->btf, own), *its;
	const char *last = path->nr ? path->names[path->nr - 1] : "";
	bool percpu = false;
	__s64 size, its_size;

	other = plain(btf, other, NULL);
	its = btf__type_by_id(btf, other);
	if (btf_is_array(its) && !btf_is_array(mine)) {
		other = plain(btf, btf_array(its)->type, NULL);
		its = btf__type_by_id(btf, other);
	}
	if (btf_is_ptr(its))
		plain(btf, its->type, &percpu);
	if (is_number(mine) != is_number(its) || btf_is_ptr(mine) != btf_is_ptr(its)) {
		fault("%s: %.*s … %s is of another kind", section, path->type_len, path->type,
		      last);
		return;
	}
	if (percpu)
		fault("%s: %.*s … %s is per-CPU memory", section, path->type_len, path->type, last);
	if (btf_is_ptr(mine) && !same_pointee(pointee(object->btf, mine), pointee(btf, its)))
		fault("%s: %.*s … %s points to a %s", section, path->type_len, path->type, last,
		      pointee(btf, its));
	if (btf_is_composite(mine))
		return;
	size = btf__resolve_size(object->btf, own);
	its_size = btf__resolve_size(btf, other);
	if (size == its_size ||
	    (is_number(mine) && !is_signed(mine) && is_load(object, section, relo->insn_off)) ||
	    asks_size(object, path))
		return;
	fault("%s: %.*s … %s has %lld bytes, and %lld are read", section, path->type_len,
	      path->type, last, (long long)its_size, (long long)size);
}

static void check_field(const struct object *object, const char *section,
			const struct bpf_core_relo *relo, void *data)
{
	const struct btf *btf = data;
	struct path path;
	__u32 own;

	if (relo->kind != BPF_CORE_FIELD_BYTE_OFFSET)
		return;
	own = local_field(object, relo, &path);
	for (__u32 id = 1; id < btf__type_cnt(btf); id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);
		const char *name = btf__name_by_offset(btf, type->name_off);
		bool bits = false;
		__u32 other;

		if (!btf_is_composite(type) || strlen(name) != (size_t)path.type_len ||
		    strncmp(name, path.type, (size_t)path.type_len))
			continue;
		other = target_field(btf, id, &path, &bits);
		if (!other)
			continue;
		if (bits)
			fault("%s: %s … %s is some bits", section, name, path.names[path.nr - 1]);
		else
			check_width(object, section, relo, &path, own, btf, other);
	}
}

/* Tracepoints. */

static const struct btf_type *prototype(const struct btf *btf, const char *tracepoint)
{
	const struct btf_type *type;
	char name[128];
	__s32 id;

	snprintf(name, sizeof(name), "btf_trace_%s", tracepoint);
	id = btf__find_by_name_kind(btf, name, BTF_KIND_TYPEDEF);
	if (id < 0)
		return NULL;
	type = btf__type_by_id(btf, plain(btf, (__u32)id, NULL));
	return btf__type_by_id(btf, plain(btf, type->type, NULL));
}

/* What a parameter is, or points to. */
static const char *parameter(const struct btf *btf, const struct btf_type *proto, __u32 i,
			     __s64 *ret_size)
{
	__u32 id = plain(btf, btf_params(proto)[i].type, NULL);
	const struct btf_type *type = btf__type_by_id(btf, id);

	*ret_size = btf__resolve_size(btf, id);
	if (!btf_is_ptr(type))
		return "";
	type = btf__type_by_id(btf, plain(btf, type->type, NULL));
	return btf__name_by_offset(btf, type->name_off);
}

static void check_tracepoint(const char *name, const struct btf *here, const struct btf *there)
{
	const struct btf_type *mine = prototype(here, name), *its = prototype(there, name);
	__s64 size, its_size;

	if (!mine)
		return;
	if (!its) {
		fault("no tracepoint %s", name);
		return;
	}
	for (__u32 i = 0; i < btf_vlen(mine) && i < btf_vlen(its); i++)
		if (strcmp(parameter(here, mine, i, &size), parameter(there, its, i, &its_size)) ||
		    size != its_size)
			fault("tracepoint %s: its argument %u is another", name, i);
}

static void check_tracepoints(const char *object, const struct btf *here, const struct btf *there)
{
	struct bpf_object *obj = bpf_object__open_file(object, NULL);
	struct bpf_program *prog;

	if (!obj)
		die(object);
	bpf_object__for_each_program(prog, obj)
	{
		const char *section = bpf_program__section_name(prog);

		if (!strncmp(section, "tp_btf/", strlen("tp_btf/")))
			check_tracepoint(section + strlen("tp_btf/"), here, there);
	}
	bpf_object__close(obj);
}

static int quiet(enum libbpf_print_level level, const char *fmt, va_list args)
{
	(void)level;
	return getenv("VERBOSE") ? vfprintf(stderr, fmt, args) : 0;
}

int main(int argc, char **argv)
{
	static const char *const sections[] = {"tp_btf+", "iter+", "iter.s+"};
	LIBBPF_OPTS(libbpf_prog_handler_opts, handler, .prog_prepare_load_fn = check_reach);
	struct btf *here, *there, *kvm;
	struct kvm_layout layout;
	struct object object;
	Elf_Data *ext;
	size_t i;
	int fd;

	if (argc != 4) {
		fprintf(stderr, "usage: relocations OBJECT TYPES KVM_TYPES\n");
		return 2;
	}
	libbpf_set_print(quiet);
	here = btf__parse(VMLINUX_BTF, NULL);
	there = btf__parse(argv[2], NULL);
	object.btf = btf__parse_elf(argv[1], NULL);
	fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (!here || !there || !object.btf || fd < 0)
		die(argv[1]);
	elf_version(EV_CURRENT);
	object.elf = elf_begin(fd, ELF_C_READ, NULL);
	ext = object.elf ? section_data(object.elf, ".BTF.ext") : NULL;
	if (!ext)
		die(".BTF.ext");
	object.ext = ext->d_buf;

	for (i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		if (libbpf_register_prog_handler(sections[i], BPF_PROG_TYPE_TRACING,
						 BPF_TRACE_RAW_TP, &handler) < 0)
			die("a program handler");
	for (i = 0; relocate(argv[1], argv[2], i); i++)
		;
	for_each_relo(&object, check_field, there);
	check_tracepoints(argv[1], here, there);
	kvm = btf__parse_split(argv[3], there);
	if (kvm_types_find(there, &layout) && (!kvm || kvm_types_find(kvm, &layout)))
		fault("kvm's types do not tell where a vCPU's number is");
	btf__free(kvm);
	btf__free(there);
	btf__free(here);
	btf__free(object.btf);
	elf_end(object.elf);
	close(fd);
	return failed;
}
