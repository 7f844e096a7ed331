/* More clients than a server has descriptors for. */
#ifndef IOM_CHECK_CROWD_H
#define IOM_CHECK_CROWD_H

#include "bench/check/scene.h"

/* So many clients connect and send; one of them at least must have an answer. It goes on until no
 * more answers come. */
enum move_result crowd_come(struct scene *s, const struct step *step);

/* All of them close but one that has no answer yet: there is room for it now, so it must have an
 * answer, or be turned away by an end. */
enum move_result crowd_leave(struct scene *s);

/* A server with nothing to do must sleep. Said first when there is no crowd: one that never sleeps
 * then either is not held to it. */
enum move_result crowd_calm(struct scene *s);

#endif
