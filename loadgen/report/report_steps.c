#include "loadgen/report/report_steps.h"

#include "loadgen/report/json_put.h"
#include "loadgen/report/report_text.h"
#include "loadgen/report/report_workload.h"

static double per_second(uint64_t count, const struct step *step)
{
    return step->end_ns > step->begin_ns
               ? (double)count * 1e9 / (double)(step->end_ns - step->begin_ns)
               : 0;
}

static const char *percentile_text(char text[REPORT_TEXT], const struct step *step,
                                   uint32_t ppm)
{
    uint64_t ns;
    if (!step->response || !histogram_percentile(step->response, ppm, &ns))
        return "-";
    return report_time(text, (double)ns);
}

void report_print_steps(FILE *out, const struct options *o, const struct result *result)
{
    const struct steps *s = result->sum.open_loop ? result->sum.open_loop->steps : NULL;
    char text[4][REPORT_TEXT];

    if (!s)
        return;
    fprintf(out, "  Step  from        to       asked/s    achieved/s       p50       p99"
                 "    errors      left\n");
    for (uint32_t i = 0; i < s->count; i++) {
        const struct step *step = &s->all[i];
        uint64_t left =
            step->scheduled - step->outcomes[COUNT_OK] - outcomes_failed(step->outcomes);
        fprintf(out, "  %10s%10s%14.2f%14.2f%10s%10s%10llu%10llu\n",
                report_time(text[0], (double)step->begin_ns),
                report_time(text[1], (double)step->end_ns),
                options_rate(o, step->begin_ns, step->end_ns), per_second(step->answered, step),
                percentile_text(text[2], step, 500000), percentile_text(text[3], step, 990000),
                (unsigned long long)outcomes_failed(step->outcomes), (unsigned long long)left);
    }
}

json_t *report_rate_profile(const struct options *o)
{
    if (o->profile.count == 0)
        return json_null();
    json_t *list = json_array();
    for (uint32_t i = 0; i < o->profile.count; i++) {
        const struct rate_segment *part = &o->profile.segments[i];
        json_t *one = json_object();
        put_real(one, "from", (double)part->from_milli / 1e3);
        put_real(one, "to", (double)part->to_milli / 1e3);
        put_count(one, "length_ns", part->length_ns);
        json_array_append_new(list, one);
    }
    return list;
}

json_t *report_steps(const struct options *o, const struct result *result)
{
    const struct steps *s = result->sum.open_loop ? result->sum.open_loop->steps : NULL;

    if (!s)
        return json_null();
    json_t *list = json_array();
    for (uint32_t i = 0; i < s->count; i++) {
        const struct step *step = &s->all[i];
        json_t *one = json_object();
        put_count(one, "begin_ns", step->begin_ns);
        put_count(one, "end_ns", step->end_ns);
        put_real(one, "rate_asked", options_own_rate(o, step->begin_ns, step->end_ns));
        put_real(one, "rate_achieved", per_second(step->answered, step));
        put_count(one, "scheduled", step->scheduled);
        for (unsigned k = 0; k < COUNT_OUTCOMES; k++)
            put_count(one, outcome_name(k), step->outcomes[k]);
        put_count(one, "left",
                  step->scheduled - step->outcomes[COUNT_OK] - outcomes_failed(step->outcomes));
        put(one, "response_time", report_latency(step->response));
        json_array_append_new(list, one);
    }
    return list;
}
