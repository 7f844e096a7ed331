#include "loadgen/cli/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/err.h"
#include "loadgen/cli/option_request.h"
#include "loadgen/cli/option_values.h"
#include "loadgen/protocol/pipeline.h"
#include "loadgen/report/fail_if.h"
#include "loadgen/report/search.h"
#include "loadgen/report/verdict.h"

#define MAX_CONNECTIONS 1000000
#define MAX_THREADS     1024
#define MIN_INTERVAL    (10 * NS_PER_MS)
#define MAX_PAYLOAD     (UINT64_C(16) << 20)

/* What --null asks for where no URL is given. */
static char *null_url[] = {"http://127.0.0.1/"};

enum {
    OPT_ENGINE = 256,
    OPT_COALESCE,
    OPT_WARMUP,
    OPT_SETTLE,
    OPT_TIMEOUT,
    OPT_ARRIVAL,
    OPT_SEED,
    OPT_DRAIN,
    OPT_THINK,
    OPT_PIPELINE,
    OPT_PER_CONNECTION,
    OPT_CLOSE,
    OPT_NULL,
    OPT_PAYLOAD,
    OPT_METHOD,
    OPT_DATA,
    OPT_URLS,
    OPT_BODY,
    OPT_MAX_ERRORS,
    OPT_SOURCE,
    OPT_RAMP,
    OPT_IDLE,
    OPT_SLOW_READERS,
    OPT_SLOW_SENDERS,
    OPT_SEARCH,
    OPT_FAIL_IF,
    OPT_HGRM,
    OPT_INTERVAL,
    OPT_CSV,
    OPT_LATENCY,
    OPT_JSON,
    OPT_EVENTS_FD,
    OPT_HOLD,
    OPT_VERSION
};

static const struct option long_options[] = {
    {"connections", required_argument, NULL, 'c'},
    {"threads", required_argument, NULL, 't'},
    {"engine", required_argument, NULL, OPT_ENGINE},
    {"coalesce", required_argument, NULL, OPT_COALESCE},
    {"duration", required_argument, NULL, 'd'},
    {"requests", required_argument, NULL, 'n'},
    {"settle", required_argument, NULL, OPT_SETTLE},
    {"warmup", required_argument, NULL, OPT_WARMUP},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"rate", required_argument, NULL, 'R'},
    {"arrival", required_argument, NULL, OPT_ARRIVAL},
    {"seed", required_argument, NULL, OPT_SEED},
    {"drain", required_argument, NULL, OPT_DRAIN},
    {"think", required_argument, NULL, OPT_THINK},
    {"pipeline", required_argument, NULL, OPT_PIPELINE},
    {"requests-per-connection", required_argument, NULL, OPT_PER_CONNECTION},
    {"close", required_argument, NULL, OPT_CLOSE},
    {"null", no_argument, NULL, OPT_NULL},
    {"payload", required_argument, NULL, OPT_PAYLOAD},
    {"method", required_argument, NULL, OPT_METHOD},
    {"data", required_argument, NULL, OPT_DATA},
    {"urls", required_argument, NULL, OPT_URLS},
    {"header", required_argument, NULL, 'H'},
    {"body", required_argument, NULL, OPT_BODY},
    {"max-errors", required_argument, NULL, OPT_MAX_ERRORS},
    {"source", required_argument, NULL, OPT_SOURCE},
    {"ramp", required_argument, NULL, OPT_RAMP},
    {"idle", required_argument, NULL, OPT_IDLE},
    {"slow-readers", required_argument, NULL, OPT_SLOW_READERS},
    {"slow-senders", required_argument, NULL, OPT_SLOW_SENDERS},
    {"search", required_argument, NULL, OPT_SEARCH},
    {"fail-if", required_argument, NULL, OPT_FAIL_IF},
    {"latency", no_argument, NULL, OPT_LATENCY},
    {"hgrm", required_argument, NULL, OPT_HGRM},
    {"interval", required_argument, NULL, OPT_INTERVAL},
    {"csv", required_argument, NULL, OPT_CSV},
    {"quiet", no_argument, NULL, 'q'},
    {"json", required_argument, NULL, OPT_JSON},
    {"events-fd", required_argument, NULL, OPT_EVENTS_FD},
    {"hold", no_argument, NULL, OPT_HOLD},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, OPT_VERSION},
    {NULL, 0, NULL, 0},
};

