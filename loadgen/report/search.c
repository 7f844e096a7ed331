#include "loadgen/report/search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/err.h"
#include "loadgen/cli/options.h"
#include "loadgen/load/run.h"
#include "loadgen/report/crew.h"
#include "loadgen/report/report.h"
#include "loadgen/report/result.h"
#include "loadgen/report/verdict.h"

/* The closed loop that finds where to begin. */
#define FIRST_RUN_NS NS_PER_S

/* The interval is narrow enough when its end is no more than this above its beginning. */
#define PRECISION 1.02

#define RATE_MIN_MILLI UINT64_C(1000)

#define REPEATS 3

#define WHY_SIZE sizeof((struct search *)0)->why_invalid

/* A finished run, its options with it. */
struct trial {
    struct options options;
    struct run run;
    struct result result;
};

/* NULL where the server is not there: s->why_lost says why. */
static struct trial *run_trial(struct search *s, const struct options *o)
{
    struct trial *t = xmalloc(sizeof *t);

    t->options = *o;
    run_execute(&t->run, &t->options, s->crew->gate);
    if (!run_came_up(&t->run, s->why_lost, sizeof s->why_lost)) {
        run_free(&t->run);
        free(t);
        return NULL;
    }
    crew_collect(s->crew, &t->run, &t->result);
    return t;
}

static void free_trial(struct trial *t)
{
    if (!t)
        return;
    result_free(&t->result);
    run_free(&t->run);
    free(t);
}

static FILE *progress(const struct options *o)
{
    return o->json && strcmp(o->json, "-") == 0 ? stderr : stdout;
}

static void tell(const struct options *o, const struct search *s,
                 const struct search_probe *probe, const char *reason)
{
    FILE *out = progress(o);

    fprintf(out, "  %12.1f/s   ", (double)probe->rate_milli / 1e3);
    if (probe->has_value)
        fprintf(out, "%s %10.3f ms", s->goal->name, (double)probe->value_ns / 1e6);
    else
        fprintf(out, "no answer");
    fprintf(out, "   %s", probe->kept ? "kept" : "not kept");
    if (probe->in_time && !probe->kept)
        fprintf(out, ", %s: %s", probe->verdict, reason);
    putc('\n', out);
    fflush(out);
}

static void replace(struct trial **kept, struct trial *by)
{
    free_trial(*kept);
    *kept = by;
}

/* Also in the drain, where a signal leaves the window whole: the answers that were to come are not
 * there, and the search is over. */
static bool was_interrupted(struct run *r)
{
    return run_stopped(r) || moments_flag(&r->moments.signalled);
}

/* One probe. `*last` becomes its run, unless that is one that kept the goal and this did not.
 * Returns NULL where it was interrupted, for a window that was cut short says nothing, or the
 * server was lost. */
static const struct search_probe *probe(struct search *s, const struct options *o,
                                        uint64_t rate_milli, struct trial **last,
                                        char why[WHY_SIZE])
{
    struct search_probe *p = &s->probes[s->count];
    struct options options = *o;
    bool had_one = *last != NULL;

    options.rate_milli = rate_milli;
    struct trial *t = run_trial(s, &options);
    if (!t)
        return NULL;
    *p = (struct search_probe){.rate_milli = rate_milli, .verdict = t->result.verdict};
    p->has_value = condition_time(s->goal, t->result.sum.latency, &p->value_ns);
    p->in_time = p->has_value && condition_holds(s->goal, (double)p->value_ns);
    p->kept = p->in_time && !verdict_bad(&t->result);
    snprintf(why, WHY_SIZE, "%s", t->result.verdict_reason);
    s->interrupted = was_interrupted(&t->run);
    if (!had_one || (p->kept && !s->interrupted))
        replace(last, t);
    else
        free_trial(t);
    if (s->interrupted)
        return NULL;
    s->count++;
    tell(o, s, p, why);
    return p;
}

static bool ended_early(const struct search *s)
{
    return s->interrupted || s->why_lost[0];
}

/* Does the majority of the probes at this rate keep the goal? Sets low or high by the answer, and
 * `*best` to a probe that did. */
static bool keeps(struct search *s, const struct options *o, uint64_t rate_milli,
                  struct trial **best)
{
    unsigned kept = 0, not_kept = 0, in_time = 0;
    char why[WHY_SIZE], why_invalid[WHY_SIZE] = "";
    struct trial *last = NULL;

