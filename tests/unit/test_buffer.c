/* The blocks that a burst needed go back to the system when ordinary traffic follows. */
#include "servers/app/buffer.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "unit.h"

#define BURST 200
#define KEPT  16    /* what a thread keeps to itself */
#define LOOK  65536 /* gives between two looks at what is spare */

/* Of the pages in the middle of these blocks, which no other data shares, those in memory. */
static unsigned resident(struct buffer **blocks)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    unsigned n = 0;
    for (unsigned i = 0; i < BURST; i++) {
        unsigned char here = 0;
        uintptr_t at = ((uintptr_t)blocks[i] + BUFFER_SIZE / 2) & ~(page - 1);
        n += mincore((void *)at, page, &here) == 0 && (here & 1);
    }
    return n;
}

static void give_burst(struct buffer **blocks)
{
    for (unsigned i = 0; i < BURST; i++) {
        assert_non_null(blocks[i] = buffer_take());
        memset(blocks[i]->data, 1, BUFFER_SIZE);
    }
    for (unsigned i = 0; i < BURST; i++)
        buffer_give(blocks[i]);
}

static void falls_under_ordinary_traffic(void **state)
{
    (void)state;
    struct buffer *blocks[BURST];
    give_burst(blocks);
    assert_int_equal(resident(blocks), BURST);
    for (unsigned i = 0; i < 3 * LOOK; i++)
        buffer_give(buffer_take());
    assert_true(resident(blocks) < BURST / 2);
    for (unsigned i = 0; i < 12 * LOOK; i++)
        buffer_give(buffer_take());
    assert_true(resident(blocks) <= KEPT);
}

static void stays_while_it_is_needed(void **state)
{
    (void)state;
    struct buffer *blocks[BURST], *again[BURST];
    give_burst(blocks);
    for (unsigned i = 0; i < 2 * LOOK / BURST; i++)
        give_burst(again);
    assert_int_equal(resident(blocks), BURST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stays_while_it_is_needed),
        cmocka_unit_test(falls_under_ordinary_traffic),
    };
    return cmocka_run_group_tests_name("buffer", tests, NULL, NULL);
}
