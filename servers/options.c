#include "servers/options.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/command_line.h"
#include "common/err.h"
#include "common/output.h"
#include "servers/app/burn.h"
#include "servers/model.h"

#define DAY (UINT64_C(86400) * NS_PER_S)

/* The CPUs this process may run on: what taskset(1) or a container leaves it. */
static unsigned available_cpus(void)
{
    cpu_set_t set;
    long n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set)
                                                         : sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > WORKERS_MAX ? WORKERS_MAX : (unsigned)n;
}

static unsigned default_workers(void)
{
    if (model.workers == 0)
        return 1;
    return model.workers == WORKERS_PER_CPU ? available_cpus() : model.workers;
}

/* A machine without IPv6 has no [::], and *:PORT means 0.0.0.0 there. */
static bool have_ipv6(void)
{
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static bool read_listen(void *target, const char *text)
{
    struct options *o = target;
    char error[256], any[sizeof "0.0.0.0:65535"];
    if (strncmp(text, "*:", 2) == 0) {
        if (strlen(text) > strlen("*:65535"))
            die_usage("--listen: '%s' does not end in a port from 0 to 65535", text);
        snprintf(any, sizeof any, "%s%s", have_ipv6() ? "[::]" : "0.0.0.0", text + 1);
        text = any;
    }
    o->listen_count =
        (unsigned)addr_resolve(text, o->listen, ADDRESSES_MAX, error, sizeof error);
    if (o->listen_count == 0)
        die_usage("--listen: %s", error);
    return true;
}

static bool read_protocol(void *target, const char *text)
{
    struct options *o = target;
    o->app = app_find(text);
    return o->app != NULL;
}

static bool refuse_workers(void *target, const char *text)
{
    (void)target, (void)text;
    die_usage("--workers: %s",
              model.no_workers ? model.no_workers : "this model is one thread by definition");
}

static const struct option_row rows[] = {
    {OPTION_CALL, 0, "listen", "ADDRESS",
     "where to listen: HOST:PORT (all addresses of the host), *:PORT or [::]:PORT (all "
     "addresses of the machine, IPv4 too), [IPV6]:PORT, unix:PATH or unix:@NAME; port 0 picks "
     "a free port (127.0.0.1:8080)",
     .call = read_listen},
    {OPTION_CALL, 0, "protocol", "http|echo", "the service: http or echo (http)",
     .call = read_protocol, .expects = "http or echo"},
    {OPTION_NUMBER, 0, "backlog", "N",
     "how many connections may wait in the kernel to be accepted; net.core.somaxconn limits "
     "the number (4096)",
     OPTION_FIELD(struct options, backlog), .high = INT_MAX},
    {OPTION_NUMBER, 0, "max-connections", "N",
     "close every connection beyond N at once; 0: the model's own limit (0)",
     OPTION_FIELD(struct options, max_connections), .high = 1000000},
    {OPTION_TIME, 0, "idle-timeout", "TIME",
     "close a connection that makes no progress for so long; a request that has begun is "
     "answered with 408; 0: never (60s)",
     OPTION_FIELD(struct options, idle_timeout), .high = DAY},
    {OPTION_TIME, 0, "drain", "TIME",
     "how long requests in flight may take to finish after SIGTERM (5s)",
     OPTION_FIELD(struct options, drain), .high = DAY},
    {OPTION_TEXT, 0, "root", "DIR", "serve the files below DIR as well (only http)",
     OPTION_FIELD(struct options, root)},
    {OPTION_SIZE, 0, "max-body", "SIZE", "the largest request body that is accepted (1M)",
     OPTION_FIELD(struct options, max_body), .high = 1 << 30},
    {OPTION_FLAG, 0, "allow-crash", NULL,
     "GET /crash ends the process that serves it, as a wild pointer does (only http)",
     OPTION_FIELD(struct options, allow_crash)},
    {OPTION_NUMBER, 0, "ready-fd", "N",
     "when the server listens, write its addresses to descriptor N, one on each line, and "
     "close N",
     OPTION_FIELD(struct options, ready_fd), .high = INT_MAX},
    {OPTION_FLAG, 0, "describe", NULL,
     "print the model's name and its limits under the other options as JSON, and exit",
     OPTION_FIELD(struct options, describe)},
    {.name = NULL},
};

static const char notes[] =
    "TIME: ns, us, ms, s, m, h; a number alone is seconds. SIZE: bytes, or with k, M or G.\n"
    "SIGTERM stops the server. SIGUSR1 prints the counters as a line of JSON; the server also "
    "prints them when it stops.\n"
    "HTTP: GET / /bytes/N /cpu/MICROSECONDS /wait/MILLISECONDS, POST /echo; with --allow-crash "
    "GET /crash.\n"
    "Exit status:\n"
    "  0  the server was stopped\n"
    "  1  the system refused something\n"
    "  2  the command line is wrong\n"
    "  3  the model cannot work on this system or with this address";
_Static_assert(EXIT_UNSUPPORTED == 3, "the notes name it");

bool options_unsupported(const struct options *o, char *why, size_t size)
{
    if (model.listens_each && o->workers > 1 && addr_family(&o->listen[0]) == AF_UNIX) {
        snprintf(why, size,
                 "Unix-domain sockets have no SO_REUSEPORT, "
                 "so %u workers cannot each have one to listen on; --workers 1 can",
                 o->workers);
        return true;
    }
    return model.unsupported && model.unsupported(why, size);
}

static void print_json_string(const char *text)
{
    putchar('"');
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            printf("\\%c", c);
        else if (c < ' ')
            printf("\\u%04x", c);
        else
            putchar(c);
    }
    putchar('"');
}

