#include <math.h>
#include <stdlib.h>

#include "bench/stats/ascending.h"
#include "bench/stats/interval.h"
#include "bench/stats/robust.h"
#include "common/err.h"
#include "common/random.h"

static size_t draw_below(size_t n, uint64_t *random)
{
    return (size_t)(random_uniform(random) * (double)n);
}

/* What a session says whose pairs are drawn again. */
static double say_again(const struct paired_sessions *s, size_t first, size_t n,
                        enum estimator e, double *room, uint64_t *random)
{
    for (size_t i = 0; i < n; i++) {
        size_t k = first + draw_below(n, random);
        room[i] = s->a[k];
        room[n + i] = s->b[k];
    }
    return estimate_log_ratio(e, room, room + n, n);
}

static struct moments middle(enum bootstrap kind, const double *said, size_t n)
{
    return kind == BOOTSTRAP_BOTH_HUBER ? huber_moments(said, n) : moments_of(said, n);
}

/* The statistic of each draw, in ascending order. `said` is what the sessions say, `mean`
 * the mean or the location of that. */
static void draw_statistics(const struct paired_sessions *s, enum estimator e,
                            enum bootstrap kind, const double *said, double mean,
                            double *statistics, unsigned draws, uint64_t *random)
{
    size_t largest = 0, at = 0;
    size_t *first = xcalloc(s->count, sizeof *first);
    for (size_t i = 0; i < s->count; at += s->sizes[i++]) {
        first[i] = at;
        largest = s->sizes[i] > largest ? s->sizes[i] : largest;
    }
    double *room = xcalloc(2 * largest, sizeof *room);
    double *drawn = xcalloc(s->count, sizeof *drawn);
    for (unsigned d = 0; d < draws; d++) {
        for (size_t i = 0; i < s->count; i++) {
            size_t k = draw_below(s->count, random);
            drawn[i] = kind != BOOTSTRAP_SESSIONS
                           ? say_again(s, first[k], s->sizes[k], e, room, random)
                           : said[k];
        }
        struct moments m = middle(kind, drawn, s->count);
        double apart = m.mean - mean;
        /* A draw of one session alone has no deviation. */
        statistics[d] = kind >= BOOTSTRAP_BOTH_QUANTILES ? apart
                        : m.deviation > 0                ? -apart / m.deviation
                        : apart == 0                     ? 0
                                                         : -apart * INFINITY;
    }
    qsort(statistics, draws, sizeof *statistics, ascending);
    free(first);
    free(room);
    free(drawn);
}

/* What a statistic is multiplied by to be a log ratio. */
static double scale(enum bootstrap kind, const struct moments *m, const double *statistics,
                    unsigned draws, double alpha)
{
    if (kind == BOOTSTRAP_BOTH_QUANTILES)
        return 1;
    if (kind < BOOTSTRAP_BOTH_QUANTILES)
        return m->deviation;
    /* Huber's scale is made of few values where there are few, and errs more than a deviation:
     * three values less tell of the error, or half of them. Found by trial, on normal noise and
     * on the recordings of tests/data/. */
    size_t telling = m->n;
    if (kind == BOOTSTRAP_BOTH_HUBER)
        telling = m->n > 8 ? m->n - 3 : m->n / 2 + 1;
    struct moments few = {.deviation = m->deviation * sqrt((double)telling / (double)m->n),
                          .n = telling};
    /* Of the normal distribution, which is Student's of very many values. */
    struct moments many = {.deviation = sqrt(1e9), .n = 1000000000};
    return student_interval(&few, alpha).high / student_interval(&many, alpha).high /
           moments_of(statistics, draws).deviation;
}

struct interval bootstrap_log_ratio(const struct paired_sessions *s, enum estimator e,
                                    enum bootstrap kind, unsigned draws, double alpha,
                                    uint64_t *random)
{
    if (s->count < 2)
        return (struct interval){NAN, NAN};
    double *said = xcalloc(s->count, sizeof *said);
    double *statistics = xcalloc(draws, sizeof *statistics);
    size_t at = 0;
    for (size_t i = 0; i < s->count; at += s->sizes[i++])
        said[i] = estimate_log_ratio(e, s->a + at, s->b + at, s->sizes[i]);
    struct moments m = middle(kind, said, s->count);
    struct interval found = {m.mean, m.mean};
    if (m.deviation > 0) {
        draw_statistics(s, e, kind, said, m.mean, statistics, draws, random);
        size_t rank = (size_t)(alpha / 2 * draws);
        double by = scale(kind, &m, statistics, draws, alpha);
        found.low += statistics[rank] * by;
        found.high += statistics[draws - 1 - rank] * by;
    }
    free(said);
    free(statistics);
    return found;
}
