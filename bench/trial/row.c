#include "bench/trial/row.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/disturbed.h"

#define TRIAL_NAME(id, name, digits)   name,
#define TRIAL_DIGITS(id, name, digits) digits,
const char *const metric_names[] = {TRIAL_METRICS(TRIAL_NAME) "rate"};
const int metric_digits[] = {TRIAL_METRICS(TRIAL_DIGITS) 1};

const char answer_is_same[] = "same";

const char *const verdict_names[] = {"valid", "generator-limited", "INVALID"};

bool reason_of_disturbance(const char *reason)
{
    static const char mark[] = DISTURBED_REASON;
    return strncmp(reason, mark, sizeof mark - 1) == 0;
}

void trial_row_round(struct trial_row *row)
{
    char text[400]; /* a double has up to 309 digits before the point */
    for (int i = 0; i < METRIC_COUNT; i++) {
        if (!isfinite(row->value[i]))
            continue;
        snprintf(text, sizeof text, "%.*f", metric_digits[i], row->value[i]);
        row->value[i] = strtod(text, NULL);
    }
}

void trial_row_init(struct trial_row *row)
{
    *row = (struct trial_row){0};
    for (int i = 0; i < METRIC_ALL; i++)
        row->value[i] = NAN;
}

double trial_row_answers(const struct trial_row *row)
{
    const double *v = row->value;
    return axis_is_open_loop(row->axis, row->at) ? v[M_RPS] * v[M_WINDOW_S] : v[M_REQUESTS];
}
