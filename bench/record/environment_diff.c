#include "bench/record/environment_diff.h"

#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"
#include "common/err.h"

static const struct {
    const char *name, *group, *member;
} facts[] = {
    {"CPU", "machine", "cpu"},
    {"CPUs online", "machine", "cpus_online"},
    {"virtualised", "machine", "virtualised"},
    {"governor", "machine", "governor"},
    {"kernel", "machine", "kernel_release"},
    {"distribution", "machine", "distribution"},
    {"server's CPUs", "placement", "server_cpus"},
    {"load generator's CPUs", "placement", "generator_cpus"},
    {"shared CPUs", "placement", "shared_cpus"},
    {"commit", "build", "commit"},
    {"compiler", "build", "compiler"},
    {"flags", "build", "flags"},
    {"load generator", "build", "load_generator"},
    {"libraries", "build", "libraries"},
    {"scenario", "scenario", "name"},
    {"repetitions", "scenario", "repetitions"},
    {"duration (s)", "scenario", "duration_s"},
    {"warm-up (s)", "scenario", "warmup_s"},
    {"timeout (s)", "scenario", "timeout_s"},
    {"path", "scenario", "path"},
    {"payload", "scenario", "payload"},
    {"CPU time from", "sources", "cpu"},
};

/* As JSON, without the quotes of a plain text. */
static char *fact(const struct environment *e, const char *group, const char *member)
{
    const json_t *value = json_object_get(json_object_get(e->json, group), member);
    char *text = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS |
                                               JSON_REAL_PRECISION(6))
                       : xstrdup("not known");
    if (!text)
        return xstrdup("not known");
    size_t size = strlen(text);
    if (json_is_string(value) && !strpbrk(text + 1, "\\")) {
        text[size - 1] = '\0';
        memmove(text, text + 1, size - 1);
    }
    return text;
}

void environment_diff(struct environment_changes *out, const struct environment *a,
                      const struct environment *b)
{
    size_t n = sizeof facts / sizeof facts[0];
    *out = (struct environment_changes){.at = xcalloc(n, sizeof *out->at)};
    for (size_t i = 0; i < n; i++) {
        struct environment_change c = {facts[i].name, fact(a, facts[i].group, facts[i].member),
                                       fact(b, facts[i].group, facts[i].member)};
        if (strcmp(c.a, c.b) != 0) {
            out->at[out->count++] = c;
        } else {
            free(c.a);
            free(c.b);
        }
    }
}

void environment_changes_free(struct environment_changes *c)
{
    for (size_t i = 0; i < c->count; i++) {
        free(c->at[i].a);
        free(c->at[i].b);
    }
    free(c->at);
    *c = (struct environment_changes){0};
}

char *environment_fingerprint(const struct environment *e)
{
    char *cpu = fact(e, "machine", "cpu");
    char *online = fact(e, "machine", "cpus_online");
    char *server = fact(e, "placement", "server_cpus");
    char *generator = fact(e, "placement", "generator_cpus");
    char *text =
        text_format("%s, %s CPUs, server on %s, load on %s", cpu, online, server, generator);
    free(generator);
    free(server);
    free(online);
    free(cpu);
    return text;
}
