/* Whether a run came out as its scenario expects (plan/expectation.h). */
#ifndef IOM_PREDICTION_H
#define IOM_PREDICTION_H

#include <stddef.h>

#include "bench/plan/expectation.h"
#include "bench/record/environment.h"
#include "bench/record/summary.h"

/* With fewer values an interval is taken for wider to both sides, by a factor: only what is far
 * from the limit is then judged. The factor is 2. Of ratios of rates in a run whose yardstick says
 * how much noise there is (summary.noise), it is 1 and three times that noise. The system calls of
 * a request are counted once a point. */
enum { PREDICTION_VALUES_MIN = 3 };

enum prediction_verdict { AS_PREDICTED, NOT_AS_PREDICTED, CANNOT_TELL, PREDICTION_VERDICTS };

/* "as predicted", "NOT as predicted", "cannot tell" */
extern const char *const prediction_verdict_names[PREDICTION_VERDICTS];

/* Why an expectation without a case cannot be told. */
extern const char judged_nothing[];

/* One figure that an expectation tells of. */
struct judged_case {
    enum protocol protocol;
    const char *model;
    const char *against; /* the other model of a ratio; NULL: none */
    bool placed;         /* at a value of the axis; else nothing was measured */
    unsigned at;
    unsigned against_at; /* the other value of the axis */
    bool is_ratio;       /* of two models, or where `against` is NULL of two values */
    struct spread figure;
    const char *bound; /* "≥", "≤": the load generator was the limit; else "" */
    /* where the figure should be: above low and below high, or `exact` ends included */
    double low;
    double high;
    bool exact;
    enum prediction_verdict verdict;
    char why[256]; /* it cannot be told; else "" */
};

struct judged {
    const struct expectation *of;
    struct judged_case *cases; /* by protocol, model, value of the axis */
    size_t count;
    size_t verdicts[PREDICTION_VERDICTS]; /* how many cases have each */
    /* NOT_AS_PREDICTED for a single such case; AS_PREDICTED where all are; CANNOT_TELL else */
    enum prediction_verdict verdict;
};

struct predictions {
    struct judged *at; /* in the order of the scenario */
    size_t count;
    const char *axis; /* of the run */
};

/* Judge what `environment` says that the scenario expects. All that is handed over must live as
 * long as the result. A ratio is paired by block, as ratios are (record/ratios.h), and has the
 * interval of stats_spread(); a value has that of summary.csv. What is expected came where the
 * whole interval is where it should be, and did not come where all of it is elsewhere.
 *
 * A point that is not there, or is INVALID, tells nothing; neither does the rate or the latency of
 * a point that starves connections. Where the load generator was the limit, a rate is the least
 * that the server makes, and a latency and a share of CPU are not the server's. */
void predictions_make(struct predictions *p, const struct trial_rows *rows,
                      const struct summary *s, const struct environment *environment);
void predictions_free(struct predictions *p);

/* DIR/predictions.csv; not written where the scenario expects nothing. */
void predictions_write(const struct predictions *p, const char *dir);

#endif