static const char *const arrivals[] = {
    [ARRIVAL_CONSTANT] = "constant", [ARRIVAL_POISSON] = "poisson"};
static const char *const coalescings[] = {"auto", "off"};
static const char *const closings[] = {"fin", "rst"};
static const char *const engines[] = {
    [ENGINE_AUTO] = "auto", [ENGINE_EPOLL] = "epoll", [ENGINE_IO_URING] = "io_uring"};

static void take_rate(struct options *o, const char *value)
{
    char error[200];

    o->rate = value;
    o->profile.count = 0;
    if (!rate_profile_is_meant(value)) {
        o->rate_milli = option_rate_milli("--rate", value);
        return;
    }
    if (!rate_profile_parse(value, &o->profile, error, sizeof error))
        die_usage("--rate: '%s': %s", value, error);
    o->rate_milli = rate_profile_peak(&o->profile);
}

/* The options of what is sent when, and on which connection. True where it is one of them. */
static bool take_load_option(struct options *o, int option, const char *value)
{
    switch (option) {
    case 'R':
        take_rate(o, value);
        return true;
    case OPT_ARRIVAL:
        o->arrival = (enum arrival)option_word("--arrival", value, arrivals, 2);
        return true;
    case OPT_SEED:
        o->seed = option_number("--seed", value, 0, INT64_MAX);
        return true;
    case OPT_DRAIN:
        o->drain_ns = option_duration("--drain", value, 0);
        return true;
    case OPT_THINK:
        o->think_ns = option_think("--think", value, &o->think_exponential);
        return true;
    case OPT_PIPELINE:
        o->pipeline = (uint32_t)option_number("--pipeline", value, 1, PIPELINE_MAX);
        return true;
    case OPT_PER_CONNECTION:
        o->per_connection =
            (uint32_t)option_number("--requests-per-connection", value, 0, UINT32_MAX - 1);
        return true;
    case OPT_CLOSE:
        o->close_by_reset = option_word("--close", value, closings, 2) == 1;
        return true;
    case OPT_NULL:
        o->null = true;
        return true;
    default:
        return false;
    }
}

/* The options of which connections there are besides, and from where. */
static bool take_connection_option(struct options *o, int option, const char *value)
{
    switch (option) {
    case OPT_SOURCE:
        o->source = value;
        return true;
    case OPT_RAMP:
        o->ramp_milli = option_rate_milli("--ramp", value);
        return true;
    case OPT_IDLE:
        o->idle = (uint32_t)option_number("--idle", value, 0, MAX_CONNECTIONS);
        return true;
    case OPT_SLOW_READERS:
        o->slow_readers = (uint32_t)option_number("--slow-readers", value, 0, MAX_CONNECTIONS);
        return true;
    case OPT_SLOW_SENDERS:
        o->slow_senders = (uint32_t)option_number("--slow-senders", value, 0, MAX_CONNECTIONS);
        return true;
    default:
        return false;
    }
}

/* The options of what is asked. */
static bool take_request_option(struct options *o, int option, const char *value)
{
    switch (option) {
    case OPT_METHOD:
        o->method = option_method(value);
        return true;
    case OPT_DATA:
        option_data(o, value);
        return true;
    case OPT_URLS:
        url_list_read(o, value);
        return true;
    case OPT_PAYLOAD:
        o->payload = option_size("--payload", value, 1, MAX_PAYLOAD);
        return true;
    case 'H':
        o->headers = option_header(o->headers, value, &o->has_host);
        return true;
    case OPT_BODY:
        o->body_given = true;
        o->body_rule = option_body(value);
        o->body = o->body_rule == BODY_FILE ? value : NULL;
        return true;
    case OPT_MAX_ERRORS:
        o->max_errors_ppm = option_share_ppm("--max-errors", value);
        return true;
    default:
        return false;
    }
}

