#include "bench/plan/variants.h"

#include <string.h>

#include "common/err.h"

static char *copy(const char *text)
{
    return text ? xstrdup(text) : NULL;
}

static void insert(struct model_list *list, size_t behind, const char *name)
{
    list->at = xrealloc(list->at, (list->count + 1) * sizeof *list->at);
    const struct model *of = &list->at[behind];
    struct model variant = *of;
    variant.name = xstrdup(name);
    variant.path = copy(of->path);
    variant.summary = copy(of->summary);
    variant.unsupported = copy(of->unsupported);
    memmove(&list->at[behind + 2], &list->at[behind + 1],
            (list->count - behind - 1) * sizeof *list->at);
    list->at[behind + 1] = variant;
    list->count++;
}

void variants_add(struct model_list *list, const struct scenario *s)
{
    for (size_t i = s->override_count; i-- > 0;) {
        const char *name = s->overrides[i].model;
        size_t n = strcspn(name, "+");
        for (size_t k = 0; name[n] && k < list->count; k++) {
            if (strncmp(list->at[k].name, name, n) != 0 || list->at[k].name[n] != '\0')
                continue;
            insert(list, k, name);
            break;
        }
    }
}

bool variant_is_unknown(const struct scenario *s, const char *name)
{
    return strchr(name, '+') && !scenario_override(s, name);
}
