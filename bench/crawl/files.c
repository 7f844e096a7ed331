#include "bench/crawl/files.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/base/json_get.h"
#include "bench/base/text.h"
#include "bench/crawl/queues.h"
#include "bench/record/machine.h"
#include "common/err.h"

void crawl_machine_write(const char *dir, const struct placement *p, uint64_t seed)
{
    char server[256], client[256], number[32];
    snprintf(number, sizeof number, "%llu", (unsigned long long)seed);
    json_t *json = json_checked(
        json_pack("{s:o, s:{s:s, s:s, s:b}, s:s}", "machine", machine_describe(), "placement",
                  "server_cpus", placement_format(&p->server, server, sizeof server),
                  "client_cpus", placement_format(&p->generator, client, sizeof client),
                  "shared_cpus", p->shared, "seed", number),
        "the machine");
    char *path = text_format("%s/machine.json", dir);
    if (json_dump_file(json, path, JSON_INDENT(2)) != 0)
        die_errno("cannot write %s", path);
    free(path);
    json_decref(json);
}

void crawl_files_write(const char *dir, const struct crawl_scenario *s, const char *finding,
                       const struct crawl_points *points)
{
    char *path = text_format("%s/summary.txt", dir);
    FILE *f = fopen(path, "we");
    if (!f)
        die_errno("cannot write %s", path);
    fprintf(f, "%s\n", s->question ? s->question : s->name);
    if (s->expect)
        fprintf(f, "Expected: %s\n", s->expect);
    fprintf(f, "%s\n", finding);
    crawl_table(f, points, FORMAT_TERMINAL);
    queues_table(f, points, FORMAT_TERMINAL);
    if (!text_close(f))
        die_errno("cannot write %s", path);
    free(path);
}
