/* What a run of crawl leaves besides crawl.csv and the pictures (pictures.h). */
#ifndef IOM_CRAWL_FILES_H
#define IOM_CRAWL_FILES_H

#include "bench/crawl/scenario.h"
#include "bench/crawl/summary.h"
#include "bench/plan/placement.h"

/* DIR/machine.json: the machine, which CPUs the server and the clients had, the seed of the order.
 * Ends the program where it cannot be written. */
void crawl_machine_write(const char *dir, const struct placement *p, uint64_t seed);

/* DIR/summary.txt. Ends the program where it cannot be written. */
void crawl_files_write(const char *dir, const struct crawl_scenario *s, const char *finding,
                       const struct crawl_points *points);

#endif
