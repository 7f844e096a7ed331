/* Do the figures of a row agree with one another? */
#ifndef IOM_CONSISTENT_H
#define IOM_CONSISTENT_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/trial/row.h"

/* Figures that contradict each other, whatever was measured: false with what does in `why`. Figures
 * that are not there (NaN) contradict none. Rounding of the file is allowed for, so that a row that
 * was read judges as the row that was measured.
 *
 * - percentiles rise, from the least to the greatest latency; the mean lies between these two, and
 *   the standard deviation is at most half of their distance (Popoviciu's inequality);
 * - answers are the outcomes `ok`; requests a second are answers by the window; answers of a
 *   connection and Jain's index lie within what the sum allows; none starves that had the fewest
 *   answers above zero;
 * - CPU for a request, of server and generator, is CPU time by answers. */
bool consistent_figures(const struct trial_row *row, char *why, size_t size);

/* Nothing used more CPU time than there was, and the generator's threads did not run and sleep
 * longer than the window, by more than 10 % of it. Counters that cover another window are no news
 * here: look at these first. */
bool consistent_shares(const struct trial_row *row, char *why, size_t size);

/* Little's law (J. D. C. Little, "A Proof for the Queuing Formula L = λW", Operations Research
 * 9(3), 1961) in a closed loop of one request a connection. Let R be the sum of all latencies of
 * the window (answers and timeouts), by window times connections. Each connection has a request
 * under way at any time, so R is 1 but for two edges and two gaps:
 *
 * - Requests under way when the window opens bring the part of their latency from before. They are
 *   `in_flight_at_start` of all that ended, so together they have at most as much latency as the
 *   slowest so many; the percentiles bound that sum (little_slowest()). R is at most 1 + this.
 * - Of requests under way when the window closes the latency is not in the sum. None is older than
 *   `oldest_in_flight_us`, so R is at least 1 - this by the window.
 * - Between an answer and the next request the generator works, for no longer than it works for a
 *   request. With one connection that can be a third of the time, with 64 it is below 2 %.
 * - A connection that is lost has none under way until it is up again. So the lower bound holds
 *   only where no request failed, no connection starved, none is closed after so many requests,
 *   and the server holds all.
 *
 * With a pipeline, so many requests are under way on a connection. In an open loop the law says
 * nothing of connections, and the row is not held to it.
 *
 * Beyond these bounds R may be off by 2 %. False with both figures in `why`. */
bool consistent_little(const struct trial_row *row, char *why, size_t size);

struct little {
    double ratio;     /* R; NaN: cannot be known */
    double low, high; /* the bounds, with the tolerance; low is NaN where there is none */
};
struct little little_of(const struct trial_row *row);

/* An upper bound of the sum of the `n` greatest latencies of the row, in microseconds: at most one
 * of 10,000 lies above p9999 and is at most the maximum, and so on down. */
double little_slowest(const struct trial_row *row, double n);

#endif
