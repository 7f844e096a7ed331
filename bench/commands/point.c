#include "bench/commands/point.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "bench/record/run_dir.h"
#include "common/err.h"
#include "common/parse.h"

const char point_expects[] = "a protocol and a number of connections, such as http,64";

bool point_parse(struct point *out, const char *text)
{
    char protocol[16];
    uint64_t connections;
    size_t n = strcspn(text, ",");
    if (text[n] != ',' || n >= sizeof protocol)
        return false;
    snprintf(protocol, sizeof protocol, "%.*s", (int)n, text);
    if (!protocol_parse(protocol, &out->protocol) ||
        !parse_u64(text + n + 1, 1, 1000000, &connections))
        return false;
    out->connections = (unsigned)connections;
    out->given = true;
    return true;
}

char *point_run(int argc, char **argv, int at, const char *results)
{
    if (argc - at > 1)
        die_usage("one run at a time; '%s' is one too many", argv[at + 1]);
    if (argc - at == 1)
        return xstrdup(argv[at]);
    char *newest = run_dir_newest(results);
    if (!newest)
        die_usage("there is no run in %s; name one", results);
    printf("%s\n", newest);
    return newest;
}
