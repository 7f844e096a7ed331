#include "bench/plan/launch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/placeholders.h"
#include "bench/base/text.h"
#include "common/err.h"

/* mpirun of Open MPI 4 and 5: one process a host, which has all of its CPUs. */
static const char usual[] =
    "mpirun --host {slots} -np {count} --map-by ppr:1:node --bind-to none";

bool launch_given(const struct launch *l)
{
    return l->hosts || l->launcher;
}

static unsigned count_of(const char *hosts)
{
    unsigned n = 1;
    for (; *hosts; hosts++)
        n += *hosts == ',';
    return n;
}

bool launch_hosts_valid(const char *value, unsigned most)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";
    const char *at = value;

    for (;;) {
        size_t n = strspn(at, letters);
        if (n == 0 || *at == '-')
            return false;
        at += n;
        if (*at == '\0')
            return count_of(value) <= most;
        if (*at++ != ',')
            return false;
    }
}

static bool names_hosts(const char *launcher)
{
    return strstr(launcher, "{hosts}") || strstr(launcher, "{slots}");
}

const char *launch_fault(const struct launch *l)
{
    const char *launcher = l->launcher ? l->launcher : usual;

    if (!launch_given(l) && (l->server_host || l->server_address))
        return "[server] goes with [load]: without hosts or a launcher there, all is on this "
               "machine";
    if (l->launcher && l->hosts && !names_hosts(launcher))
        return "[load] names hosts, and its launcher has no {hosts} or {slots} for them";
    if (l->launcher && !l->hosts && names_hosts(launcher))
        return "the launcher in [load] has {hosts} or {slots}, and no hosts are named";
    if (l->server_host && !names_hosts(launcher))
        return "[server] names a host, and the launcher in [load] has no {hosts} or {slots} for "
               "it";
    return NULL;
}

/* "a,b" as "a:1,b:1". */
static char *slots_of(const char *hosts)
{
    char *out;
    size_t size;
    FILE *f = open_memstream(&out, &size);

    if (!f)
        die_errno("cannot write to memory");
    for (; *hosts; hosts++) {
        if (*hosts == ',')
            fputs(":1", f);
        putc(*hosts, f);
    }
    fputs(":1", f);
    fclose(f);
    return out;
}

char **launch_words(const struct launch *l, const char *host)
{
    const char *hosts = host ? host : l->hosts ? l->hosts : "";
    char error[256], count[16];
    char *slots = slots_of(hosts);

    snprintf(count, sizeof count, "%u", count_of(hosts));
    const struct placeholder list[] = {{"hosts", hosts}, {"slots", slots}, {"count", count}};
    char *line = placeholders_expand(l->launcher ? l->launcher : usual, list, 3, false, error,
                                     sizeof error);
    char **words = line ? words_split(line, error, sizeof error) : NULL;
    if (!words)
        die("launcher: %s", error);
    free(line);
    free(slots);
    return words;
}

unsigned launch_host_count(const struct launch *l)
{
    return l->hosts ? count_of(l->hosts) : 0;
}

char *launch_listen(const struct launch *l)
{
    char own[256] = "";

    if (l->server_address || l->server_host)
        return text_format("%s:0", l->server_address ? l->server_address : l->server_host);
    if (gethostname(own, sizeof own - 1) < 0)
        die_errno("cannot tell the name of this machine");
    return text_format("%s:0", own);
}

void launch_free(struct launch *l)
{
    free(l->hosts);
    free(l->launcher);
    free(l->server_host);
    free(l->server_address);
    *l = (struct launch){0};
}
