/* A grade for programs: JSON, and the transcripts of the cases that failed as files. */
#ifndef IOM_CHECK_GRADE_JSON_H
#define IOM_CHECK_GRADE_JSON_H

#include <jansson.h>

#include "bench/check/grade.h"

/* The caller decrefs it. `server` is how it was named. */
json_t *grade_json(const struct grade *g, const char *server);

/* Write the transcript of each case that failed to DIR/NAME.case, and make DIR where it is not
 * there. Ends the program where that fails. */
void grade_save(const struct grade *g, const char *dir);

#endif
