#include "bench/trial/ceiling.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/json_get.h"
#include "bench/base/process.h"
#include "bench/base/text.h"
#include "common/clock.h"

/* What takes a fraction of a second hangs if it takes so long, however slow the machine. */
#define HANG_NS (60 * NS_PER_S)

static bool has_null(const char *loadgen)
{
    struct process p;
    const char *argv[] = {loadgen, "--help", NULL};
    process_start(&p, &(struct process_spec){.argv = argv, .input = -1, .extra = -1});
    process_wait(&p, clock_after(clock_ns(), HANG_NS));
    char *text = process_output(&p);
    bool found = strstr(text, "--null") != NULL;
    free(text);
    process_destroy(&p);
    return found;
}

static json_t *run_null(const char *loadgen, const cpu_set_t *cpus, unsigned connections,
                        const char *dir, char *why, size_t why_size)
{
    char c[16], t[16];
    struct process p;
    int threads = CPU_COUNT(cpus) < 4 ? CPU_COUNT(cpus) : 4;
    snprintf(c, sizeof c, "%u", connections);
    snprintf(t, sizeof t, "%d", (unsigned)threads < connections ? threads : (int)connections);
    char *file = text_format("%s/.null.json", dir);
    const char *argv[] = {loadgen, "--null", "-c",     c,    "-t", t,
                          "-d",    "0.3s",   "--json", file, NULL};
    process_start(&p,
                  &(struct process_spec){.argv = argv, .cpus = cpus, .input = -1, .extra = -1});
    if (process_wait(&p, clock_after(clock_ns(), HANG_NS)))
        process_end_reason(&p, why, why_size);
    else
        snprintf(why, why_size, "it did not end within a minute");
    process_destroy(&p);
    json_t *json = json_load_file(file, 0, NULL);
    unlink(file);
    free(file);
    return json;
}

static json_t *number_or_null(double value)
{
    return isnan(value) ? json_null() : json_real(value);
}

json_t *ceiling_measure(const char *loadgen, const cpu_set_t *cpus, unsigned connections,
                        const char *dir)
{
    char why[300] = "this load generator has no --null";
    json_t *results =
        has_null(loadgen) ? run_null(loadgen, cpus, connections, dir, why, sizeof why) : NULL;
    double rps = json_number(results, NULL, "requests_per_second");
    json_t *all =
        json_pack("{s:o,s:o,s:o}", "null_requests_per_second", number_or_null(rps),
                  "null_cpu_us_per_request",
                  number_or_null(json_number(results, "generator", "cpu_us_per_request")),
                  "null_missing", isnan(rps) ? json_string(why) : json_null());
    json_decref(results);
    return json_checked(all, "the load generator's ceiling");
}
