#include "common/stacks.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/queue.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102 /* include/uapi/asm-generic/mman-common.h of Linux 6.13 */
#endif

#define GUARD_SIZE ((size_t)64 << 10) /* a page, whatever the machine's pages are */
#define SLOT_SIZE  (GUARD_SIZE + STACK_SIZE)
#define SLOTS      64 /* in a slab */

/* So many free stacks keep their memory. To take it from one that is beyond costs a system call. */
#define KEEP 256

struct slab {
    SLIST_ENTRY(slab) link;
    char *slots;
};

static SLIST_HEAD(, slab) slabs;
static size_t total;     /* slots in all slabs */
static void **free_list; /* with room for all; the last given back is taken first */
static size_t free_count;
static bool no_guard_install; /* the kernel does not know it */

static bool guard(void *page)
{
    if (!no_guard_install && madvise(page, GUARD_SIZE, MADV_GUARD_INSTALL) == 0)
        return true;
    no_guard_install = true;
    return mprotect(page, GUARD_SIZE, PROT_NONE) == 0;
}

static bool guard_all(char *slots)
{
    for (size_t i = 0; i < SLOTS; i++)
        if (!guard(slots + i * SLOT_SIZE))
            return false;
    return true;
}

static bool add_slab(void)
{
    struct slab *s = malloc(sizeof *s);
    void **list = realloc(free_list, (total + SLOTS) * sizeof *list);
    if (list)
        free_list = list;
    char *p = mmap(NULL, SLOTS * SLOT_SIZE, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (!s || !list || p == MAP_FAILED || !guard_all(p)) {
        if (p != MAP_FAILED)
            munmap(p, SLOTS * SLOT_SIZE);
        free(s);
        return false;
    }
    /* A huge page would make the pages between the stacks resident too. */
    madvise(p, SLOTS * SLOT_SIZE, MADV_NOHUGEPAGE);
    s->slots = p;
    SLIST_INSERT_HEAD(&slabs, s, link);
    total += SLOTS;
    for (size_t i = 0; i < SLOTS; i++)
        free_list[free_count++] = p + i * SLOT_SIZE + GUARD_SIZE;
    return true;
}

bool stacks_prepare(void)
{
    return free_count > 0 || add_slab();
}

void *stack_take(void)
{
    return stacks_prepare() ? free_list[--free_count] : NULL;
}

void stack_give(void *stack)
{
    if (free_count >= KEEP)
        madvise(stack, STACK_SIZE, MADV_DONTNEED);
    free_list[free_count++] = stack;
}

void stacks_free(void)
{
    for (struct slab *s; (s = SLIST_FIRST(&slabs));) {
        SLIST_REMOVE_HEAD(&slabs, link);
        munmap(s->slots, SLOTS * SLOT_SIZE);
        free(s);
    }
    free(free_list);
    free_list = NULL;
    free_count = total = 0;
}
