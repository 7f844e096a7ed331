#include "bench/duel/session.h"

#include <stdio.h>

#include "bench/base/process.h"
#include "bench/base/wait.h"
#include "common/clock.h"
#include "common/random.h"

/* How long both sides are watched while nobody loads them, and the part of that time from
 * which on a side is said to burn CPU while it is idle. */
static const uint64_t idle_look_ns = 60 * NS_PER_MS;
static const double idle_burns = 0.05;
/* How long what is left of servers may take to go after their first processes have ended. */
static const uint64_t leftover_grace = 200 * NS_PER_MS;

/* Tries of the same two pairs, where a window had no answer at all. */
enum { TRIES = 100 };

struct session {
    const struct duel_spec *spec;
    struct side sides[2];
    uint64_t random;
    bool *burns;
    unsigned repeated; /* windows that had no answer, or were beside one */
};

static bool coin(struct session *s)
{
    return random_next(&s->random) >> 63;
}

/* Start both, in an order of the seed, and wait for both to be connected. */
static enum side_result start(struct session *s, char *reason, size_t reason_size)
{
    int first = coin(s);
    enum side_result result = SIDE_OK;
    for (int i = 0; i < 2 && result == SIDE_OK; i++)
        result = side_start(&s->sides[first ^ i], s->spec, first ^ i, reason, reason_size);
    for (int i = 0; i < 2 && result == SIDE_OK; i++)
        result = side_connected(&s->sides[i], reason, reason_size);
    return result;
}

static enum side_result look_idle(struct session *s)
{
    double before[2];
    for (int i = 0; i < 2; i++)
        before[i] = side_cpu_ns(&s->sides[i]);
    uint64_t began = clock_ns();
    if (wait_readable(NULL, 0, clock_after(began, idle_look_ns)) == WAIT_INTERRUPTED)
        return SIDE_INTERRUPTED;
    double passed = (double)(clock_ns() - began);
    for (int i = 0; i < 2; i++)
        s->burns[i] = side_cpu_ns(&s->sides[i]) - before[i] > idle_burns * passed;
    return SIDE_OK;
}

/* A window of one side; `w` NULL: it only warms up. */
static enum side_result measure(struct session *s, int which, struct duel_window *w,
                                char *reason, size_t reason_size)
{
    struct duel_window unused;
    w = w ? w : &unused;
    if (s->burns[!which])
        side_pause(&s->sides[!which]);
    side_go_on(&s->sides[which]);
    w->side = which;
    return side_measure(&s->sides[which], s->spec->window_ns, &w->of, &w->server_cpu_ns, reason,
                        reason_size);
}

/* Two pairs: A B B A, or B A A B where `first` is 1. */
static enum side_result measure_four(struct session *s, int first, struct duel_window *windows,
                                     char *reason, size_t reason_size)
{
    static const int order[] = {0, 1, 1, 0};
    enum side_result result = SIDE_OK;
    for (int i = 0; i < 4 && result == SIDE_OK; i++)
        result = measure(s, first ^ order[i], &windows[i], reason, reason_size);
    return result;
}

/* A machine that stands still for the length of a window says nothing of either side. */
static bool says_nothing(const struct duel_window *windows)
{
    for (int i = 0; i < 4; i++)
        if (windows[i].of.requests < 1 || windows[i].of.active_requests < 1 ||
            !(windows[i].server_cpu_ns > 0))
            return true;
    return false;
}

static enum side_result measure_until_answered(struct session *s, struct duel_window *windows,
                                               char *reason, size_t reason_size)
{
    int first = coin(s);
    for (int i = 0; i < TRIES; i++) {
        enum side_result result = measure_four(s, first, windows, reason, reason_size);
        if (result != SIDE_OK || !says_nothing(windows))
            return result;
        s->repeated += 4;
    }
    snprintf(reason, reason_size,
             "no request was answered in a window of %.0f ms; --window takes a longer one",
             (double)s->spec->window_ns / NS_PER_MS);
    return SIDE_FAILED;
}

static enum side_result finish(struct session *s, char *reason, size_t reason_size)
{
    enum side_result result = SIDE_OK;
    for (int i = 0; i < 2 && result == SIDE_OK; i++)
        if (!side_finish(&s->sides[i], reason, reason_size))
            result = SIDE_FAILED;
    return result;
}

static enum side_result run_steps(struct session *s, unsigned number,
                                  struct duel_window *windows, size_t *count, char *reason,
                                  size_t reason_size)
{
    enum side_result result = start(s, reason, reason_size);
    if (result == SIDE_OK && number == 1)
        result = look_idle(s);
    for (int i = 0; i < 2 && result == SIDE_OK; i++)
        result = measure(s, i, NULL, reason, reason_size);
    for (unsigned pair = 1; pair <= s->spec->pairs && result == SIDE_OK; pair += 2) {
        struct duel_window *four = windows + *count;
        result = measure_until_answered(s, four, reason, reason_size);
        for (unsigned i = 0; i < 4 && result == SIDE_OK; i++) {
            four[i].session = number;
            four[i].pair = pair + i / 2;
            four[i].order = (unsigned)++*count;
        }
    }
    return result == SIDE_OK ? finish(s, reason, reason_size) : result;
}

enum side_result session_run(const struct duel_spec *spec, unsigned number, bool burns[2],
                             struct duel_window *windows, size_t *count, unsigned *repeated,
                             char *reason, size_t reason_size)
{
    struct session s = {
        .spec = spec, .random = random_stream(spec->seed, 1 + number), .burns = burns};
    *count = 0;
    enum side_result result = run_steps(&s, number, windows, count, reason, reason_size);
    *repeated += s.repeated;
    for (int i = 0; i < 2; i++)
        side_end(&s.sides[i]);
    bool external = spec->contestants[0].model.external || spec->contestants[1].model.external;
    unsigned left = process_end_all(external || result != SIDE_OK ? 0 : leftover_grace);
    /* Servers of others were not made to take leave. */
    if (result == SIDE_OK && left > 0 && !external) {
        snprintf(reason, reason_size, "the servers left %u process%s behind; killed", left,
                 left > 1 ? "es" : "");
        result = SIDE_FAILED;
    }
    return result;
}
