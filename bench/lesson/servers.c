#include "bench/lesson/servers.h"

#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"
#include "common/err.h"

/* How a side's server is named to contestant_find(): one that only lessons know has a path. */
static char *named(const char *server, const char *helpers)
{
    static const char helper[] = "read-once";
    size_t n = strcspn(server, " \t");
    if (n == sizeof helper - 1 && memcmp(server, helper, n) == 0)
        return text_format("%s/%s", helpers, server);
    return xstrdup(server);
}

void lesson_servers_find(struct lesson_servers *s, const struct lesson *l, const char *servers,
                         const char *helpers)
{
    static const struct model_list none = {0};
    char why[400];
    *s = (struct lesson_servers){0};
    for (size_t i = 0; i < l->side_count; i++) {
        s->names[i] = named(l->sides[i].server.text, helpers);
        if (contestant_find(&s->at[i], s->names[i], servers, &none, why, sizeof why))
            s->there++;
        else
            s->missing[i] = xstrdup(why);
    }
}

void lesson_servers_free(struct lesson_servers *s)
{
    for (size_t i = 0; i < LESSON_SIDES; i++) {
        contestant_free(&s->at[i]);
        free(s->names[i]);
        free(s->missing[i]);
    }
    *s = (struct lesson_servers){0};
}

const char *lesson_missing(const struct lesson_servers *s, const struct lesson_expression *e)
{
    const char *over = s->missing[e->over.side];
    return over || !e->ratio ? over : s->missing[e->under.side];
}
