#include "bench/show/speeds_text.h"

#include <math.h>
#include <stdlib.h>

#include "bench/base/stats.h"
#include "bench/show/grid.h"
#include "common/err.h"

/* The fast half of the windows must be faster by so much to be another speed. */
#define SPEEDS_APART 1.3

/* And the CPU per request of the halves must differ by so much to be the server's own doing. */
#define COSTS_APART 1.1

/* A condition must make the pair faster by so much, at the low end of the spread, to be told. */
#define FASTER 1.1

static const char *const labels[SPEED_CONDITIONS] = {
    "generator sleeps", "generator spins", "beside a neighbour", "server's CPU never idle",
    "generator's CPU never idle"};

struct group {
    const struct speed_window *at;
    size_t count;
    double *room; /* for `count` values */
};

static const struct speed_window *find(const struct group *g, unsigned round,
                                       enum speed_condition c)
{
    for (size_t i = 0; i < g->count; i++)
        if (g->at[i].round == round && g->at[i].condition == c)
            return &g->at[i];
    return NULL;
}

static struct spread figure(const struct group *g, enum speed_condition c, enum speed_figure f)
{
    size_t n = 0;
    for (size_t i = 0; i < g->count; i++)
        if (g->at[i].condition == c)
            g->room[n++] = g->at[i].value[f];
    return stats_spread(g->room, n);
}

/* The clock of what others took ticks every 10 ms: of a single window it says nothing. */
static double mean(const struct group *g, enum speed_condition c, enum speed_figure f)
{
    double sum = 0;
    size_t n = 0;
    for (size_t i = 0; i < g->count; i++) {
        if (g->at[i].condition != c || isnan(g->at[i].value[f]))
            continue;
        sum += g->at[i].value[f];
        n++;
    }
    return n ? sum / (double)n : NAN;
}

/* Of the rounds: figure `f` under `c` by that under SPEED_SLEEP, or less that. */
static struct spread against_sleep(const struct group *g, enum speed_condition c,
                                   enum speed_figure f, bool ratio)
{
    size_t n = 0;
    for (size_t i = 0; i < g->count; i++) {
        if (g->at[i].condition != c)
            continue;
        const struct speed_window *sleeping = find(g, g->at[i].round, SPEED_SLEEP);
        if (!sleeping)
            continue;
        double a = g->at[i].value[f], b = sleeping->value[f];
        g->room[n++] = ratio ? a / b : a - b;
    }
    return stats_spread(g->room, n);
}

static void put_spread(struct grid *t, const char *format, struct spread s)
{
    if (s.n == 0)
        grid_cell(t, "n/a");
    else
        grid_cell(t, format, s.median, s.low, s.high);
}

static void put_row(struct grid *t, const struct group *g, enum speed_condition c)
{
    struct spread cpu = figure(g, c, SPEED_CPU_US);

    grid_row(t);
    grid_cell(t, "%s", labels[c]);
    grid_cell(t, "%zu", cpu.n);
    grid_number(t, 0, figure(g, c, SPEED_RPS).median);
    grid_number(t, 2, cpu.median);
    put_spread(t, "%.3f [%.3f-%.3f]", against_sleep(g, c, SPEED_CPU_US, true));
    grid_number(t, 4, figure(g, c, SPEED_WAKINGS).median);
    grid_number(t, 2, figure(g, c, SPEED_CPU_FRACTION).median);
    grid_number(t, 2, figure(g, c, SPEED_SLEPT).median);
    grid_number(t, 4, figure(g, c, SPEED_GENERATOR_SWITCHES).median);
    grid_number(t, 2, mean(g, c, SPEED_OTHER_SERVER));
    grid_number(t, 2, mean(g, c, SPEED_OTHER_GENERATOR));
    grid_number(t, 2, mean(g, c, SPEED_STOLEN_SERVER));
    grid_number(t, 2, mean(g, c, SPEED_STOLEN_GENERATOR));
}

