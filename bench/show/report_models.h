/* What a report tells of each server: how it waits, its figures at every point, its calls. */
#ifndef IOM_REPORT_MODELS_H
#define IOM_REPORT_MODELS_H

#include <stdio.h>

#include "bench/show/heat.h"

/* The sections of all servers, each with the id model-NAME. */
void report_models(FILE *f, const struct heat heats[PROTOCOL_COUNT]);

#endif
