/* What is told about a run. */
#ifndef IOM_REPORT_H
#define IOM_REPORT_H

#include <stdio.h>

#include "loadgen/report/result.h"
#include "loadgen/report/search.h"

/* The summary for a person, in the order that users of wrk expect. */
void report_print(FILE *out, const struct run *r, const struct result *result);

/* Everything as one JSON object to file `path`, "-" for standard output. Returns false, and
 * tells, where it cannot be written. Times are whole nanoseconds where the name does
 * not say otherwise; all is about the measured window. What is not plain from the names:
 * - closed loop: started, in_flight_at_start, unsolicited: together exactly the sum of
 * "outcomes". Unsolicited answers are counted as corrupt, though no request was started for them.
 * - open loop: scheduled: the requests that were due in the window, exactly the sum of
 * "outcomes", whenever they ended. Neither the warm-up's nor unsolicited answers are in it.
 * - requests: answers complete and right (outcomes.ok).
 * - latency, histogram: service time in closed loop, response time in open loop; one sample for
 * each ok and one, at the limit, for each timeout: there it means "at least". Percentiles are null
 * where there is no sample.
 * - reasons: the first cause of each outcome in the whole run, the warm-up included.
 * - connects: attempts to open a connection (again) in the window.
 * - connected: connections open when the load began. */
bool report_json(const char *path, const struct run *r, const struct result *result,
                 const struct search *search);

/* All that the options ask for: the summary to standard output, unless the JSON goes there, the
 * JSON and the percentiles. `search` is NULL where there was none. Returns false where any file,
 * that of --csv included, could not be written; what could be is. */
bool report_all(const struct run *r, const struct result *result, const struct search *search);

#endif