static void put_table(FILE *f, const struct group *g)
{
    struct grid t = {.heads = {"condition", "n", "req/s", "CPU µs/req", "ratio [spread]",
                               "wakings/req", "server CPU", "asleep", "switches/req",
                               "others: server", "generator", "stolen: server", "generator"},
                     .columns = 13,
                     .left = 1};
    for (int c = 0; c < SPEED_CONDITIONS; c++)
        put_row(&t, g, (enum speed_condition)c);
    grid_put(f, &t, FORMAT_TERMINAL);
    grid_free(&t);
}

/* Does the server pay for a generator that sleeps, and is it for waking it? */
static void tell_waking(FILE *f, const struct group *g, double waking_ns)
{
    struct spread less = against_sleep(g, SPEED_SPIN, SPEED_CPU_US, false);
    double wakings = 0 - against_sleep(g, SPEED_SPIN, SPEED_WAKINGS, false).median; /* no -0 */
    double more = -less.median;

    if (less.n == 0) {
        fputs("  Nothing can be said: no window has a CPU time per request.\n", f);
        return;
    }
    if (less.low <= 0 && less.high >= 0) {
        fprintf(
            f,
            "  The generator's sleep makes no difference here: %.2f µs of CPU a request more "
            "where it sleeps, anywhere from %.2f to %.2f.",
            more, -less.high, -less.low);
        if (!isnan(wakings))
            fprintf(f, " The server wakes it %.3f times a request.", wakings);
        fputc('\n', f);
        return;
    }
    fprintf(
        f,
        "  The server pays %.2f µs [%.2f to %.2f] of CPU a request %s where the generator sleeps",
        fabs(more), fmin(fabs(less.low), fabs(less.high)),
        fmax(fabs(less.low), fabs(less.high)), more > 0 ? "more" : "less");
    if (isnan(wakings))
        fputs("; wake-ups cannot be counted here.\n", f);
    else if (more <= 0 || wakings <= 0)
        fprintf(f, ", so wake-ups (%.3f a request) are not what it pays for.\n", wakings);
    else if (isnan(waking_ns))
        fprintf(
            f,
            ". It wakes the generator %.3f times a request: if that is all, a wake-up costs "
            "%.2f µs.\n",
            wakings, more / wakings);
    else
        fprintf(
            f,
            ". It wakes the generator %.3f times a request, at %.2f µs each: wake-ups explain "
            "%.0f %%.\n",
            wakings, waking_ns / 1e3, 100 * wakings * waking_ns / 1e3 / more);
}

/* Is the waking of an idle CPU what takes the time? */
static void tell_idle(FILE *f, const struct group *g, enum speed_condition c, const char *whose)
{
    struct spread faster = against_sleep(g, c, SPEED_RPS, true);

    if (faster.n > 0 && faster.low > FASTER)
        fprintf(f,
                "  With the %s CPU never idle the two are %.2f [%.2f to %.2f] times as fast: "
                "bringing that CPU back from idling takes the time.\n",
                whose, faster.median, faster.low, faster.high);
}

static int by_rate(const void *a, const void *b)
{
    double x = (*(const struct speed_window *const *)a)->value[SPEED_RPS];
    double y = (*(const struct speed_window *const *)b)->value[SPEED_RPS];
    return (x > y) - (x < y);
}

static struct spread of_half(const struct group *g, const struct speed_window **w, size_t n,
                             enum speed_figure f)
{
    for (size_t i = 0; i < n; i++)
        g->room[i] = w[i]->value[f];
    return stats_spread(g->room, n);
}

static double mean_of_half(const struct speed_window **w, size_t n, enum speed_figure f)
{
    double sum = 0;
    size_t there = 0;
    for (size_t i = 0; i < n; i++) {
        if (isnan(w[i]->value[f]))
            continue;
        sum += w[i]->value[f];
        there++;
    }
    return there ? sum / (double)there : NAN;
}

