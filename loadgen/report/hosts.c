#include "loadgen/report/hosts.h"

#include "loadgen/report/json_put.h"
#include "loadgen/report/report_text.h"

/* Hosts that the summary lists at most. */
#define HOSTS_PRINTED 20

void report_print_hosts(FILE *out, const struct hosts *hosts)
{
    char text[2][REPORT_TEXT];

    if (!hosts)
        return;
    for (uint32_t i = 0; i < hosts->count && i < HOSTS_PRINTED; i++) {
        const struct host *h = &hosts->each[i];
        fprintf(out, "  Host         %12llu requests, CPU %5.1f %%, start +%s   %s: %s%s%s\n",
                (unsigned long long)h->requests, 100 * h->cpu_fraction,
                report_time(text[0], (double)h->opened_ns), h->name, h->verdict,
                h->reason[0] ? ": " : "", h->reason);
    }
    if (hosts->count > HOSTS_PRINTED)
        fprintf(out, "  Host         %u others\n", hosts->count - HOSTS_PRINTED);
    fprintf(out, "  Hosts        %u, start within %s, clocks compared to %s\n", hosts->count,
            report_time(text[0], (double)hosts->skew_ns),
            report_time(text[1], (double)hosts->bound_ns));
}

json_t *report_hosts(const struct hosts *hosts)
{
    if (!hosts)
        return json_null();

    json_t *all = json_object(), *each = json_array();
    for (uint32_t i = 0; i < hosts->count; i++) {
        const struct host *h = &hosts->each[i];
        json_t *o = json_object();
        put(o, "name", json_string(h->name));
        put_count(o, "requests", h->requests);
        put_count(o, "window_ns", h->window_ns);
        put_real(o, "cpu_fraction", h->cpu_fraction);
        put_count(o, "opened_ns", h->opened_ns);
        put(o, "offset_ns", json_integer((json_int_t)h->offset_ns));
        put_count(o, "bound_ns", h->bound_ns);
        put(o, "verdict", json_string(h->verdict));
        put(o, "verdict_reason", json_string(h->reason));
        json_array_append_new(each, o);
    }
    put_count(all, "skew_ns", hosts->skew_ns);
    put_count(all, "bound_ns", hosts->bound_ns);
    put(all, "each", each);
    return all;
}