    while (kept <= REPEATS / 2 && not_kept <= REPEATS / 2) {
        const struct search_probe *p = probe(s, o, rate_milli, &last, why);
        if (!p)
            break;
        kept += p->kept;
        not_kept += !p->kept;
        in_time += p->in_time;
        if (p->in_time && !p->kept)
            memcpy(why_invalid, why, sizeof why);
    }
    bool keeps = !ended_early(s) && kept > not_kept;
    if (keeps || !*best)
        replace(best, last);
    else
        free_trial(last);
    if (ended_early(s))
        return false;
    if (keeps) {
        s->low_milli = rate_milli;
    } else {
        s->high_milli = rate_milli;
        s->why_invalid[0] = '\0';
        if (in_time > REPEATS / 2)
            memcpy(s->why_invalid, why_invalid, sizeof why_invalid);
    }
    return keeps;
}

/* Half of what the connections reach when each waits for its answer. */
static uint64_t first_rate(struct search *s, const struct options *o)
{
    struct options options = *o;

    options.rate_milli = 0;
    options.duration_ns = o->duration_ns < FIRST_RUN_NS ? o->duration_ns : FIRST_RUN_NS;
    struct trial *t = run_trial(s, &options);
    if (!t)
        return 0;
    double rate = t->result.requests_per_second;
    s->interrupted = was_interrupted(&t->run);
    free_trial(t);
    fprintf(progress(o), "  closed loop: %.1f requests/s\n", rate);
    return (uint64_t)(rate * 1000 / 2);
}

static uint64_t rate_max(const struct options *o)
{
    return o->threads * OPTION_RATE_MAX_MILLI;
}

static uint64_t within(const struct options *o, uint64_t rate_milli)
{
    return rate_milli < RATE_MIN_MILLI ? RATE_MIN_MILLI
           : rate_milli > rate_max(o)  ? rate_max(o)
                                       : rate_milli;
}

static void search(struct search *s, const struct options *o, struct trial **best)
{
    uint64_t rate = within(o, o->rate_milli ? o->rate_milli : first_rate(s, o));

    for (unsigned i = 0; i < SEARCH_RATES && !ended_early(s); i++) {
        bool kept = keeps(s, o, rate, best);
        if (ended_early(s))
            return;
        if (s->low_milli && s->high_milli) {
            if ((double)s->high_milli <= PRECISION * (double)s->low_milli)
                return;
            rate = s->low_milli + (s->high_milli - s->low_milli) / 2;
        } else if ((kept && rate == rate_max(o)) || (!kept && rate == RATE_MIN_MILLI)) {
            return;
        } else {
            rate = within(o, kept ? rate * 2 : rate / 2);
        }
    }
}

static void conclude(FILE *out, const struct search *s)
{
    fprintf(out, "%s is kept ", s->goal->text);
    if (s->low_milli == 0)
        fprintf(out, "at no rate that was tried");
    else
        fprintf(out, "at %.1f requests/s", (double)s->low_milli / 1e3);
    if (s->high_milli)
        fprintf(out, ", not at %.1f", (double)s->high_milli / 1e3);
    fprintf(out, "%s\n", s->interrupted ? " (interrupted)" : "");
    if (s->why_lost[0] && !s->crew->silent)
        warn("%s: the search ends here", s->why_lost);
    if (s->why_invalid[0])
        fprintf(out, "There the times were good and the verdict was not: %s\n", s->why_invalid);
    putc('\n', out);
}

int search_main(const struct options *o, struct crew *crew)
{
    struct search *s = xcalloc(1, sizeof *s);
    struct trial *best = NULL;

    s->goal = &o->goal;
    s->crew = crew;
    fprintf(progress(o), "Highest rate with %s\n", o->goal.text);
    search(s, o, &best);
    if (s->why_lost[0] && s->count == 0) {
        if (!crew->silent)
            warn("%s", s->why_lost);
        free(s);
        return EXIT_FAILURE;
    }
    conclude(progress(o), s);
    bool written = !best || crew->silent || report_all(&best->run, &best->result, s);
    int status = s->low_milli > 0 && !s->why_lost[0] && written ? EXIT_SUCCESS : EXIT_FAILURE;
    free_trial(best);
    free(s);
    return status;
}
