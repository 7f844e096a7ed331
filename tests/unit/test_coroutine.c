/* Coroutines: who runs when, what a switch keeps, and where a stack ends. */
#include "unit.h"

#include <fenv.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/stackful.h"
#include "common/stacks.h"

static char trace[64];

static void note(char c)
{
    size_t n = strlen(trace);
    trace[n] = c;
    trace[n + 1] = '\0';
}

static void three_steps(void *argument)
{
    const char *letters = argument;
    note(letters[0]);
    coroutine_yield();
    note(letters[1]);
    coroutine_yield();
    note(letters[2]);
}

/* False where this machine has no such switch: then there is nothing to test. */
static bool use(void **state, enum coroutine_switch how)
{
    (void)state;
    trace[0] = '\0';
    return coroutine_use(how);
}

static void take_turns(void)
{
    struct coroutine *a = coroutine_new(three_steps, (void *)(uintptr_t) "abc");
    struct coroutine *b = coroutine_new(three_steps, (void *)(uintptr_t) "xyz");
    assert_non_null(a);
    assert_non_null(b);
    assert_true(coroutine_resume(a));
    assert_true(coroutine_resume(b));
    assert_true(coroutine_resume(b));
    assert_true(coroutine_resume(a));
    assert_false(coroutine_resume(a));
    note('-');
    assert_false(coroutine_resume(b));
    assert_string_equal(trace, "axybc-z");
}

static void test_turns_asm(void **state)
{
    if (!use(state, SWITCH_ASM))
        return;
    take_turns();
}

static void test_turns_ucontext(void **state)
{
    if (!use(state, SWITCH_UCONTEXT))
        return;
    take_turns();
}

/* Enough values that are needed after the switch for all registers that a call keeps. */
static uint64_t mix(uint64_t seed)
{
    volatile uint64_t source = seed;
    uint64_t a = source * 3, b = source * 5, c = source * 7, d = source * 11, e = source * 13,
             f = source * 17, g = source * 19, h = source * 23, i = source * 29,
             j = source * 31, k = source * 37, l = source * 41;
    double x = (double)source * 0.5, y = (double)source * 0.25;
    coroutine_yield();
    return a ^ b << 1 ^ c << 2 ^ d << 3 ^ e << 4 ^ f << 5 ^ g << 6 ^ h << 7 ^ i << 8 ^ j << 9 ^
           k << 10 ^ l << 11 ^ (uint64_t)(x * 4) ^ (uint64_t)(y * 4) << 20;
}

static uint64_t mixed[2];

static void mixer(void *argument)
{
    uintptr_t n = (uintptr_t)argument;
    for (int i = 0; i < 100; i++)
        mixed[n] += mix(1000 * (n + 1) + (uint64_t)i);
}

static void keeps_registers(void)
{
    mixed[0] = mixed[1] = 0;
    struct coroutine *both[2] = {coroutine_new(mixer, (void *)0),
                                 coroutine_new(mixer, (void *)1)};
    for (int i = 0; i < 100; i++) {
        assert_true(coroutine_resume(both[0]));
        assert_true(coroutine_resume(both[1]));
    }
    assert_false(coroutine_resume(both[0]));
    uint64_t interleaved[2] = {mixed[0], 0};
    assert_false(coroutine_resume(both[1]));
    interleaved[1] = mixed[1];

    mixed[0] = mixed[1] = 0;
    for (uintptr_t n = 0; n < 2; n++) {
        struct coroutine *alone = coroutine_new(mixer, (void *)n);
        while (coroutine_resume(alone))
            continue;
        assert_int_equal(mixed[n], interleaved[n]);
    }
}

static void test_registers_asm(void **state)
{
    if (!use(state, SWITCH_ASM))
        return;
    keeps_registers();
}

static void test_registers_ucontext(void **state)
{
    if (!use(state, SWITCH_UCONTEXT))
        return;
    keeps_registers();
}

static void rounds_up(void *argument)
{
    (void)argument;
    fesetround(FE_UPWARD);
    coroutine_yield();
    note(fegetround() == FE_UPWARD ? 'u' : '?');
}

