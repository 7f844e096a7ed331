#include "loadgen/options.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/clock.h"
#include "common/err.h"
#include "common/http_chars.h"
#include "common/parse.h"

#define MAX_CONNECTIONS 1000000
#define MAX_THREADS     1024
#define MAX_PAYLOAD     (UINT64_C(16) << 20)
#define MAX_URLS        1000
#define MIN_INTERVAL    NS_PER_MS
#define MAX_TIME        (24 * 3600 * NS_PER_S)

enum {
    OPT_ENGINE = 256,
    OPT_WARMUP,
    OPT_SETTLE,
    OPT_TIMEOUT,
    OPT_PAYLOAD,
    OPT_BODY,
    OPT_SEED,
    OPT_SOURCE,
    OPT_RAMP,
    OPT_IDLE,
    OPT_SLOW_READERS,
    OPT_SLOW_SENDERS,
    OPT_LATENCY,
    OPT_HGRM,
    OPT_INTERVAL,
    OPT_CSV,
    OPT_JSON,
    OPT_EVENTS_FD,
    OPT_HOLD,
    OPT_HELP,
    OPT_VERSION
};

static const struct option long_options[] = {
    {"connections", required_argument, NULL, 'c'},
    {"threads", required_argument, NULL, 't'},
    {"engine", required_argument, NULL, OPT_ENGINE},
    {"duration", required_argument, NULL, 'd'},
    {"requests", required_argument, NULL, 'n'},
    {"settle", required_argument, NULL, OPT_SETTLE},
    {"warmup", required_argument, NULL, OPT_WARMUP},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"payload", required_argument, NULL, OPT_PAYLOAD},
    {"header", required_argument, NULL, 'H'},
    {"body", required_argument, NULL, OPT_BODY},
    {"seed", required_argument, NULL, OPT_SEED},
    {"source", required_argument, NULL, OPT_SOURCE},
    {"ramp", required_argument, NULL, OPT_RAMP},
    {"idle", required_argument, NULL, OPT_IDLE},
    {"slow-readers", required_argument, NULL, OPT_SLOW_READERS},
    {"slow-senders", required_argument, NULL, OPT_SLOW_SENDERS},
    {"latency", no_argument, NULL, OPT_LATENCY},
    {"hgrm", required_argument, NULL, OPT_HGRM},
    {"interval", required_argument, NULL, OPT_INTERVAL},
    {"csv", required_argument, NULL, OPT_CSV},
    {"quiet", no_argument, NULL, 'q'},
    {"json", required_argument, NULL, OPT_JSON},
    {"events-fd", required_argument, NULL, OPT_EVENTS_FD},
    {"hold", no_argument, NULL, OPT_HOLD},
    {"help", no_argument, NULL, OPT_HELP},
    {"version", no_argument, NULL, OPT_VERSION},
    {NULL, 0, NULL, 0},
};

static uint64_t number(const char *option, const char *text, uint64_t low, uint64_t high)
{
    uint64_t value;
    if (!parse_u64(text, low, high, &value))
        die_usage("%s: '%s' is not a number from %llu to %llu", option, text,
                  (unsigned long long)low, (unsigned long long)high);
    return value;
}

static uint64_t size(const char *option, const char *text, uint64_t low, uint64_t high)
{
    uint64_t value;
    if (!parse_size(text, low, high, &value))
        die_usage("%s: '%s' is not a size from %llu to %llu", option, text,
                  (unsigned long long)low, (unsigned long long)high);
    return value;
}

static uint64_t duration(const char *option, const char *text, uint64_t low)
{
    uint64_t value;
    if (!parse_duration(text, low, MAX_TIME, &value))
        die_usage("%s: '%s' is not a time such as 250us, 20ms, 1.5s or 2m (%sat most 24h)",
                  option, text, low ? "above 0, " : "");
    return value;
}

static double rate(const char *option, const char *text)
{
    double value;
    if (!parse_rate(text, &value))
        die_usage("%s: '%s' is not a rate such as 500, 1.5k or 2M (up to 100M)", option, text);
    return value;
}

static enum engine_choice engine(const char *text)
{
    static const char *const names[] = {
        [ENGINE_AUTO] = "auto",
        [ENGINE_EPOLL] = "epoll",
        [ENGINE_IO_URING] = "io_uring",
    };
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(text, names[i]) == 0)
            return (enum engine_choice)i;
    die_usage("--engine: '%s' is not auto, epoll or io_uring", text);
}

/* One header line, checked so that it cannot break the request's framing. */
static void add_header(struct options *o, const char *text)
{
    const char *colon = strchr(text, ':');
    size_t name = colon ? (size_t)(colon - text) : 0;
    size_t old = strlen(o->headers);
    size_t n = strlen(text);

    for (size_t i = 0; i < name; i++)
        if (!http_is_token((uint8_t)text[i]))
            name = 0;
    if (name == 0)
        die_usage("--header: '%s' is not 'Name: value'", text);
    for (const char *p = colon + 1; *p; p++)
        if (!http_is_value((uint8_t)*p))
            die_usage("--header: control character in the value of '%.*s'", (int)name, text);
    if ((name == 14 && strncasecmp(text, "content-length", 14) == 0) ||
        (name == 17 && strncasecmp(text, "transfer-encoding", 17) == 0))
        die_usage("--header: '%.*s' announces a body, and a GET has none", (int)name, text);
    if (name == 4 && strncasecmp(text, "host", 4) == 0)
        o->has_host = true;

    o->headers = xrealloc(o->headers, old + n + 3);
    memcpy(o->headers + old, text, n);
    memcpy(o->headers + old + n, "\r\n", 3);
}

