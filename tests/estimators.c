/* Compares estimators, intervals and confidence sequences on recorded windows: the figures of
 * docs/duel.md. Not a test: the files are read, nothing is judged.
 *
 *     build/tests/estimators tests/data/windows_*.csv */
#include <math.h>
#include <stdio.h>

#include "bench/duel/decide.h"
#include "bench/stats/robust.h"
#include "common/random.h"

#include "unit/recorded.h"

static const char *const metric_names[RECORDED_METRICS] = {"rate", "cpu", "p99"};

enum { DUELS = 2000, SESSIONS = 20, LONG = 100, FIRST_LOOK = 5, DRAWS = 500, PAIRS_MAX = 4000 };

static struct recorded recorded;
static double a[PAIRS_MAX], b[PAIRS_MAX];
static size_t sizes[LONG];

/* What the sessions say, in the order of the recording. */
static size_t values_of(enum recorded_metric metric, enum estimator e, double *values)
{
    for (size_t i = 0; i < recorded.sessions; i++)
        values[i] =
            estimate_log_ratio(e, &recorded.cost[metric][0][recorded.first[i]],
                               &recorded.cost[metric][1][recorded.first[i]], recorded.sizes[i]);
    return recorded.sessions;
}

static double neighbours(const double *values, size_t n)
{
    struct moments m = moments_of(values, n);
    double sum = 0;
    for (size_t i = 0; i + 1 < n; i++)
        sum += (values[i] - m.mean) * (values[i + 1] - m.mean);
    return sum / ((double)(n - 1) * m.deviation * m.deviation);
}

/* Width and coverage of each kind of interval: the bootstraps', then Student's. */
static void intervals(enum recorded_metric metric)
{
    uint64_t random = 1;
    unsigned covered[BOOTSTRAP_COUNT + 1] = {0};
    double width[BOOTSTRAP_COUNT + 1] = {0};
    for (int r = 0; r < DUELS; r++) {
        struct paired_sessions s =
            recorded_draw(&recorded, metric, SESSIONS, a, b, sizes, &random);
        double values[SESSIONS];
        for (size_t i = 0, at = 0; i < SESSIONS; at += sizes[i++])
            values[i] = estimate_log_ratio(duel_estimator, a + at, b + at, sizes[i]);
        struct moments m = moments_of(values, SESSIONS);
        for (int kind = 0; kind <= BOOTSTRAP_COUNT; kind++) {
            struct interval i =
                kind == BOOTSTRAP_COUNT
                    ? student_interval(&m, 0.05)
                    : bootstrap_log_ratio(&s, duel_estimator, (enum bootstrap)kind, DRAWS, 0.05,
                                          &random);
            covered[kind] += i.low <= 0 && i.high >= 0;
            width[kind] += (i.high - i.low) / DUELS;
        }
    }
    printf("| %s |", metric_names[metric]);
    for (int kind = 0; kind <= BOOTSTRAP_COUNT; kind++)
        printf(" %.1f (%.2f) |", 100.0 * covered[kind] / DUELS, 100 * width[kind]);
    puts("");
}

static void estimators(enum recorded_metric metric)
{
    double values[RECORDED_SESSIONS];
    for (enum estimator e = 0; e < ESTIMATE_COUNT; e++) {
        size_t n = values_of(metric, e, values);
        struct moments m = moments_of(values, n);
        printf("| %s | %s | %.2f ± %.2f | %.2f | %.2f |\n", metric_names[metric],
               estimator_names[e], 100 * m.mean, 100 * m.deviation / sqrt((double)n),
               100 * m.deviation, neighbours(values, n));
    }
}

/* The asymptotic confidence sequence, which assumes no distribution, but many values. Source:
 * Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform central limit theory and
 * asymptotic confidence sequences", Annals of Statistics 52 (2024), theorem 2.2, and appendix C.3
 * for `c`, which makes it narrow at `tuned_for` values. */
static struct interval asymptotic(const struct moments *m, double tuned_for, double alpha)
{
    double n = (double)m->n;
    double reach = -2 * log(alpha);
    double c = tuned_for / (reach + log(reach + 1));
    double half = m->deviation * sqrt((n + c) / (n * n) * (log1p(n / c) + reach));
    return (struct interval){m->mean - half, m->mean + half};
}

