#include "loadgen/pace/schedule.h"

#include <math.h>

#include "common/random.h"

/* Nanoseconds in 1,000 seconds: rates are per so long. */
#define NS_PER_KS UINT64_C(1000000000000)

const char *arrival_name(enum arrival arrival)
{
    return arrival == ARRIVAL_POISSON ? "poisson" : "constant";
}

/* An exponentially distributed gap, by inversion (Devroye, "Non-Uniform Random Variate
 * Generation", 1986, section II.2.1). The moments are summed up exactly enough in a double: at
 * 24 hours its last place is 1/64 ns. */
static void add_gap(struct schedule *s)
{
    if (s->cursor.profile) {
        s->exact += s->mean_gap * random_exponential(&s->random);
        s->area = (unsigned __int128)(s->exact * (double)RATE_AREA_REQUEST);
        s->at = rate_cursor_reaches(&s->cursor, s->area);
        return;
    }
    s->exact += s->mean_gap * random_exponential(&s->random);
    s->at = (uint64_t)s->exact;
}

static void init_with_profile(struct schedule *s, const struct schedule_plan *plan,
                              uint32_t thread)
{
    rate_cursor_init(&s->cursor, plan->profile);
    if (plan->arrival == ARRIVAL_POISSON) {
        s->mean_gap = plan->threads;
        s->random = random_stream(plan->seed, thread);
        add_gap(s);
        return;
    }
    s->area = (unsigned __int128)RATE_AREA_REQUEST * thread;
    s->area_step = (unsigned __int128)RATE_AREA_REQUEST * plan->threads;
    s->at = rate_cursor_reaches(&s->cursor, s->area);
}

void schedule_init(struct schedule *s, const struct schedule_plan *plan, uint32_t thread)
{
    *s = (struct schedule){.arrival = plan->arrival, .rate_milli = plan->rate_milli};
    if (plan->profile) {
        init_with_profile(s, plan, thread);
        return;
    }
    if (plan->arrival == ARRIVAL_POISSON) {
        s->mean_gap = (double)NS_PER_KS * plan->threads / (double)plan->rate_milli;
        s->random = random_stream(plan->seed, thread);
        add_gap(s);
        return;
    }
    unsigned __int128 step = (unsigned __int128)NS_PER_KS * plan->threads;
    unsigned __int128 first = (unsigned __int128)NS_PER_KS * thread;
    s->step = (uint64_t)(step / plan->rate_milli);
    s->step_rest = (uint64_t)(step % plan->rate_milli);
    s->at = (uint64_t)(first / plan->rate_milli);
    s->rest = (uint64_t)(first % plan->rate_milli);
}

void schedule_advance(struct schedule *s)
{
    if (s->arrival == ARRIVAL_POISSON) {
        add_gap(s);
        return;
    }
    if (s->cursor.profile) {
        s->area += s->area_step;
        s->at = rate_cursor_reaches(&s->cursor, s->area);
        return;
    }
    s->at += s->step;
    s->rest += s->step_rest;
    if (s->rest >= s->rate_milli) {
        s->rest -= s->rate_milli;
        s->at++;
    }
}