static void take_option(struct options *o, int option, const char *value)
{
    switch (option) {
    case 'c':
        o->connections = (uint32_t)number("--connections", value, 1, MAX_CONNECTIONS);
        break;
    case 't':
        o->threads = (uint32_t)number("--threads", value, 1, MAX_THREADS);
        break;
    case OPT_ENGINE:
        o->engine = engine(value);
        break;
    case 'd':
        o->duration_ns = duration("--duration", value, 1);
        break;
    case 'n':
        o->requests = number("--requests", value, 1, INT64_MAX);
        break;
    case OPT_SETTLE:
        o->settle_ns = duration("--settle", value, 0);
        break;
    case OPT_WARMUP:
        o->warmup_ns = duration("--warmup", value, 0);
        break;
    case OPT_TIMEOUT:
        o->timeout_ns = duration("--timeout", value, 1);
        break;
    case OPT_PAYLOAD:
        o->payload = size("--payload", value, 1, MAX_PAYLOAD);
        break;
    case 'H':
        add_header(o, value);
        break;
    case OPT_BODY:
        o->body = value;
        break;
    case OPT_SEED:
        o->seed = number("--seed", value, 0, INT64_MAX);
        break;
    case OPT_SOURCE:
        o->source = value;
        break;
    case OPT_RAMP:
        o->ramp = rate("--ramp", value);
        break;
    case OPT_IDLE:
        o->idle = (uint32_t)number("--idle", value, 0, MAX_CONNECTIONS);
        break;
    case OPT_SLOW_READERS:
        o->slow_readers = (uint32_t)number("--slow-readers", value, 0, MAX_CONNECTIONS);
        break;
    case OPT_SLOW_SENDERS:
        o->slow_senders = (uint32_t)number("--slow-senders", value, 0, MAX_CONNECTIONS);
        break;
    case OPT_HGRM:
        o->hgrm = value;
        break;
    case OPT_INTERVAL:
        o->interval_ns = duration("--interval", value, MIN_INTERVAL);
        break;
    case OPT_CSV:
        o->csv = value;
        break;
    case 'q':
        o->quiet = true;
        break;
    case OPT_LATENCY:
        o->latency_table = true;
        break;
    case OPT_JSON:
        o->json = value;
        break;
    case OPT_EVENTS_FD:
        o->events_fd = (int)number("--events-fd", value, 0, 1 << 20);
        break;
    case OPT_HOLD:
        o->hold = true;
        break;
    case OPT_HELP:
        fputs(options_help, stdout);
        exit(EXIT_SUCCESS);
    case OPT_VERSION:
        puts("iomodels-load " IOM_VERSION);
        exit(EXIT_SUCCESS);
    default:
        exit(EXIT_USAGE);
    }
}

/* getopt's own message is one line; the hint makes it two, as for every other usage error. */
static void hint(void)
{
    fprintf(stderr, "Try '%s --help'.\n", err_program());
    exit(EXIT_USAGE);
}

static void read_urls(struct options *o, char **texts, int count)
{
    char error[512];

    if (count > MAX_URLS)
        die_usage("%d URLs, at most %d are taken", count, MAX_URLS);
    o->urls = xcalloc((size_t)count, sizeof *o->urls);
    for (int i = 0; i < count; i++) {
        struct weighted_url *u = &o->urls[o->url_count++];
        if (!url_parse_weighted(texts[i], u, error, sizeof error))
            die_usage("%s", error);
        if (u->url.protocol != o->urls[0].url.protocol ||
            u->url.addr.len != o->urls[0].url.addr.len ||
            memcmp(&u->url.addr.storage, &o->urls[0].url.addr.storage, u->url.addr.len) != 0)
            die_usage("'%s' is not at the address and protocol of '%s'", u->text,
                      o->urls[0].text);
    }
    if (count > 1 && o->urls[0].url.protocol == URL_ECHO)
        die_usage("'%s': an echo has but one URL", o->urls[1].text);
    o->url = o->urls[0].url;
    o->url_text = o->urls[0].text;
}

void options_free(struct options *o)
{
    for (uint32_t i = 0; i < o->url_count; i++)
        free(o->urls[i].text);
    free(o->urls);
    free(o->headers);
}

static void check(struct options *o)
{
    if (o->threads > o->connections)
        die_usage("--threads: %u threads for %u connections: each needs one at least",
                  o->threads, o->connections);
    if (o->events_fd >= 0 && fcntl(o->events_fd, F_GETFD) < 0)
        die_usage("--events-fd: descriptor %d is not open", o->events_fd);
    if (o->url.protocol == URL_ECHO && o->headers[0])
        die_usage("--header: the echo protocol has no headers");
    if (o->url.protocol == URL_ECHO && o->body)
        die_usage("--body: what an echo must be is known");
    if (!o->interval_ns != !o->csv)
        die_usage("%s: needs %s too", o->csv ? "--csv" : "--interval",
                  o->csv ? "--interval" : "--csv");
}

void options_parse(struct options *o, int argc, char **argv)
{
    *o = (struct options){
        .connections = 10,
        .threads = 1,
        .timeout_ns = 2 * NS_PER_S,
        .payload = 64,
        .headers = xstrdup(""),
        .events_fd = -1,
        .seed = 1,
    };
    int option;
    while ((option = getopt_long(argc, argv, "c:t:d:n:H:q", long_options, NULL)) != -1) {
        if (option == '?')
            hint();
        take_option(o, option, optarg);
    }
    if (optind == argc)
        die_usage("no URL");
    read_urls(o, argv + optind, argc - optind);
    if (o->duration_ns == 0)
        o->duration_ns = o->requests ? CLOCK_NEVER : 10 * NS_PER_S;
    check(o);
}