enum method { BY_DUEL, BY_SYMMETRY, BY_T, BY_ASYMPTOTIC, BY_STUDENT, METHODS };
static const char *const method_names[METHODS] = {"both, as a duel does", "symmetric noise",
                                                  "t with normal mixture", "asymptotic",
                                                  "Student's interval at each look"};

static bool leaves_out_0(struct interval i)
{
    return i.low > 0 || i.high < 0;
}

/* Whether the sides are told apart after `n` sessions. */
static bool told(enum method method, const double *values, const double *scales, size_t n)
{
    struct moments m = moments_of(values, n);
    double t = m.mean / m.deviation * sqrt((double)n);
    switch (method) {
    case BY_DUEL:
        return duel_look(values, n, 1e-9).verdict != DUEL_OPEN;
    case BY_SYMMETRY:
        return fabs(symmetric_evidence(values, scales, n, 0)) >= log(20);
    case BY_T:
        return leaves_out_0(sequence_t(&m, 10, 0.05));
    case BY_ASYMPTOTIC:
        return leaves_out_0(asymptotic(&m, 10, 0.05));
    default:
        return student_below(-fabs(t), (double)n - 1) < 0.025;
    }
}

/* The look at which sides are told apart that differ by `apart`; LONG + 1 for never. */
static size_t first_told(enum method method, const double *values, double apart)
{
    double shifted[LONG], scales[LONG];
    for (size_t i = 0; i < LONG; i++)
        shifted[i] = values[i] + apart;
    scales_before(shifted, LONG, scales);
    for (size_t n = FIRST_LOOK; n <= LONG; n++)
        if (told(method, shifted, scales, n))
            return n;
    return LONG + 1;
}

static void sequences(enum recorded_metric metric)
{
    static const double apart[] = {0, 0.01, 0.02, 0.05};
    double all[RECORDED_SESSIONS], values[LONG];
    size_t n = values_of(metric, duel_estimator, all);
    for (enum method method = 0; method < METHODS; method++) {
        uint64_t random = 2;
        unsigned often[4] = {0};
        double looks[4] = {0};
        for (int r = 0; r < DUELS; r++) {
            for (size_t i = 0; i < LONG; i++) {
                double value = all[(size_t)(random_uniform(&random) * (double)n)];
                values[i] = random_next(&random) >> 63 ? value : -value;
            }
            for (int k = 0; k < 4; k++) {
                size_t at = first_told(method, values, apart[k]);
                often[k] += at <= LONG;
                looks[k] += (double)(at <= LONG ? at : LONG) / DUELS;
            }
        }
        printf("| %s | %s | %.1f | %.1f (%.0f) | %.1f (%.0f) | %.1f (%.0f) |\n",
               metric_names[metric], method_names[method], 100.0 * often[0] / DUELS,
               100.0 * often[1] / DUELS, looks[1], 100.0 * often[2] / DUELS, looks[2],
               100.0 * often[3] / DUELS, looks[3]);
    }
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (!recorded_read(&recorded, argv[i])) {
            fprintf(stderr, "%s: no recorded windows\n", argv[i]);
            return 1;
        }
        printf("\n%s: %zu sessions of %zu pairs\n\n", argv[i], recorded.sessions,
               recorded.sizes[0]);
        puts(
            "| metric | estimator | mean, % | deviation, % | neighbours |\n|---|---|---|---|---|");
        for (enum recorded_metric m = 0; m < RECORDED_METRICS; m++)
            estimators(m);
        puts(
            "\n| metric | sessions | both levels | both, quantiles | both, scaled | both, Huber | "
            "Student |\n|---|---|---|---|---|---|---|");
        for (enum recorded_metric m = 0; m < RECORDED_METRICS; m++)
            intervals(m);
        puts("\n| metric | looking | equal | 1 % | 2 % | 5 % |\n|---|---|---|---|---|---|");
        for (enum recorded_metric m = 0; m < RECORDED_METRICS; m++)
            sequences(m);
    }
    return 0;
}
