#include "paths.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/build_config.h"
#include "bench/text.h"
#include "common/err.h"

/* The directory of this executable. */
static char here[PATH_MAX];

static void find_here(void)
{
    ssize_t n = readlink("/proc/self/exe", here, sizeof here - 1);
    if (n < 0)
        die_errno("cannot read /proc/self/exe");
    here[n] = '\0';
    *strrchr(here, '/') = '\0';
}

/* The absolute path of what is at `relative` from here; for good. */
static const char *beside(const char *relative)
{
    char *path = relative[0] == '/' ? xstrdup(relative) : text_format("%s/%s", here, relative);
    char *plain = realpath(path, NULL);
    if (!plain)
        return path;
    free(path);
    return plain;
}

static bool is_there(const char *directory, const char *part)
{
    char *path = text_format("%s/%s", directory, part);
    bool there = access(path, F_OK) == 0;
    free(path);
    return there;
}

/* The source tree of the build tree around us. It may have been moved, with the build tree in
 * it. */
static const char *source_tree(void)
{
    const char *around = IOM_SOURCE_FROM_HERE;
    if (around[0] != '\0' && is_there(beside(around), "bench/scenarios"))
        return beside(around);
    return IOM_SOURCE_DIR;
}

static void in_build_tree(struct paths *all)
{
    const char *source = source_tree();
    *all = (struct paths){.servers = beside("../servers"),
                          .loadgen = beside("../loadgen/iomodels-load"),
                          .scripts = text_format("%s/scripts/plots", source),
                          .scenarios = text_format("%s/bench/scenarios", source),
                          .external = text_format("%s/bench/external", source),
                          .results = text_format("%s/results", source)};
}

static void as_installed(struct paths *all)
{
    *all = (struct paths){.servers = beside(IOM_SERVERS_FROM_HERE),
                          .loadgen = beside("iomodels-load"),
                          .scripts = beside(IOM_DATA_FROM_HERE "/plots"),
                          .scenarios = beside(IOM_DATA_FROM_HERE "/scenarios"),
                          .external = beside(IOM_DATA_FROM_HERE "/external"),
                          .results = "results"};
}

static void fill(const char **slot, const char *found)
{
    if (!*slot)
        *slot = found;
}

void paths_find(struct paths *p)
{
    struct paths all;
    find_here();
    if (is_there(here, "../loadgen/iomodels-load"))
        in_build_tree(&all);
    else
        as_installed(&all);
    fill(&p->servers, all.servers);
    fill(&p->loadgen, all.loadgen);
    fill(&p->scripts, all.scripts);
    fill(&p->scenarios, all.scenarios);
    fill(&p->external, all.external);
    fill(&p->results, all.results);
}

bool paths_option(struct paths *p, int getopt_value, char *value)
{
    switch (getopt_value) {
    case OPTION_SERVERS:
        p->servers = value;
        return true;
    case OPTION_LOADGEN:
        p->loadgen = value;
        return true;
    case OPTION_SCRIPTS:
        p->scripts = value;
        return true;
    case OPTION_EXTERNAL_DIR:
        p->external = value;
        return true;
    default:
        return false;
    }
}

char *paths_scenario(const struct paths *p, const char *name_or_file)
{
    size_t n = strlen(name_or_file);
    if (strchr(name_or_file, '/') || (n > 4 && strcmp(name_or_file + n - 4, ".ini") == 0))
        return xstrdup(name_or_file);
    return text_format("%s/%s.ini", p->scenarios, name_or_file);
}
