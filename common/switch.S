/* void switch_stack(void **save, void *to)
 *
 * Push what the calling convention has a function keep, leave the stack pointer in *save, take `to`
 * for the stack pointer, and pop the same from there. To the compiler it is a call of a function:
 * whatever else is in registers it has saved itself.
 *
 * A new stack looks as if it had called this function (stackful.c puts there what is popped), and
 * returns to switch_entry, which calls the function in one kept register with the argument in
 * another. That never returns. */

#if defined(__x86_64__)

/* System V AMD64 ABI, section 3.2.1: rbx, rbp, r12 to r15, the control bits of mxcsr and the x87
 * control word. */
        .text
        .globl  switch_stack
        .hidden switch_stack
        .type   switch_stack, @function
        .p2align 4
switch_stack:
        .cfi_startproc
        pushq   %rbp
        pushq   %rbx
        pushq   %r12
        pushq   %r13
        pushq   %r14
        pushq   %r15
        subq    $8, %rsp
        stmxcsr (%rsp)
        fnstcw  4(%rsp)
        movq    %rsp, (%rdi)
        movq    %rsi, %rsp
        ldmxcsr (%rsp)
        fldcw   4(%rsp)
        addq    $8, %rsp
        popq    %r15
        popq    %r14
        popq    %r13
        popq    %r12
        popq    %rbx
        popq    %rbp
        ret
        .cfi_endproc
        .size   switch_stack, . - switch_stack

        .globl  switch_entry
        .hidden switch_entry
        .type   switch_entry, @function
switch_entry:
        .cfi_startproc
        .cfi_undefined rip
        movq    %r13, %rdi
        call    *%r12
        ud2
        .cfi_endproc
        .size   switch_entry, . - switch_entry

#elif defined(__aarch64__)

/* AAPCS64, section 6.1: x19 to x28, the frame pointer x29, the link register x30, and the low
 * halves of v8 to v15. */
        .text
        .globl  switch_stack
        .hidden switch_stack
        .type   switch_stack, %function
        .p2align 4
switch_stack:
        sub     sp, sp, #160
        stp     x19, x20, [sp, #0]
        stp     x21, x22, [sp, #16]
        stp     x23, x24, [sp, #32]
        stp     x25, x26, [sp, #48]
        stp     x27, x28, [sp, #64]
        stp     x29, x30, [sp, #80]
        stp     d8, d9, [sp, #96]
        stp     d10, d11, [sp, #112]
        stp     d12, d13, [sp, #128]
        stp     d14, d15, [sp, #144]
        mov     x9, sp
        str     x9, [x0]
        mov     sp, x1
        ldp     x19, x20, [sp, #0]
        ldp     x21, x22, [sp, #16]
        ldp     x23, x24, [sp, #32]
        ldp     x25, x26, [sp, #48]
        ldp     x27, x28, [sp, #64]
        ldp     x29, x30, [sp, #80]
        ldp     d8, d9, [sp, #96]
        ldp     d10, d11, [sp, #112]
        ldp     d12, d13, [sp, #128]
        ldp     d14, d15, [sp, #144]
        add     sp, sp, #160
        ret
        .size   switch_stack, . - switch_stack

        .globl  switch_entry
        .hidden switch_entry
        .type   switch_entry, %function
switch_entry:
        mov     x0, x20
        blr     x19
        brk     #1
        .size   switch_entry, . - switch_entry

#endif

        .section .note.GNU-stack, "", %progbits
