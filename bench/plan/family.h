/* The families of servers: those of one family wait alike, and have one colour in every
 * picture. The map is scripts/plots/models.csv; scripts/plots/families.csv has the families'
 * titles and colours, in the order of the textbook. */
#ifndef IOM_FAMILY_H
#define IOM_FAMILY_H

#include <stddef.h>

enum { FAMILIES_MAX = 16 };

struct family {
    char name[24];
    char title[48]; /* as it stands in a picture */
    char colour[8]; /* "#009E73" */
};

/* The family with number `i`, or NULL where there are no more. */
const struct family *family_at(size_t i);

/* The number of the family of a server. A name that the list does not have belongs to the last
 * one. */
size_t family_of(const char *server);

#endif
