#include "journal.h"

#include <stddef.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/err.h"
#include "settings.h"

struct journal journal;

static uint64_t *arrivals;
static size_t arrivals_room;

void journal_open(void)
{
    histogram_init(&journal.delay);
    histogram_init(&journal.lateness);
}

void journal_arrival(void)
{
    /* Read anew: of several requests that one wait told of, each has its own moment. */
    uint64_t now = clock_ns();

    if (journal.requests == 0)
        journal.first_at = now;
    journal.last_at = now;
    if (settings.arrivals) {
        if (journal.requests == arrivals_room) {
            arrivals_room = arrivals_room ? 2 * arrivals_room : 4096;
            arrivals = xrealloc(arrivals, arrivals_room * sizeof *arrivals);
        }
        arrivals[journal.requests] = now - journal.first_at;
    }
    journal.requests++;
}

static void print_histogram(const char *name, const struct histogram *h)
{
    static const struct {
        const char *name;
        uint32_t ppm;
    } points[] = {{"p50", 500000}, {"p75", 750000},  {"p90", 900000},
                  {"p99", 990000}, {"p999", 999000}, {"max", 1000000}};
    uint64_t value;

    printf(",\"%s\":{\"count\":%llu,\"mean\":%.1f", name, (unsigned long long)h->count,
           histogram_mean(h));
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        if (histogram_percentile(h, points[i].ppm, &value))
            printf(",\"%s\":%llu", points[i].name, (unsigned long long)value);
        else
            printf(",\"%s\":null", points[i].name);
    }
    printf("}");
}

static void write_arrivals(void)
{
    FILE *out = fopen(settings.arrivals, "we");
    if (!out)
        die_errno("cannot write '%s'", settings.arrivals);
    for (uint64_t i = 0; i < journal.requests; i++)
        fprintf(out, "%llu\n", (unsigned long long)arrivals[i]);
    if (fclose(out) == EOF)
        die_errno("cannot write '%s'", settings.arrivals);
}

void journal_print(void)
{
    const struct {
        const char *name;
        uint64_t value;
    } counts[] = {
        {"accepted", journal.accepted},
        {"closed", journal.closed},
        {"requests", journal.requests},
        {"answered", journal.answered},
        {"stalled", journal.stalled},
        {"bad_requests", journal.bad_requests},
        {"lost", journal.lost},
        {"heard", journal.heard},
        {"arrivals_ns", journal.last_at - journal.first_at},
    };

    putchar('{');
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        printf("%s\"%s\":%llu", i ? "," : "", counts[i].name,
               (unsigned long long)counts[i].value);
    printf(",\"faults\":{");
    for (enum fault f = FAULT_NONE + 1; f < FAULTS; f++)
        printf("%s\"%s\":%llu", f > FAULT_NONE + 1 ? "," : "", faults_name(f),
               (unsigned long long)journal.faults[f]);
    putchar('}');
    print_histogram("delay", &journal.delay);
    print_histogram("lateness", &journal.lateness);
    printf("}\n");
    if (fflush(stdout) == EOF)
        die_errno("cannot write the journal");
}

void journal_close(void)
{
    if (settings.arrivals)
        write_arrivals();
    journal_print();
}
