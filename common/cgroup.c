#include "common/cgroup.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_MAX_SIZE 4096

/* Is `name` one of the words between commas? */
static bool has_word(const char *list, const char *name)
{
    size_t n = strlen(name);

    for (const char *p = list; *p;) {
        size_t size = strcspn(p, ",");
        if (size == n && memcmp(p, name, n) == 0)
            return true;
        p += size + (p[size] == ',');
    }
    return false;
}

/* mountinfo writes space, tab, newline and backslash as three octal digits
 * (proc_pid_mountinfo(5)). */
static void unescape(char *text)
{
    char *to = text;

    for (const char *p = text; *p; to++) {
        unsigned code;
        if (*p == '\\' && sscanf(p + 1, "%3o", &code) == 1 && strlen(p) >= 4) {
            *to = (char)code;
            p += 4;
        } else {
            *to = *p++;
        }
    }
    *to = '\0';
}

/* cpu.stat has a line for each count, "NAME VALUE". Version 1 gives the time in nanoseconds
 * (throttled_time), version 2 in microseconds (throttled_usec). */
static bool read_stat(const char *directory, struct cgroup_throttling *out)
{
    char path[PATH_MAX_SIZE + 16], name[64];
    uint64_t value;
    bool found = false;

    *out = (struct cgroup_throttling){0};
    snprintf(path, sizeof path, "%s/cpu.stat", directory);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    while (fscanf(file, "%63s %" SCNu64, name, &value) == 2) {
        if (strcmp(name, "nr_periods") == 0)
            out->periods = value, found = true;
        else if (strcmp(name, "nr_throttled") == 0)
            out->throttled = value;
        else if (strcmp(name, "throttled_time") == 0)
            out->throttled_ns = value;
        else if (strcmp(name, "throttled_usec") == 0)
            out->throttled_ns = value * 1000;
    }
    fclose(file);
    return found;
}

/* Read the group at `path` below the mount point, and those above it up to that. */
static void read_levels(struct cgroup_reading *out, const char *mount, const char *path)
{
    char directory[PATH_MAX_SIZE];
    size_t base = strlen(mount);

    if ((size_t)snprintf(directory, sizeof directory, "%s%s", mount, path) >= sizeof directory)
        return;
    /* A container that sees the tree of its host's groups has no directory by that name: what it
     * sees at the mount point is its own. */
    if (access(directory, F_OK) < 0)
        directory[base] = '\0';
    for (;;) {
        if (out->count < CGROUP_LEVELS && read_stat(directory, &out->levels[out->count]))
            out->count++;
        char *slash = strrchr(directory, '/');
        if (!slash || (size_t)(slash - directory) < base)
            return;
        *slash = '\0';
    }
}

/* The group of this process in the hierarchy with the controller "cpu", or of version 2 with an
 * empty list of controllers (cgroups(7)). Returns false where there is none. */
static bool find_group(const char *proc_self, bool v2, char group[PATH_MAX_SIZE])
{
    char path[PATH_MAX_SIZE];
    char *line = NULL;
    size_t size = 0;
    bool found = false;

    snprintf(path, sizeof path, "%s/cgroup", proc_self);
    FILE *file = fopen(path, "re");
    while (file && !found && getline(&line, &size, file) > 0) {
        char *controllers = strchr(line, ':');
        char *name = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!name)
            continue;
        *name++ = '\0';
        name[strcspn(name, "\n")] = '\0';
        found = v2 ? controllers[1] == '\0' : has_word(controllers + 1, "cpu");
        if (found)
            snprintf(group, PATH_MAX_SIZE, "%s", strcmp(name, "/") == 0 ? "" : name);
    }
    free(line);
    if (file)
        fclose(file);
    return found;
}

/* A line of mountinfo: where the root of which tree is mounted. Returns false where it is no tree
 * of groups with a CPU controller. */
static bool parse_mount(char *line, bool *v2, char **root, char **point)
{
    char *fields[6];
    char *rest = line;
    char *dash = strstr(line, " - ");
    char type[32], options[PATH_MAX_SIZE];

    if (!dash || sscanf(dash, " - %31s %*s %4095s", type, options) != 2)
        return false;
    for (unsigned i = 0; i < 6; i++)
        if (!(fields[i] = strsep(&rest, " ")))
            return false;
    *v2 = strcmp(type, "cgroup2") == 0;
    *root = fields[3];
    *point = fields[4];
    unescape(*root);
    unescape(*point);
    return *v2 || (strcmp(type, "cgroup") == 0 && has_word(options, "cpu"));
}

void cgroup_read_at(struct cgroup_reading *out, const char *proc_self, const char *root)
{
    char path[PATH_MAX_SIZE], group[PATH_MAX_SIZE], mount[PATH_MAX_SIZE];
    char *line = NULL;
    size_t size = 0;
    bool seen[2] = {false, false};

    out->count = 0;
    snprintf(path, sizeof path, "%s/mountinfo", proc_self);
    FILE *file = fopen(path, "re");
    while (file && getline(&line, &size, file) > 0) {
        bool v2;
        char *tree, *point;
        line[strcspn(line, "\n")] = '\0';
        if (!parse_mount(line, &v2, &tree, &point) || seen[v2] ||
            !find_group(proc_self, v2, group))
            continue;
        seen[v2] = true;
        size_t n = strcmp(tree, "/") == 0 ? 0 : strlen(tree);
        bool below = strncmp(group, tree, n) == 0 && (group[n] == '/' || group[n] == '\0');
        snprintf(mount, sizeof mount, "%s%s", root, point);
        read_levels(out, mount, below ? group + n : "");
    }
    free(line);
    if (file)
        fclose(file);
}

void cgroup_read(struct cgroup_reading *out)
{
    cgroup_read_at(out, "/proc/self", "");
}

struct cgroup_throttling cgroup_throttled(const struct cgroup_reading *from,
                                          const struct cgroup_reading *to)
{
    struct cgroup_throttling worst = {0};

    for (size_t i = 0; i < to->count && from->count == to->count; i++) {
        const struct cgroup_throttling *a = &from->levels[i], *b = &to->levels[i];
        if (b->throttled < a->throttled || b->periods < a->periods)
            continue;
        if (b->throttled - a->throttled > worst.throttled)
            worst = (struct cgroup_throttling){
                .periods = b->periods - a->periods,
                .throttled = b->throttled - a->throttled,
                .throttled_ns =
                    b->throttled_ns > a->throttled_ns ? b->throttled_ns - a->throttled_ns : 0,
            };
    }
    return worst;
}
