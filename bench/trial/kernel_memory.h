/* What the kernel holds by itself, of the whole machine (/proc/meminfo, proc(5)). */
#ifndef IOM_KERNEL_MEMORY_H
#define IOM_KERNEL_MEMORY_H

struct kernel_memory {
    /* KiB: objects (Slab: sockets, descriptors, processes), kernel stacks (KernelStack) and page
     * tables (PageTables). NaN where the kernel does not tell. */
    double all;
    double slab;        /* of these the objects, */
    double stacks;      /* the kernel stacks: one a thread, */
    double page_tables; /* and the page tables */
};

struct kernel_memory kernel_memory(void);

#endif