static void print_description(const struct options *o)
{
    char why[256];
    printf("{\"model\":");
    print_json_string(model.name);
    printf(",\"summary\":");
    print_json_string(model.summary);
    printf(",\"max_connections\":%zu,\"concurrency\":%zu", model_most_connections(),
           model.worker_serves_one ? o->workers : model.concurrency);
    if (model.workers)
        printf(",\"workers\":%u", o->workers);
    else
        printf(",\"workers\":null");
    printf(",\"unsupported\":");
    if (options_unsupported(o, why, sizeof why))
        print_json_string(why);
    else
        printf("null");
    printf("}\n");
}

/* The command line as tables. --workers is an option of the models that have workers; the others
 * say why they have none. */
static void read_command_line(struct options *o, int argc, char **argv)
{
    char usage[64], about[256], version[64], help[64], number[16] = "one a CPU";
    struct option_row workers[] = {{OPTION_NUMBER, 0, "workers", "N", help,
                                    OPTION_FIELD(struct options, workers), .low = 1,
                                    .high = WORKERS_MAX},
                                   {.name = NULL}};
    if (model.workers == 0)
        workers[0] =
            (struct option_row){OPTION_CALL, 0, "workers", "N", .call = refuse_workers};
    if (model.workers != WORKERS_PER_CPU)
        snprintf(number, sizeof number, "%u", model.workers);
    snprintf(usage, sizeof usage, "%s [OPTION]...", model.name);
    snprintf(about, sizeof about, "%s: %s.", model.name, model.summary);
    snprintf(version, sizeof version, "%s (iomodels) %s", model.name, IOM_VERSION);
    if (IOM_BURN_NS > 0)
        snprintf(version + strlen(version), sizeof version - strlen(version),
                 ", burns %d ns a request", IOM_BURN_NS);
    snprintf(help, sizeof help, "how many workers, 1 to %d (%s)", WORKERS_MAX, number);
    struct command_line line = {.usage = usage,
                                .about = about,
                                .version = version,
                                .notes = notes,
                                .tables = {rows, workers, model.options},
                                .target = o};
    int first = command_line_read(&line, argc, argv);
    if (first < argc)
        die_usage("unexpected argument '%s'", argv[first]);
}

void options_read(int argc, char **argv, struct options *o)
{
    *o = (struct options){.app = &app_http,
                          .backlog = 4096,
                          .idle_timeout = 60 * NS_PER_S,
                          .drain = 5 * NS_PER_S,
                          .max_body = 1 << 20,
                          .ready_fd = -1,
                          .workers = default_workers()};
    read_listen(o, "127.0.0.1:8080");
    read_command_line(o, argc, argv);
    if (o->idle_timeout == 0)
        o->idle_timeout = CLOCK_NEVER;
    if (o->ready_fd >= 0 && fcntl(o->ready_fd, F_GETFD) < 0)
        die_usage("--ready-fd: descriptor %d is not open", o->ready_fd);
    if (o->root && o->app != &app_http)
        die_usage("--root goes with --protocol http only");
    if (o->allow_crash && o->app != &app_http)
        die_usage("--allow-crash goes with --protocol http only");
    if (o->describe) {
        print_description(o);
        output_finish();
        exit(0);
    }
}