/* Part of what the ABI has a function keep: each coroutine has a rounding mode of its own. */
static void test_rounding(void **state)
{
    if (!use(state, SWITCH_ASM))
        return;
    struct coroutine *c = coroutine_new(rounds_up, NULL);
    fesetround(FE_TONEAREST);
    assert_true(coroutine_resume(c));
    assert_int_equal(fegetround(), FE_TONEAREST);
    fesetround(FE_DOWNWARD);
    assert_false(coroutine_resume(c));
    assert_int_equal(fegetround(), FE_DOWNWARD);
    fesetround(FE_TONEAREST);
    assert_string_equal(trace, "u");
}

static int depth(int n);
/* Through it no compiler can make a loop of the recursion. */
static int (*volatile deeper)(int) = depth;

static int depth(int n)
{
    volatile char frame[1024];
    for (size_t i = 0; i < sizeof frame; i++)
        frame[i] = (char)n; /* each byte, since it is volatile */
    return n == 0 ? frame[7] : deeper(n - 1) + frame[9];
}

static void go_deep(void *argument)
{
    note(depth((int)(intptr_t)argument) == -1 ? '!' : 'd');
}

static void test_room(void **state)
{
    if (!use(state, SWITCH_ASM))
        return;
    assert_false(coroutine_resume(coroutine_new(go_deep, (void *)40)));
    assert_string_equal(trace, "d");
}

/* A stack that overflows runs into its guard, not into the stack below. */
static void test_guard(void **state)
{
    if (!use(state, SWITCH_ASM))
        return;
    struct coroutine *first = coroutine_new(go_deep, (void *)(intptr_t)2000);
    struct coroutine *second = coroutine_new(go_deep, (void *)(intptr_t)2000);
    pid_t child = fork();
    if (child == 0) {
        struct rlimit none = {0};
        setrlimit(RLIMIT_CORE, &none);
        signal(SIGSEGV, SIG_DFL); /* cmocka and the sanitizers have handlers */
        coroutine_resume(first);
        coroutine_resume(second);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSEGV);
    coroutine_drop(first);
    coroutine_drop(second);
}

static size_t count_mappings(void)
{
    FILE *f = fopen("/proc/self/maps", "re");
    size_t n = 0;
    for (int c; (c = getc(f)) != EOF;)
        n += c == '\n';
    fclose(f);
    return n;
}

static int compare(const void *a, const void *b)
{
    uintptr_t x = *(const uintptr_t *)a, y = *(const uintptr_t *)b;
    return (x > y) - (x < y);
}

/* More than vm.max_map_count would allow if each were two mappings; where the kernel cannot make a
 * guard without one, the end of them is told by NULL. */
static void test_many(void **state)
{
    (void)state;
    enum { MANY = 40000 };
    static uintptr_t taken[MANY];
    size_t n = 0, before = count_mappings();
    for (void *stack; n < MANY && (stack = stack_take());)
        taken[n++] = (uintptr_t)stack;
    size_t mappings = count_mappings() - before;
    qsort(taken, n, sizeof taken[0], compare);
    for (size_t i = 1; i < n; i++)
        assert_true(taken[i] - taken[i - 1] > STACK_SIZE);
    if (mappings < n / 2)
        assert_int_equal(n, MANY);
    else
        assert_true(n > 20000);
    for (size_t i = 0; i < n; i++)
        stack_give((void *)taken[i]);
    void *again = stack_take();
    assert_ptr_equal(again, (void *)taken[n - 1]);
    stack_give(again);
    stacks_free();
    unsigned char resident;
    assert_int_equal(mincore((void *)(taken[0] & ~(uintptr_t)0xfff), 1, &resident), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turns_asm),     cmocka_unit_test(test_turns_ucontext),
        cmocka_unit_test(test_registers_asm), cmocka_unit_test(test_registers_ucontext),
        cmocka_unit_test(test_rounding),      cmocka_unit_test(test_room),
        cmocka_unit_test(test_guard),         cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
