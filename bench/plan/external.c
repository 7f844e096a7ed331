#include "bench/plan/external.h"

#include <stdlib.h>
#include <string.h>

bool peer_is_of(const char *models, const char *model)
{
    size_t n = strlen(model);
    if (strcmp(models, "*") == 0)
        return true;
    for (const char *at = models; (at = strstr(at, model)); at += n) {
        bool begins = at == models || at[-1] == ',' || at[-1] == ' ';
        if (begins && (at[n] == '\0' || at[n] == ',' || at[n] == ' '))
            return true;
    }
    return false;
}

void peer_free(struct peer *p)
{
    free(p->file);
    free(p->here);
    free(p->models);
    free(p->paths);
    free(p->needs);
    free(p->packages);
    free(p->command);
    free(p->try);
    free(p->config);
    free(p->program);
    for (size_t i = 0; i < p->set_count; i++) {
        free(p->set_names[i]);
        free(p->set_values[i]);
    }
    free(p);
}
