/* Answers of HTTP. */
#ifndef IOM_CHECK_REPLY_H
#define IOM_CHECK_REPLY_H

#include "bench/check/scene.h"

/* Read one answer of `c`, which must be what the step says. */
enum move_result reply_expect(struct scene *s, struct client *c, const struct step *step);

/* The server must not take what `c` sent for a request: it answers with a status from 400 to 599,
 * or without one, and then ends the connection. */
enum move_result reply_refusal(struct scene *s, struct client *c);

#endif
