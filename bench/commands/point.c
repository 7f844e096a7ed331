#include "bench/commands/point.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "bench/record/run_dir.h"
#include "common/err.h"
#include "common/parse.h"

const char point_expects[] = "a protocol and a number of connections, such as http,64";
const char point_on_axis_expects[] =
    "a protocol and a value on the axis of the run, such as http,64";

bool point_parse(struct point *out, const char *text, unsigned least, unsigned most)
{
    char protocol[16];
    uint64_t at;
    size_t n = strcspn(text, ",");
    if (text[n] != ',' || n >= sizeof protocol)
        return false;
    snprintf(protocol, sizeof protocol, "%.*s", (int)n, text);
    if (!protocol_parse(protocol, &out->protocol) || !parse_u64(text + n + 1, least, most, &at))
        return false;
    out->at = (unsigned)at;
    out->given = true;
    return true;
}

char *point_run(int argc, char **argv, int at, const char *results)
{
    if (argc - at > 1)
        die_usage("one run at a time; '%s' is one too many", argv[at + 1]);
    if (argc - at == 1)
        return xstrdup(argv[at]);
    char *newest = run_dir_newest(results, "environment.json");
    if (!newest)
        die_usage("there is no run in %s; name one", results);
    printf("%s\n", newest);
    return newest;
}
