/* A request and its answer on a blocking socket: each system call waits until it is done. */
#ifndef IOM_FETCH_BLOCKING_H
#define IOM_FETCH_BLOCKING_H

#include "clients/drive/conn.h"

/* conn_take() has taken a request: make it, and return when it has ended. The connection stays open
 * if it can carry another. */
void fetch_blocking(struct conn *c);

/* Make requests on one connection until none is left. For worker `number` of the job. */
void fetch_all_blocking(struct job *job, unsigned number);

#endif
