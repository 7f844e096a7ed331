#include "bench/base/paths.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/old_name.h"
#include "bench/base/text.h"
#include "bench/build_config.h"
#include "common/err.h"
#include "common/temporary.h"

typedef char path[PATH_MAX];

/* What paths_find() found. */
static struct {
    path here; /* the directory of this executable */
    path source, servers, clients, loadgen, scripts, scenarios, external, external_clients,
        queues;
    path session_cost, results;
} found;

static void find_here(void)
{
    ssize_t n = readlink("/proc/self/exe", found.here, sizeof found.here - 1);
    if (n < 0)
        die_errno("cannot read /proc/self/exe");
    found.here[n] = '\0';
    *strrchr(found.here, '/') = '\0';
}

/* Put where `name` is from `directory` into `out`, without links and ".." where that exists. */
static void place(path out, const char *directory, const char *name)
{
    path plain;
    bool absolute = name[0] == '/';
    if (snprintf(out, PATH_MAX, "%s%s%s", absolute ? "" : directory, absolute ? "" : "/",
                 name) >= PATH_MAX)
        die("a path is too long: %s/%s", directory, name);
    if (realpath(out, plain))
        memcpy(out, plain, sizeof plain);
}

static bool is_there(const char *directory, const char *name)
{
    path whole;
    place(whole, directory, name);
    return access(whole, F_OK) == 0;
}

/* The source tree of the build tree around us. It may have been moved, with the build tree in
 * it. */
static void find_source(void)
{
    place(found.source, found.here, IOM_SOURCE_FROM_HERE);
    if (IOM_SOURCE_FROM_HERE[0] == '\0' || !is_there(found.source, "bench/scenarios"))
        place(found.source, "", IOM_SOURCE_DIR);
}

static void find_in_build_tree(void)
{
    find_source();
    place(found.servers, found.here, "../servers");
    place(found.clients, found.here, "../clients");
    place(found.loadgen, found.here, "../loadgen/iomodels-load");
    place(found.scripts, found.source, "scripts/plots");
    place(found.scenarios, found.source, "bench/scenarios");
    place(found.external, found.source, "bench/external");
    place(found.external_clients, found.source, "bench/external-clients");
    place(found.queues, found.source, "bench/queues");
    place(found.session_cost, found.here, "session-cost");
    place(found.results, found.source, "results");
}

static void find_installed(void)
{
    place(found.servers, found.here, IOM_SERVERS_FROM_HERE);
    place(found.clients, found.servers, "../clients");
    place(found.loadgen, found.here, "iomodels-load");
    place(found.scripts, found.here, IOM_DATA_FROM_HERE "/plots");
    place(found.scenarios, found.here, IOM_DATA_FROM_HERE "/scenarios");
    place(found.external, found.here, IOM_DATA_FROM_HERE "/external");
    place(found.external_clients, found.here, IOM_DATA_FROM_HERE "/external-clients");
    place(found.queues, found.here, IOM_DATA_FROM_HERE "/queues");
    place(found.session_cost, found.servers, "../session-cost");
    strcpy(found.results, "results");
}

static void fill(const char **slot, const char *default_path)
{
    if (!*slot)
        *slot = default_path;
}

void paths_find(struct paths *p)
{
    find_here();
    if (is_there(found.here, "../loadgen/iomodels-load"))
        find_in_build_tree();
    else
        find_installed();
    fill(&p->servers, found.servers);
    fill(&p->clients, found.clients);
    fill(&p->loadgen, found.loadgen);
    fill(&p->scripts, found.scripts);
    fill(&p->scenarios, found.scenarios);
    fill(&p->external, found.external);
    fill(&p->external_clients, found.external_clients);
    fill(&p->queues, found.queues);
    fill(&p->session_cost, found.session_cost);
    fill(&p->results, found.results);
}

const struct option_row paths_rows[] = {
    {OPTION_TEXT, 0, "servers", "DIR", "where the server programs are (default: in this build)",
     OPTION_FIELD(struct paths, servers)},
    {OPTION_TEXT, 0, "external-dir", "DIR",
     "where the files of external servers are (default: bench/external)",
     OPTION_FIELD(struct paths, external)},
    {OPTION_TEXT, 0, "loadgen", "FILE", "the load generator (default: that of this build)",
     OPTION_FIELD(struct paths, loadgen)},
    {OPTION_TEXT, 0, "scripts", "DIR",
     "where the gnuplot scripts are (default: in the source tree)",
     OPTION_FIELD(struct paths, scripts)},
    {0},
};

char *paths_scenario(const struct paths *p, const char *name_or_file)
{
    size_t n = strlen(name_or_file);
    if (strchr(name_or_file, '/') || (n > 4 && strcmp(name_or_file + n - 4, ".ini") == 0))
        return xstrdup(name_or_file);
    char *file = text_format("%s/%s.ini", p->scenarios, name_or_file);
    if (strcmp(name_or_file, "peers") == 0 && access(file, F_OK) != 0) {
        old_name("run", "the scenario peers", "externals");
        free(file);
        file = text_format("%s/externals.ini", p->scenarios);
    }
    return file;
}

char *paths_temporary(const char *name, char *error, size_t error_size)
{
    char *dir = text_format("%s/iomodels-%s-XXXXXX", temporary_dir(), name);
    if (mkdtemp(dir))
        return dir;
    snprintf(error, error_size, "cannot make the directory %s: %s", dir, strerror(errno));
    free(dir);
    return NULL;
}
