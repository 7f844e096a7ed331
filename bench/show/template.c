#include "bench/show/template.h"

#include <string.h>

#include "common/err.h"

void template_put(FILE *f, const char *text, const struct template_part *parts, void *context)
{
    for (const char *at = text; *at;) {
        size_t n = strcspn(at, "{");
        fwrite(at, 1, n, f);
        at += n;
        if (!*at)
            break;
        n = strcspn(++at, "}");
        const struct template_part *part = parts;
        while (part->name && (strncmp(part->name, at, n) != 0 || part->name[n]))
            part++;
        if (!part->name)
            die("nothing stands for {%.*s} of a template", (int)n, at);
        part->put(f, context);
        at += n + 1;
    }
}