/* The options of what is written. */
static bool take_output_option(struct options *o, int option, const char *value)
{
    switch (option) {
    case OPT_FAIL_IF:
        fail_if_add(o, value);
        return true;
    case OPT_LATENCY:
        o->latency_table = true;
        return true;
    case OPT_JSON:
        o->json = value;
        return true;
    case OPT_HGRM:
        o->hgrm = value;
        return true;
    case OPT_INTERVAL:
        o->interval_ns = option_duration("--interval", value, MIN_INTERVAL);
        return true;
    case OPT_CSV:
        o->csv = value;
        return true;
    case 'q':
        o->quiet = true;
        return true;
    case OPT_EVENTS_FD:
        o->events_fd = (int)option_number("--events-fd", value, 0, 1 << 20);
        return true;
    case OPT_HOLD:
        o->hold = true;
        return true;
    default:
        return false;
    }
}

static void take_option(struct options *o, int option, const char *value)
{
    if (take_load_option(o, option, value) || take_connection_option(o, option, value) ||
        take_request_option(o, option, value) || take_output_option(o, option, value))
        return;
    switch (option) {
    case 'c':
        o->connections = (uint32_t)option_number("--connections", value, 1, MAX_CONNECTIONS);
        break;
    case 't':
        o->threads = (uint32_t)option_number("--threads", value, 1, MAX_THREADS);
        break;
    case OPT_ENGINE:
        o->engine = (enum engine_choice)option_word("--engine", value, engines, 3);
        break;
    case OPT_COALESCE:
        o->coalesce = option_word("--coalesce", value, coalescings, 2) == 0;
        break;
    case 'd':
        o->duration_ns = option_duration("--duration", value, 1);
        break;
    case 'n':
        o->requests = option_number("--requests", value, 1, INT64_MAX);
        break;
    case OPT_SETTLE:
        o->settle_ns = option_duration("--settle", value, 0);
        break;
    case OPT_WARMUP:
        o->warmup_ns = option_duration("--warmup", value, 0);
        break;
    case OPT_TIMEOUT:
        o->timeout_ns = option_duration("--timeout", value, 1);
        break;
    case OPT_SEARCH:
        search_goal(value, &o->goal);
        break;
    case 'h':
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

void options_free(struct options *o)
{
    url_list_free(o);
    free(o->headers);
    free(o->data);
    fail_if_free(o);
}

void options_parse(struct options *o, int argc, char **argv)
{
    *o = (struct options){
        .connections = 10,
        .threads = 1,
        .coalesce = true,
        .timeout_ns = 2 * NS_PER_S,
        .seed = 1,
        .drain_ns = OPTION_UNSET,
        .pipeline = 1,
        .payload = 64,
        .body_rule = BODY_SAME,
        .max_errors_ppm = VERDICT_MAX_ERRORS_PPM,
        .headers = xstrdup(""),
        .events_fd = -1,
    };
    int option;
    while ((option = getopt_long(argc, argv, "c:t:d:n:H:R:qh", long_options, NULL)) != -1) {
        if (option == '?')
            hint();
        take_option(o, option, optarg);
    }
    url_list_add(o, argv + optind, argc - optind);
    if (o->url_count == 0 && !o->null)
        die_usage("no URL");
    if (o->url_count == 0)
        url_list_add(o, null_url, 1);
    if (o->duration_ns == 0 && o->profile.count > 0)
        o->duration_ns = rate_profile_length(&o->profile);
    if (o->duration_ns == 0)
        o->duration_ns = o->requests ? CLOCK_NEVER : 10 * NS_PER_S;
    options_check(o);
}
