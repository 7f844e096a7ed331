#include "bench/trial/load_args.h"

#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"
#include "common/err.h"

void load_args_begin(struct load_args *a, const char *program)
{
    *a = (struct load_args){.argv = {program}, .count = 1};
}

void load_args_word(struct load_args *a, const char *word)
{
    if (a->count + 1 == LOAD_ARGS_MAX)
        die("more than %d words to a load generator", LOAD_ARGS_MAX);
    a->argv[a->count++] = word;
}

/* Takes over `word`. */
static void add_made(struct load_args *a, char *word)
{
    load_args_word(a, word);
    a->made[a->made_count++] = word;
}

void load_args_number(struct load_args *a, const char *option, uint64_t value)
{
    load_args_word(a, option);
    add_made(a, text_format("%llu", (unsigned long long)value));
}

void load_args_time(struct load_args *a, const char *option, uint64_t ns)
{
    load_args_word(a, option);
    add_made(a, text_format("%lluns", (unsigned long long)ns));
}

void load_args_point(struct load_args *a, const struct point_load *load)
{
    const struct {
        const char *option;
        unsigned value;
    } options[] = {{"--pipeline", load->pipeline},
                   {"--requests-per-connection", load->per_connection},
                   {"--idle", load->idle},
                   {"--slow-readers", load->slow_readers},
                   {"--slow-senders", load->slow_senders}};
    load_args_number(a, "--payload", load->payload);
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        if (options[i].value > 0)
            load_args_number(a, options[i].option, options[i].value);
}

void load_args_url(struct load_args *a, enum protocol protocol, const char *address,
                   const struct point_load *load)
{
    static const char unix_mark[] = "unix:";
    const char *name = protocol_names[protocol];
    const char *path = protocol == PROTOCOL_HTTP ? point_load_path(load) : "";
    if (strncmp(address, unix_mark, sizeof unix_mark - 1) == 0)
        add_made(a, text_format("%s+unix://%s%s%s", name, address + sizeof unix_mark - 1,
                                path[0] ? ":" : "", path));
    else
        add_made(a, text_format("%s://%s%s", name, address, path));
}

void load_args_free(struct load_args *a)
{
    for (size_t i = 0; i < a->made_count; i++)
        free(a->made[i]);
    a->made_count = 0;
}
