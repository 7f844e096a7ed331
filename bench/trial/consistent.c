#include "bench/trial/consistent.h"

#include <math.h>
#include <stdio.h>

static const double tolerance = 0.02;

/* Buckets of the histogram are so wide (common/histogram.h). */
static const double bucket = 1.001;

/* What a clock read a little late, or a CPU time a little early, can add to a share. */
static const double share_slack = 0.1;

/* False where both are there and `a` is above `b` by more than `slack`. */
static bool at_most(double a, double b, double slack)
{
    return !(a > b + slack);
}

static bool ordered(const struct trial_row *row, char *why, size_t size)
{
    static const enum metric rising[] = {M_MIN_US, M_P50_US,  M_P75_US,   M_P90_US, M_P95_US,
                                         M_P99_US, M_P999_US, M_P9999_US, M_MAX_US};
    const double *v = row->value;
    for (size_t i = 1; i < sizeof rising / sizeof rising[0]; i++) {
        if (at_most(v[rising[i - 1]], v[rising[i]], 0))
            continue;
        snprintf(why, size, "%s is %.3f, above %s, which is %.3f", metric_names[rising[i - 1]],
                 v[rising[i - 1]], metric_names[rising[i]], v[rising[i]]);
        return false;
    }
    double rounding = 0.002; /* of three decimals */
    double half = (v[M_MAX_US] - v[M_MIN_US]) / 2;
    if (!at_most(v[M_MEAN_US], v[M_MAX_US], rounding) ||
        !at_most(v[M_MIN_US], v[M_MEAN_US], rounding))
        snprintf(why, size, "the mean latency, %.3f us, is not from %.3f to %.3f", v[M_MEAN_US],
                 v[M_MIN_US], v[M_MAX_US]);
    else if (!at_most(v[M_STDDEV_US], half, rounding))
        snprintf(why, size,
                 "latencies from %.3f to %.3f us cannot have a standard deviation of %.3f",
                 v[M_MIN_US], v[M_MAX_US], v[M_STDDEV_US]);
    else
        return true;
    return false;
}

/* Is `quotient` what `a` by `b` gives? `decimals` is half of the last place that the file has of
 * each. */
static bool divides(double a, double a_half, double b, double quotient, double quotient_half)
{
    return !(fabs(a - quotient * b) > a_half + quotient_half * b + 1e-5 * fabs(a));
}

/* Jain's index is mean^2 / (mean^2 + variance), and the mean, the least and the most of so many
 * connections bound the variance: from below by those two alone, from above by Bhatia and Davis ("A
 * Better Bound on the Variance", American Mathematical Monthly 107, 2000). */
static bool jain_fits(const struct trial_row *row)
{
    const double *v = row->value;
    double n = row->connections;
    double mean = v[M_REQUESTS] / n;
    double above = v[M_REQUESTS_MAX] - mean;
    double below = mean - v[M_REQUESTS_MIN];
    double square = mean * mean;
    double rounding = 1e-4;
    if (!(mean > 0) || isnan(above) || isnan(below))
        return true;
    return at_most(v[M_JAIN], square / (square + (above * above + below * below) / n),
                   rounding) &&
           at_most(square / (square + above * below), v[M_JAIN], rounding);
}

static bool counted(const struct trial_row *row, char *why, size_t size)
{
    const double *v = row->value;
    double n = v[M_REQUESTS];
    /* There requests are those that were due in the window, and the rate is of answers in it. */
    bool open = axis_is_open_loop(row->axis, row->at);

    if (n != v[M_OK] && !isnan(n) && !isnan(v[M_OK]))
        snprintf(why, size, "%.0f answers, and %.0f requests that ended well", n, v[M_OK]);
    else if (!open && !divides(n, 0.5, v[M_WINDOW_S], v[M_RPS], 0.05))
        snprintf(why, size, "%.0f answers in %.6f s are not %.1f a second", n, v[M_WINDOW_S],
                 v[M_RPS]);
    else if (!at_most(v[M_REQUESTS_MIN], v[M_REQUESTS_MEDIAN], 0) ||
             !at_most(v[M_REQUESTS_MEDIAN], v[M_REQUESTS_MAX], 0) ||
             !at_most(v[M_REQUESTS_MIN] * row->connections, n, 0) ||
             !at_most(n, v[M_REQUESTS_MAX] * row->connections, 0))
        snprintf(why, size, "%.0f answers to %u connections, and %.0f, %.0f and %.0f to one", n,
                 row->connections, v[M_REQUESTS_MIN], v[M_REQUESTS_MEDIAN], v[M_REQUESTS_MAX]);
    else if (!jain_fits(row))
        snprintf(why, size, "Jain's index is %.4f, with %.0f to %.0f answers to a connection",
                 v[M_JAIN], v[M_REQUESTS_MIN], v[M_REQUESTS_MAX]);
    else if (v[M_STARVED] > 0 && v[M_REQUESTS_MIN] > 0)
        snprintf(why, size, "%.0f connections starved, and each had %.0f answers", v[M_STARVED],
                 v[M_REQUESTS_MIN]);
    else
        return true;
    return false;
}

