#include "settings.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/err.h"
#include "common/parse.h"

#define MAX_TIME (3600 * NS_PER_S)

struct settings settings = {
    .accept = UINT64_MAX,
    .coalesce = 1,
    .body = 64,
};

static const char help[] =
    "Usage: reference-server [OPTIONS]\n"
    "An HTTP server whose delays and faults are known for each request: what a load generator\n"
    "reports can be compared with what happened. Requests are numbered from 1 as they are "
    "read.\n"
    "Prints \"listening on ADDRESS\"; serves until standard input ends or SIGTERM; then prints "
    "one\n"
    "line of JSON: what it did, counted and timed by itself. SIGUSR1 asks for such a line "
    "before.\n"
    "\n"
    "      --listen ADDRESS     (127.0.0.1:0)\n"
    "      --accept N           accept N connections, leave the others in the listen queue\n"
    "      --delay TIME         answer so long after the request was read (0)\n"
    "      --slow N:TIME        every N-th request takes that long instead\n"
    "      --stall AT:TIME      one stall: what is due from AT after the first request is\n"
    "                           answered at the end of the stall\n"
    "      --fifo TIME[:N]      N servers (1), each with its own queue, first come first "
    "served,\n"
    "                           that spend exactly TIME on a request; which of them gets a\n"
    "                           request is random\n"
    "      --fault NAME:N       every N-th request is treated so; several hit different "
    "requests:\n"
    "                           drop, reset, reset-mid, close, close-mid, corrupt, twice, "
    "short,\n"
    "                           garbage, error, refuse, informational\n"
    "      --split two:TIME     every answer in two segments, cut after 1, 2, 3... bytes in "
    "turn,\n"
    "                           with that pause between them\n"
    "      --split bytes:TIME   every byte of every answer in a segment of its own\n"
    "      --coalesce N         hold the answers of a connection until N are due, send them "
    "at\n"
    "                           once\n"
    "      --body BYTES         of an answer (64)\n"
    "      --arrivals FILE      write the moments of arrival: ns since the first, one a line\n"
    "      --spin               never sleep: what arrives is noticed at once\n"
    "      --help\n";

static uint64_t duration(const char *option, const char *text)
{
    uint64_t value;
    if (!parse_duration(text, 0, MAX_TIME, &value))
        die_usage("%s: '%s' is not a time such as 250us, 20ms or 1.5s", option, text);
    return value;
}

static uint64_t number(const char *option, const char *text, uint64_t high)
{
    uint64_t value;
    if (!parse_u64(text, 1, high, &value))
        die_usage("%s: '%s' is not a number from 1 to %llu", option, text,
                  (unsigned long long)high);
    return value;
}

/* Cut `text` at its colon and return what follows it. */
static char *after_colon(const char *option, char *text)
{
    char *colon = strchr(text, ':');
    if (!colon)
        die_usage("%s: '%s' has no colon", option, text);
    *colon = '\0';
    return colon + 1;
}

static void read_fifo(char *text)
{
    settings.lanes = 1;
    if (strchr(text, ':'))
        settings.lanes = (uint32_t)number("--fifo", after_colon("--fifo", text), MAX_LANES);
    settings.service_ns = duration("--fifo", text);
    if (settings.service_ns == 0)
        die_usage("--fifo: the service time must be above 0");
}

static void read_fault(char *text)
{
    static uint64_t given;
    const char *every = after_colon("--fault", text);
    enum fault fault = faults_find(text, strlen(text));
    if (fault == FAULT_NONE)
        die_usage("--fault: '%s' is none; see --help", text);
    settings.fault_every[fault] = number("--fault", every, UINT32_MAX);
    settings.fault_phase[fault] = given++ % settings.fault_every[fault];
}

static void read_split(char *text)
{
    const char *pause = after_colon("--split", text);
    if (strcmp(text, "two") == 0)
        settings.split = SPLIT_TWO;
    else if (strcmp(text, "bytes") == 0)
        settings.split = SPLIT_BYTES;
    else
        die_usage("--split: '%s' is neither 'two' nor 'bytes'", text);
    settings.pause_ns = duration("--split", pause);
}

static void read_option(int option, char *text)
{
    char error[200];
    uint64_t size;
    char *rest;

    switch (option) {
    case 'l':
        if (!addr_parse(text, &settings.listen, error, sizeof error))
            die_usage("--listen: %s", error);
        break;
    case 'a':
        settings.accept = number("--accept", text, UINT32_MAX);
        break;
    case 'd':
        settings.delay_ns = duration("--delay", text);
        break;
    case 's':
        rest = after_colon("--slow", text);
        settings.slow_every = number("--slow", text, UINT32_MAX);
        settings.slow_ns = duration("--slow", rest);
        break;
    case 't':
        rest = after_colon("--stall", text);
        settings.stall_at_ns = duration("--stall", text);
        settings.stall_ns = duration("--stall", rest);
        break;
    case 'i':
        read_fifo(text);
        break;
    case 'f':
        read_fault(text);
        break;
    case 'p':
        read_split(text);
        break;
    case 'c':
        settings.coalesce = (uint32_t)number("--coalesce", text, 65536);
        break;
    case 'b':
        if (!parse_size(text, 1, UINT64_C(1) << 20, &size))
            die_usage("--body: '%s' is not a size from 1 to 1M", text);
        settings.body = (size_t)size;
        break;
    case 'r':
        settings.arrivals = text;
        break;
    case 'n':
        settings.spin = true;
        break;
    case 'h':
        fputs(help, stdout);
        exit(0);
    default:
        die_usage("wrong option or missing value");
    }
}

void settings_parse(int argc, char **argv)
{
    static const struct option options[] = {
        {"listen", required_argument, NULL, 'l'},   {"accept", required_argument, NULL, 'a'},
        {"delay", required_argument, NULL, 'd'},    {"slow", required_argument, NULL, 's'},
        {"stall", required_argument, NULL, 't'},    {"fifo", required_argument, NULL, 'i'},
        {"fault", required_argument, NULL, 'f'},    {"split", required_argument, NULL, 'p'},
        {"coalesce", required_argument, NULL, 'c'}, {"body", required_argument, NULL, 'b'},
        {"arrivals", required_argument, NULL, 'r'}, {"spin", no_argument, NULL, 'n'},
        {"help", no_argument, NULL, 'h'},           {NULL, 0, NULL, 0},
    };
    static char nothing[] = "";
    char error[200];
    int option;

    addr_parse("127.0.0.1:0", &settings.listen, error, sizeof error);
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
        read_option(option, optarg ? optarg : nothing);
    if (optind < argc)
        die_usage("'%s' is not expected", argv[optind]);
    if (settings.split != SPLIT_NONE && settings.coalesce > 1)
        die_usage("--split and --coalesce exclude one another");
}
