/* What a server says of itself: --help and --describe. */
#include <stdio.h>
#include <string.h>

#include "servers/model.h"
#include "servers/options.h"

#define HELP_COLUMN 26

/* One option of --help, its text in lines parted by newlines. */
static void print_option(const char *name, const char *argument, const char *help)
{
    int at = printf("  --%s%s%s", name, argument ? " " : "", argument ? argument : "");
    if (at > HELP_COLUMN - 2) {
        putchar('\n');
        at = 0;
    }
    while (*help) {
        size_t n = strcspn(help, "\n");
        printf("%*s%.*s\n", HELP_COLUMN - at, "", (int)n, help);
        help += help[n] ? n + 1 : n;
        at = 0;
    }
}

static void print_model_options(void)
{
    char help[96];
    if (model.workers) {
        char number[16] = "one a CPU";
        if (model.workers != WORKERS_PER_CPU)
            snprintf(number, sizeof number, "%u", model.workers);
        snprintf(help, sizeof help, "how many workers, 1 to %d (%s)", WORKERS_MAX, number);
        print_option("workers", "N", help);
    }
    for (const struct model_option *m = model.options; m && m->name; m++)
        print_option(m->name, m->argument, m->help);
}

void options_print_help(void)
{
    printf(
        "usage: %s [OPTION]...\n"
        "%s: %s.\n"
        "\n"
        "  --listen ADDRESS        HOST:PORT (all addresses of the host), *:PORT or [::]:PORT "
        "(all of the\n"
        "                          machine, IPv4 too), [IPV6]:PORT, unix:PATH or unix:@NAME; "
        "port 0\n"
        "                          picks a free one (127.0.0.1:8080)\n"
        "  --protocol NAME         http or echo (http)\n"
        "  --backlog N             connections the kernel holds ready to be accepted; it "
        "takes no\n"
        "                          more than net.core.somaxconn (4096)\n"
        "  --max-connections N     close connections beyond N at once; 0 for the model's "
        "own limit (0)\n"
        "  --idle-timeout TIME     close a connection that makes no progress for so long; a "
        "request\n"
        "                          begun is answered with 408; 0 for never (60s)\n"
        "  --drain TIME            what SIGTERM leaves requests in flight to finish (5s)\n"
        "  --root DIR              serve the files below DIR too (http)\n"
        "  --max-body SIZE         largest request body (1M)\n"
        "  --ready-fd N            write the addresses to descriptor N once it listens, one "
        "a line,\n"
        "                          and close N\n"
        "  --describe              print the model's name and limits, with the other options "
        "given, as\n"
        "                          JSON\n"
        "  -h, --help, --version\n",
        model.name, model.name, model.summary);
    print_model_options();
    printf("\n"
           "TIME takes ns, us, ms, s, m, h (alone: seconds), SIZE takes k, M, G.\n"
           "SIGTERM stops the server, SIGUSR1 prints its counters as a line of JSON; so does "
           "the end.\n"
           "HTTP: GET / /bytes/N /cpu/MICROSECONDS /wait/MILLISECONDS, POST /echo.\n"
           "Exit status: 0 stopped, 1 the system refused something, 2 usage, %d the model "
           "cannot work on\n"
           "this system or with this address.\n",
           EXIT_UNSUPPORTED);
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

void options_print_description(const struct options *o)
{
    char why[256];
    printf("{\"model\":");
    print_json_string(model.name);
    printf(",\"summary\":");
    print_json_string(model.summary);
    printf(",\"max_connections\":%zu,\"concurrency\":%zu", model.max_connections,
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
