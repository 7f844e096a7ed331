#include "common/stackful.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "common/stacks.h"

#if defined(__x86_64__) || defined(__aarch64__)
#define HAVE_ASM 1
#else
#define HAVE_ASM 0
#endif

#if defined(__has_feature)
#define FEATURE(x) __has_feature(x)
#else
#define FEATURE(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || FEATURE(address_sanitizer)
#define ASAN 1
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#else
#define ASAN 0
#endif
#if defined(__SANITIZE_THREAD__) || FEATURE(thread_sanitizer)
#define TSAN 1
#include <sanitizer/tsan_interface.h>
#else
#define TSAN 0
#endif

/* A place that control can go to: a coroutine, or the code that resumes it. */
struct place {
    void *sp;            /* SWITCH_ASM */
    ucontext_t *context; /* SWITCH_UCONTEXT: NULL until it is needed */
#if ASAN
    void *fake_stack;
    const void *bottom;
    size_t size;
#endif
#if TSAN
    void *fiber;
#endif
};

/* Lies at the upper end of its stack. */
struct coroutine {
    struct place place;
    void *stack;
    void (*run)(void *argument);
    void *argument;
    bool returned;
};

static enum coroutine_switch method = HAVE_ASM ? SWITCH_ASM : SWITCH_UCONTEXT;
static struct place resumer;
static ucontext_t resumer_context;
static struct coroutine *current;

bool coroutine_use(enum coroutine_switch how)
{
    if (how == SWITCH_ASM && !HAVE_ASM)
        return false;
    method = how;
    return true;
}

/* The sanitizers have to be told which stack is in use. */
static void leave(struct place *from, const struct place *to, bool for_good)
{
#if ASAN
    __sanitizer_start_switch_fiber(for_good ? NULL : &from->fake_stack, to->bottom, to->size);
#endif
#if TSAN
    __tsan_switch_to_fiber(to->fiber, 0);
#endif
    (void)from;
    (void)to;
    (void)for_good;
}

static void arrive(struct place *at, struct place *from)
{
#if ASAN
    __sanitizer_finish_switch_fiber(at->fake_stack, from == &resumer ? &from->bottom : NULL,
                                    from == &resumer ? &from->size : NULL);
#endif
    (void)at;
    (void)from;
}

#if HAVE_ASM
void switch_stack(void **save, void *to);
void switch_entry(void);
#endif

static void change(struct place *from, struct place *to, bool for_good)
{
    leave(from, to, for_good);
#if HAVE_ASM
    if (method == SWITCH_ASM)
        switch_stack(&from->sp, to->sp);
    else
#endif
        swapcontext(from->context, to->context);
    arrive(from, to);
}

static void begin(struct coroutine *c)
{
    arrive(&c->place, &resumer);
    c->run(c->argument);
    c->returned = true;
    change(&c->place, &resumer, true);
    abort();
}

/* makecontext() passes integers only. */
static void begin_context(unsigned high, unsigned low)
{
    begin((struct coroutine *)((uintptr_t)high << 32 | low));
}

static bool prepare_context(struct coroutine *c)
{
    ucontext_t *u = c->place.context = malloc(sizeof *u);
    if (!u || getcontext(u) != 0) {
        free(u);
        return false;
    }
    u->uc_stack.ss_sp = c->stack;
    u->uc_stack.ss_size = (size_t)((char *)c - (char *)c->stack);
    u->uc_link = NULL;
    uint64_t address = (uintptr_t)c;
    makecontext(u, (void (*)(void))begin_context, 2, (unsigned)(address >> 32),
                (unsigned)address);
    return true;
}

/* What switch_stack() pops first, so that it returns to switch_entry, which calls begin(c). */
static void prepare_stack(struct coroutine *c)
{
#if defined(__x86_64__)
    /* mxcsr and x87 control word as the ABI has them at the start of a process; r15, r14, r13, r12,
     * rbx, rbp; the return address. The stack is aligned to 16 bytes where that is popped. */
    uint64_t *top = (uint64_t *)(void *)c - 2;
    *--top = (uint64_t)(uintptr_t)switch_entry;
    top -= 6;
    memset(top, 0, 6 * sizeof *top);
    top[2] = (uint64_t)(uintptr_t)c;
    top[3] = (uint64_t)(uintptr_t)begin;
    *--top = UINT64_C(0x037f) << 32 | 0x1f80;
    c->place.sp = top;
#elif defined(__aarch64__)
    uint64_t *top = (uint64_t *)(void *)c - 20;
    memset(top, 0, 20 * sizeof *top);
    top[0] = (uint64_t)(uintptr_t)begin;         /* x19 */
    top[1] = (uint64_t)(uintptr_t)c;             /* x20 */
    top[11] = (uint64_t)(uintptr_t)switch_entry; /* x30 */
    c->place.sp = top;
#else
    (void)c;
#endif
}

struct coroutine *coroutine_new(void (*run)(void *argument), void *argument)
{
    char *stack = stack_take();
    if (!stack)
        return NULL;
#if ASAN
    ASAN_UNPOISON_MEMORY_REGION(stack, STACK_SIZE); /* frames that were left for good */
#endif
    size_t room = (sizeof(struct coroutine) + 63) & ~(size_t)63;
    struct coroutine *c = (struct coroutine *)(void *)(stack + STACK_SIZE - room);
    *c = (struct coroutine){.stack = stack, .run = run, .argument = argument};
#if ASAN
    c->place.bottom = stack;
    c->place.size = STACK_SIZE;
#endif
    if (method == SWITCH_ASM) {
        prepare_stack(c);
    } else if (!prepare_context(c)) {
        stack_give(stack);
        return NULL;
    }
#if TSAN
    c->place.fiber = __tsan_create_fiber(0);
#endif
    return c;
}

void coroutine_drop(struct coroutine *c)
{
#if TSAN
    __tsan_destroy_fiber(c->place.fiber);
#endif
    free(c->place.context);
    stack_give(c->stack);
}

bool coroutine_resume(struct coroutine *c)
{
    current = c;
    resumer.context = &resumer_context;
#if TSAN
    resumer.fiber = __tsan_get_current_fiber();
#endif
    change(&resumer, &c->place, false);
    current = NULL;
    if (!c->returned)
        return true;
    coroutine_drop(c);
    return false;
}

void coroutine_yield(void)
{
    change(&current->place, &resumer, false);
}