/* With so many decimals; "n/a" for NaN. */
static const char *plain(char out[24], int digits, double value)
{
    if (isnan(value))
        return "n/a";
    snprintf(out, 24, "%.*f", digits, value);
    return out;
}

static void tell_half(FILE *f, const struct group *g, const char *name,
                      const struct speed_window **w, size_t n)
{
    char text[7][24];
    fprintf(
        f,
        "    %s half: %s requests/s, CPU %s µs a request, %s wake-ups a request; server on its "
        "CPU %s %%, generator asleep %s %%; others had %s %% and %s %% of the two CPUs",
        name, plain(text[0], 0, of_half(g, w, n, SPEED_RPS).median),
        plain(text[1], 2, of_half(g, w, n, SPEED_CPU_US).median),
        plain(text[2], 4, of_half(g, w, n, SPEED_WAKINGS).median),
        plain(text[3], 0, 100 * of_half(g, w, n, SPEED_CPU_FRACTION).median),
        plain(text[4], 0, 100 * of_half(g, w, n, SPEED_SLEPT).median),
        plain(text[5], 0, 100 * mean_of_half(w, n, SPEED_OTHER_SERVER)),
        plain(text[6], 0, 100 * mean_of_half(w, n, SPEED_OTHER_GENERATOR)));
    fprintf(f, ", the hypervisor %s %% and %s %%\n",
            plain(text[0], 0, 100 * mean_of_half(w, n, SPEED_STOLEN_SERVER)),
            plain(text[1], 0, 100 * mean_of_half(w, n, SPEED_STOLEN_GENERATOR)));
}

/* Are there two speeds with one and the same generator, and does the server's cost differ? */
static void tell_speeds(FILE *f, const struct group *g)
{
    const struct speed_window **w = xcalloc(g->count, sizeof *w);
    size_t n = 0;

    for (size_t i = 0; i < g->count; i++)
        if (g->at[i].condition == SPEED_SLEEP)
            w[n++] = &g->at[i];
    qsort(w, n, sizeof *w, by_rate);
    size_t half = n / 2;
    if (half > 0 && !(of_half(g, w, half, SPEED_RPS).median > 0)) {
        fputs("  In half of the windows nothing was answered.\n", f);
    } else if (half > 0) {
        const struct speed_window **fast = w + (n - half);
        double slow_rate = of_half(g, w, half, SPEED_RPS).median;
        double fast_rate = of_half(g, fast, half, SPEED_RPS).median;
        double cost = of_half(g, w, half, SPEED_CPU_US).median /
                      of_half(g, fast, half, SPEED_CPU_US).median;
        bool apart = fast_rate > SPEEDS_APART * slow_rate;
        fprintf(
            f,
            "  %s with the generator as it is: the fast half of the windows is %.2f times as fast",
            apart ? "Two speeds" : "One speed", fast_rate / slow_rate);
        if (!apart)
            fputs(".\n", f);
        else if (cost > COSTS_APART)
            fprintf(f,
                    ", and in the slow half a request costs the server %.2f times the CPU.\n",
                    cost);
        else
            fprintf(
                f,
                ", but a request costs the server %.2f times the CPU in the slow half: the CPUs "
                "were kept from the two programs, or stood idle, and the server is no slower.\n",
                cost);
        if (apart) {
            tell_half(f, g, "slow", w, half);
            tell_half(f, g, "fast", fast, half);
        }
    }
    free(w);
}

void speeds_tell(FILE *f, const struct speed_window *w, size_t n, double waking_ns)
{
    struct group g = {.at = w, .count = n, .room = xcalloc(n, sizeof(double))};

    fprintf(f, "%s, %u connection%s, http, closed loop, windows in turn\n", w->model,
            w->connections, w->connections == 1 ? "" : "s");
    put_table(f, &g);
    tell_waking(f, &g, waking_ns);
    tell_idle(f, &g, SPEED_IDLE_SERVER, "server's");
    tell_idle(f, &g, SPEED_IDLE_GENERATOR, "generator's");
    tell_speeds(f, &g);
    free(g.room);
}
