#include "bench/plan/family.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "bench/models_list.h"

/* The list as it is built in: its shape is a test's business (tests/test_models.py). */
static const struct family *families(size_t *count)
{
    static struct family all[FAMILIES_MAX];
    static size_t found;
    const char *line = strchr(families_csv, '\n') + 1;
    bool known = found > 0;
    for (; !known && found < FAMILIES_MAX && *line; line = strchr(line, '\n') + 1)
        if (sscanf(line, "%23[^,],%47[^,],%7[^\n]", all[found].name, all[found].title,
                   all[found].colour) == 3)
            found++;
    *count = found;
    return all;
}

const struct family *family_at(size_t i)
{
    size_t count;
    const struct family *all = families(&count);
    return i < count ? &all[i] : NULL;
}

static size_t by_name(const char *name)
{
    size_t count;
    const struct family *all = families(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(all[i].name, name) == 0)
            return i;
    return count - 1;
}

size_t family_of(const char *server)
{
    size_t n = strcspn(server, "+"); /* a variant is of the family of its model */
    for (const char *line = models_csv; *line; line = strchr(line, '\n') + 1) {
        char family[24];
        if (strncmp(line, server, n) == 0 && sscanf(line + n, ",%*[^,],%23[^\n]", family) == 1)
            return by_name(family);
    }
    return by_name("other");
}
