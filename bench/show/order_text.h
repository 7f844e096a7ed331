/* How an order that is told of some servers came out, in words. */
#ifndef IOM_ORDER_TEXT_H
#define IOM_ORDER_TEXT_H

#include <stdio.h>

#include "bench/record/results.h"

/* For every protocol and number of connections at which at least two of the names were
 * measured: the verdict, each link with its figures, the measured order. Nothing where the
 * scenario claims no order. */
void orders_print(FILE *f, const struct results *r);
void orders_html(FILE *f, const struct results *r);

#endif
