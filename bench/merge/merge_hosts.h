/* What reports that are merged say of their generators: which of them did what, whether their
 * windows were open together, how even their connections were served, and the verdict. */
#ifndef IOM_MERGE_HOSTS_H
#define IOM_MERGE_HOSTS_H

#include "bench/merge/merge.h"

/* Set into.fairness from the answers of all connections. False, and in `why` the reason, where
 * a report does not tell them. */
bool merge_fairness(json_t *into, const struct merge_input *inputs, size_t count, char *why,
                    size_t size);

/* Set into.opened and into.window_ns, the time from the first opening to the last end; into.hosts;
 * and verdict and verdict_reason: the worst of the reports, or INVALID where the windows did not
 * open together. The clocks are those of the walls. */
void merge_hosts(json_t *into, const struct merge_input *inputs, size_t count);

#endif
