#include "paths.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/build_config.h"
#include "bench/text.h"
#include "common/err.h"

const char paths_results[] = IOM_SOURCE_DIR "/results";

/* Write `relative` to the directory of this executable into `out` and return that. */
static const char *beside(const char *relative, char out[PATH_MAX])
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n < 0)
        die_errno("cannot read /proc/self/exe");
    self[n] = '\0';
    *strrchr(self, '/') = '\0';
    if (snprintf(out, PATH_MAX, "%s/%s", self, relative) >= PATH_MAX)
        die("the path of this executable is too long: %s", self);
    return out;
}

void paths_find(struct paths *p)
{
    static char servers[PATH_MAX];
    static char loadgen[PATH_MAX];
    if (!p->servers)
        p->servers = beside("../servers", servers);
    if (!p->loadgen)
        p->loadgen = beside("../loadgen/iomodels-load", loadgen);
    if (!p->scripts)
        p->scripts = IOM_SOURCE_DIR "/scripts/plots";
    if (!p->scenarios)
        p->scenarios = IOM_SOURCE_DIR "/bench/scenarios";
    if (!p->external)
        p->external = IOM_SOURCE_DIR "/bench/external";
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
