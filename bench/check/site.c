#include "bench/check/site.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/err.h"

/* A server of others may have files to remove. */
static const uint64_t stop_limit = 5 * NS_PER_S;

bool site_takes_idle(const struct external *server)
{
    return strstr(server->command, "{idle}") != NULL;
}

void site_name_idle(struct external *server, const char *seconds)
{
    if (server->set_count == EXTERNAL_SET_MAX)
        die("a server has more names of its own than %d", EXTERNAL_SET_MAX - 1);
    server->set_names[server->set_count] = (char *)"idle";
    server->set_values[server->set_count++] = (char *)seconds;
}

bool site_start(struct site *s, const struct site_spec *spec, char *error, size_t error_size)
{
    static const char body[] = "A page.\n";
    struct answer page = {.status = 200, .body = (char *)body, .body_size = sizeof body - 1};
    char idle[32];
    *s = (struct site){.server = *spec->server, .process = {.gate = -1}};
    snprintf(idle, sizeof idle, "%.3f", (double)spec->idle_ns / 1e9);
    site_name_idle(&s->server, idle);
    struct external_site_spec site = {.external = &s->server,
                                      .command = s->server.command,
                                      .protocol = spec->service,
                                      .connections = 100,
                                      .path = "/",
                                      .answer = &page};
    if (!external_site_make(&s->files, &site, error, error_size))
        return false;
    process_start(&s->process,
                  &(struct process_spec){.argv = (const char *const *)s->files.argv,
                                         .input = -1,
                                         .extra = -1,
                                         .nofile = spec->nofile});
    return true;
}

bool site_has_ended(struct site *s, char *how, size_t how_size)
{
    if (!process_wait(&s->process, clock_ns()))
        return false;
    process_end_reason(&s->process, how, how_size);
    return true;
}

void site_end(struct site *s)
{
    /* One given on the command line may do as it likes with SIGTERM; the cases of the drain ask. */
    if (s->process.pid > 0 && s->server.file)
        process_stop(&s->process, s->server.stop_signal, clock_after(clock_ns(), stop_limit));
    process_destroy(&s->process);
    process_end_all(0);
    external_site_remove(&s->files);
}
