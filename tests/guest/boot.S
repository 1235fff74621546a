/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Multiboot entry and start of the other CPUs: both end in long mode on an identity map of the
 * first 4 GiB, with a stack of their own, in bsp_main() and ap_main().
 *
 * Long mode because a software KVM runs it natively, and protected mode by emulation.
 */
#include "layout.h"

#define MULTIBOOT_MAGIC 0x1badb002
#define MULTIBOOT_FLAGS 0
#define CR0_PG_PE 0x80000001
#define CR4_PAE 0x20
#define MSR_EFER 0xc0000080
#define EFER_LME 0x100
#define SEL_CODE 0x08
#define SEL_DATA 0x10
#define PTE_TABLE 0x3 /* present, writable */
#define PTE_LARGE 0x83

	.section .multiboot, "a"
	.align 4
	.long MULTIBOOT_MAGIC, MULTIBOOT_FLAGS, -(MULTIBOOT_MAGIC + MULTIBOOT_FLAGS)

	/* From paging off, in any mode, to paging and the long-mode GDT; clobbers eax, ecx, edx. */
	.macro enter_long_mode
	mov	%cr4, %eax
	or	$CR4_PAE, %eax
	mov	%eax, %cr4
	mov	$pml4, %eax
	mov	%eax, %cr3
	mov	$MSR_EFER, %ecx
	rdmsr
	or	$EFER_LME, %eax
	wrmsr
	mov	%cr0, %eax
	or	$CR0_PG_PE, %eax
	mov	%eax, %cr0
	.endm

	.macro load_data_segments
	mov	$SEL_DATA, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	.endm

	.text
	.code32
	.global _start
_start:
	cli
	mov	%ebx, %esi		/* the multiboot information survives in esi */
	movl	$pdpt + PTE_TABLE, pml4
	mov	$pdpt, %edi
	mov	$pd + PTE_TABLE, %eax
	mov	$4, %ecx
1:	mov	%eax, (%edi)
	add	$0x1000, %eax
	add	$8, %edi
	loop	1b
	mov	$pd, %edi
	mov	$PTE_LARGE, %eax
	mov	$4 * 512, %ecx
2:	mov	%eax, (%edi)
	add	$0x200000, %eax
	add	$8, %edi
	loop	2b
	lgdt	gdt_pointer
	enter_long_mode
	ljmp	$SEL_CODE, $bsp_long

	.code64
bsp_long:
	load_data_segments
	mov	$stacks + STACK_SIZE, %esp
	mov	%esi, %edi
	call	bsp_main
	ud2

	/* Copied to AP_START, where a start-up IPI begins in real mode with ip = 0. */
	.code16
	.global ap_start, ap_start_end
ap_start:
	cli
	mov	%cs, %ax
	mov	%ax, %ds
	lgdtl	ap_gdt_pointer - ap_start
	enter_long_mode
	ljmpl	$SEL_CODE, $ap_long
	.align 4
ap_gdt_pointer:
	.word	gdt_end - gdt - 1
	.long	gdt
ap_start_end:

	.code64
ap_long:
	load_data_segments
	mov	$1, %eax
	cpuid
	shr	$24, %ebx		/* the APIC id; ids past the last stack stay here */
	cmp	$MAX_CPUS, %ebx
	jae	1f
	mov	%ebx, %edi
	inc	%ebx
	imul	$STACK_SIZE, %ebx, %ebx
	lea	stacks(%rbx), %rsp
	call	ap_main
1:	cli
	hlt
	jmp	1b

	.section .rodata
	.align 8
gdt:
	.quad	0
	.quad	0x00af9b000000ffff	/* SEL_CODE: 64 bit */
	.quad	0x00cf93000000ffff	/* SEL_DATA */
gdt_end:
gdt_pointer:
	.word	gdt_end - gdt - 1
	.long	gdt

	.bss
	.align 4096
pml4:	.skip	4096
pdpt:	.skip	4096
pd:	.skip	4 * 4096
stacks:	.skip	MAX_CPUS * STACK_SIZE

	.section .note.GNU-stack, "", @progbits
