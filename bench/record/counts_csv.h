/* counts.csv: what a request costs in calls, one row a point, from the counting trials (block 0).
 * results/README.md documents each column. */
#ifndef IOM_COUNTS_CSV_H
#define IOM_COUNTS_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/base/protocol.h"
#include "bench/base/system_calls.h"
#include "bench/trial/row.h"

/* Columns that are no system call: enumerator, name in the file. All are for each request. */
#define COUNTS(X)                                                                              \
    X(SYSTEM_CALLS, "system_calls")                                                            \
    X(OTHER, "other_calls")                                                                    \
    X(WAKINGS, "wakings")                                                                      \
    X(SWITCHES, "switches")                                                                    \
    X(FAULTS, "minor_faults")                                                                  \
    X(WAKEUPS, "server_wakeups")                                                               \
    X(EVENTS, "server_events")                                                                 \
    X(EAGAIN, "server_eagain")

#define COUNTS_ENUM(id, name) COUNTS_##id,
enum counts_column { COUNTS(COUNTS_ENUM) COUNTS_COLUMNS };
#undef COUNTS_ENUM

struct counts_row {
    unsigned trial;
    enum protocol protocol;
    char model[64];
    unsigned connections;
    enum axis axis;
    unsigned at;
    double requests;              /* that the trial counted */
    double value[COUNTS_COLUMNS]; /* NaN: not to be had */
    double calls[CALL_COUNT];
    size_t line; /* of the file */
};

struct counts {
    struct counts_row *at;
    size_t count;
};

/* Append the row of a counting trial to DIR/counts.csv, with the header first where the file is
 * new. A last line that is cut off goes. Nothing where the trial has no answers or no call was
 * counted by name. Ends the program when writing fails. */
void counts_csv_append(const char *dir, const struct trial_row *row);

/* Read DIR/counts.csv. Of a trial that was counted twice (its run was killed between the two
 * files) the last row stands. A last
 * line that is cut off is left out, with a word on standard error. False with one line in `error`
 * where the file is not there or holds what no run writes; `*absent` tells the two apart. Free it
 * after success alone. */
bool counts_csv_read(const char *dir, struct counts *out, bool *absent, char *error,
                     size_t error_size);
void counts_free(struct counts *c);

/* The row of a point, or NULL. */
const struct counts_row *counts_get(const struct counts *c, enum protocol protocol,
                                    const char *model, unsigned at);

#endif
