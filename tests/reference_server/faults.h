/* What may be done to a request instead of answering it. */
#ifndef IOM_REFERENCE_FAULTS_H
#define IOM_REFERENCE_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fault {
    FAULT_NONE,
    FAULT_DROP,          /* never answered, the connection is kept */
    FAULT_RESET,         /* reset instead of an answer */
    FAULT_RESET_MID,     /* half an answer, then reset */
    FAULT_CLOSE,         /* closed in order, without an answer */
    FAULT_CLOSE_MID,     /* half an answer, then closed in order */
    FAULT_CORRUPT,       /* the right length, one byte of the body is wrong */
    FAULT_TWICE,         /* the answer twice, in one segment */
    FAULT_SHORT,         /* the last bytes of the body are missing, the connection is kept */
    FAULT_GARBAGE,       /* something that is not HTTP */
    FAULT_ERROR,         /* a whole answer with status 500 */
    FAULT_REFUSE,        /* closed, and nobody listens for a while */
    FAULT_INFORMATIONAL, /* no fault: 103 Early Hints, then the answer (RFC 8297) */
    FAULTS,
};

/* What is done after the bytes that faults_bytes() gave have been sent. */
enum aftermath { THEN_GO_ON, THEN_CLOSE, THEN_RESET, THEN_REFUSE };

/* Make the answers, with `size` bytes of body. To be called first. */
void faults_prepare(size_t size);

/* The bytes that a request so treated is sent, of static storage; `*size` may become 0. */
const char *faults_bytes(enum fault fault, size_t *size);
enum aftermath faults_aftermath(enum fault fault);

const char *faults_name(enum fault fault);

/* The fault of that name; FAULT_NONE where there is none. */
enum fault faults_find(const char *name, size_t length);

#endif