static bool shared_out(const struct trial_row *row, char *why, size_t size)
{
    static const struct {
        enum metric total, each;
        const char *whose;
    } costs[] = {{M_SERVER_CPU_US, M_CPU_PER_REQUEST, "server"},
                 {M_GENERATOR_CPU_US, M_GENERATOR_CPU_PER_REQUEST, "load generator"}};
    const double *v = row->value;
    double n = trial_row_answers(row);
    /* The file has requests/s with one decimal. */
    double n_half = axis_is_open_loop(row->axis, row->at) ? 0.05 * v[M_WINDOW_S] : 0;
    for (size_t i = 0; i < sizeof costs / sizeof costs[0]; i++) {
        double total = v[costs[i].total];
        double each = v[costs[i].each];
        if (divides(total, 0.5 + each * n_half, n, each, 0.5e-4))
            continue;
        snprintf(why, size, "%.0f us of CPU of the %s for %.0f answers are not %.4f for one",
                 total, costs[i].whose, n, each);
        return false;
    }
    return true;
}

bool consistent_figures(const struct trial_row *row, char *why, size_t size)
{
    return ordered(row, why, size) && counted(row, why, size) && shared_out(row, why, size);
}

bool consistent_shares(const struct trial_row *row, char *why, size_t size)
{
    static const enum metric shares[] = {M_SERVER_CPU_FRACTION, M_GENERATOR_CPU_FRACTION,
                                         M_GENERATOR_THREAD_CPU_FRACTION,
                                         M_GENERATOR_COALESCED_FRACTION};
    const double *v = row->value;
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        if (at_most(v[shares[i]], 1, share_slack))
            continue;
        snprintf(why, size, "%s is %.4f of what there is", metric_names[shares[i]],
                 v[shares[i]]);
        return false;
    }
    double slept = row->value[M_GENERATOR_SLEPT_FRACTION];
    if (at_most(v[M_GENERATOR_CPU_FRACTION] + slept, 1, share_slack))
        return true;
    snprintf(why, size,
             "the load generator ran for %.0f %% of the window and slept for %.0f %%",
             v[M_GENERATOR_CPU_FRACTION] * 100, slept * 100);
    return false;
}

double little_slowest(const struct trial_row *row, double n)
{
    static const struct {
        double above;      /* so much of all lies above the percentile of the next part */
        enum metric least; /* and is at most this */
    } parts[] = {{1e-4, M_MAX_US}, {1e-3, M_P9999_US}, {1e-2, M_P999_US}, {0.05, M_P99_US},
                 {0.1, M_P95_US},  {0.25, M_P90_US},   {0.5, M_P75_US},   {1, M_P50_US}};
    const double *v = row->value;
    double all = v[M_OK] + v[M_TIMEOUT];
    double sum = 0;
    double taken = 0;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        double part = fmin(n, floor(all * parts[i].above)) - taken;
        if (!(part > 0))
            continue;
        sum += part * v[parts[i].least] * bucket;
        taken += part;
    }
    return sum;
}

/* Nothing went wrong that leaves a connection without a request under way. */
static bool all_busy(const struct trial_row *row)
{
    const double *v = row->value;
    double lost = v[M_TIMEOUT] + v[M_RESET] + v[M_REFUSED] + v[M_EOF] + v[M_CORRUPT] +
                  v[M_NON_2XX] + v[M_STARVED];
    bool reopens = row->axis == AXIS_CHURN && row->at > 0;
    return lost == 0 && !reopens && v[M_CONNECTED] == row->connections &&
           (v[M_CONCURRENCY] == 0 ||
            v[M_CONCURRENCY] >= axis_open_connections(row->axis, row->connections, row->at));
}

/* Requests that can be under way at a time. */
static double under_way(const struct trial_row *row)
{
    return row->connections * (row->axis == AXIS_PIPELINE ? (double)row->at : 1);
}

struct little little_of(const struct trial_row *row)
{
    const double *v = row->value;
    double answers = v[M_OK] + v[M_TIMEOUT];
    double all = v[M_WINDOW_S] * 1e6 * under_way(row);
    double before = little_slowest(row, v[M_IN_FLIGHT_AT_START]) / all;
    double after = v[M_OLDEST_IN_FLIGHT_US] * v[M_IN_FLIGHT] / all;
    double gaps = v[M_GENERATOR_CPU_PER_REQUEST] * answers / all;
    return (struct little){
        .ratio = answers * v[M_MEAN_US] / all,
        .low = all_busy(row) ? 1 - tolerance - after - gaps : NAN,
        .high = 1 + tolerance + before,
    };
}

bool consistent_little(const struct trial_row *row, char *why, size_t size)
{
    struct little l = little_of(row);
    /* Latency counts from when a request was due, with no connection at hand. */
    if (axis_is_open_loop(row->axis, row->at))
        return true;
    if (!(l.ratio < l.low) && !(l.ratio > l.high))
        return true;
    snprintf(why, size,
             "Little's law: throughput times mean latency is %.2f requests under way, %u "
             "connection%s can have %.2f to %.2f",
             l.ratio * under_way(row), row->connections, row->connections == 1 ? "" : "s",
             isnan(l.low) ? 0 : fmax(l.low, 0) * under_way(row), l.high * under_way(row));
    return false;
}
