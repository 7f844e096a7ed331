/* Pages from templates: text in which names in braces stand for parts. */
#ifndef IOM_TEMPLATE_H
#define IOM_TEMPLATE_H

#include <stdio.h>

struct template_part {
    const char *name;
    void (*put)(FILE *f, void *context);
};

/* Write `text` with each {name} replaced by what the part of that name writes. `parts` ends with
 * one without a name. A name without a part ends the program. */
void template_put(FILE *f, const char *text, const struct template_part *parts, void *context);

#endif
