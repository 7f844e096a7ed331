#include "bench/lesson/measure.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/paths.h"
#include "bench/base/text.h"
#include "common/clock.h"
#include "common/err.h"
#include "common/random.h"

/* Tries of a window without any answer: a machine that stands still for so long says nothing. A
 * server that answers nobody does so each time. */
enum { TRIES = 3 };

struct state {
    struct lesson_measured *m;
    const struct lesson_setup *setup;
    char *dir;
    unsigned done, windows;
};

static struct lesson_sample unknown(void)
{
    struct lesson_sample sample;
    for (int i = 0; i < LESSON_METRICS; i++)
        sample.value[i] = NAN;
    return sample;
}

static bool measure(struct state *s, unsigned round, size_t side, struct lesson_sample *out)
{
    const struct lesson_setup *setup = s->setup;
    struct lesson_measured *m = s->m;
    struct lesson_window_spec spec = {.side = &setup->lesson->sides[side],
                                      .server = &setup->servers->at[side],
                                      .seed = random_stream(setup->seed, round),
                                      .window_ns = setup->window_ns,
                                      .placement = setup->placement,
                                      .loadgen = setup->loadgen,
                                      .dir = s->dir};
    char doubt[sizeof m->doubt - 64];
    s->done++;
    if (setup->tell)
        setup->tell(s->done, s->windows);
    enum lesson_result r = LESSON_OK;
    for (int i = 0; i < TRIES && r == LESSON_OK && !(out->value[LESSON_RATE] > 0); i++)
        r = lesson_window(&spec, out, doubt, sizeof doubt, m->reason, sizeof m->reason);
    if (r == LESSON_OK && doubt[0]) {
        m->doubted++;
        snprintf(m->doubt, sizeof m->doubt, "%s: %s", spec.side->name, doubt);
    }
    m->interrupted = r == LESSON_INTERRUPTED;
    return r == LESSON_OK;
}

/* Forwards in one round, backwards in the next. */
static bool measure_round(struct state *s, unsigned round, bool backwards)
{
    const size_t sides = s->m->windows.sides;
    struct lesson_sample *at = s->m->windows.at + round * sides;
    for (size_t i = 0; i < sides; i++) {
        size_t side = backwards ? sides - 1 - i : i;
        if (!s->setup->servers->missing[side] && !measure(s, round, side, &at[side]))
            return false;
    }
    return true;
}

static bool measure_all(struct state *s)
{
    uint64_t random = s->setup->seed;
    bool first = random_next(&random) >> 63;
    for (unsigned r = 0; r < s->setup->rounds; r++)
        if (!measure_round(s, r, (r % 2 == 0) == first))
            return false;
    return true;
}

bool lesson_measure(struct lesson_measured *m, const struct lesson_setup *setup)
{
    struct state s = {
        .m = m,
        .setup = setup,
        .windows = setup->rounds * (unsigned)setup->servers->there,
    };
    const size_t sides = setup->lesson->side_count;
    uint64_t began = clock_ns();
    *m = (struct lesson_measured){.windows = {.rounds = setup->rounds, .sides = sides}};
    m->windows.at = xcalloc(setup->rounds * sides, sizeof *m->windows.at);
    for (size_t i = 0; i < setup->rounds * sides; i++)
        m->windows.at[i] = unknown();
    s.dir = paths_temporary("lesson", m->reason, sizeof m->reason);
    bool good = s.dir && measure_all(&s);
    if (s.dir)
        rmdir(s.dir);
    free(s.dir);
    m->seconds = (double)(clock_ns() - began) / NS_PER_S;
    return good;
}

void lesson_measured_free(struct lesson_measured *m)
{
    free(m->windows.at);
    *m = (struct lesson_measured){0};
}
