/* How an order that is told of some servers came out, in words. */
#ifndef IOM_ORDER_TEXT_H
#define IOM_ORDER_TEXT_H

#include <stdio.h>

#include "bench/record/order.h"

/* For every protocol and number of connections at which at least two of the names were measured:
 * the verdict, each step with its figures, the measured order. `claim` NULL: nothing. */
void orders_print(FILE *f, const char *claim, const struct trial_rows *rows,
                  const struct summary *s);
void orders_html(FILE *f, const char *claim, const struct trial_rows *rows,
                 const struct summary *s);

#endif
