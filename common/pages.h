/* Memory that goes back to the system and stays reserved. */
#ifndef IOM_PAGES_H
#define IOM_PAGES_H

#include <stddef.h>

/* Give back the pages that lie wholly in the `size` bytes at `start`, which must be private
 * memory. Their content is lost: the next use of a page is a page fault and finds zeros. */
void pages_give_back(void *start, size_t size);

#endif
