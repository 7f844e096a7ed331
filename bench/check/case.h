/* A case: what clients do to a server, step by step, and what must come of it. The cases that the
 * program knows are in bench/check/cases/; a transcript is a case too. docs/check.md describes the
 * language.
 *
 *     case half-close
 *     title what was sent before the client's end is echoed, then the server ends
 *     level 3
 *     service echo
 *     hint recv() returned 0: send what is left, then close
 *     do
 *     open a
 *     send a "hello"
 *     fin a
 *     expect a "hello"
 *     end a */
#ifndef IOM_CASE_H
#define IOM_CASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/base/protocol.h"
#include "bench/check/bytes.h"

/* Level 9 has no case: a duel decides it. */
enum { CASE_LEVELS = 8, CASE_STATUSES = 4 };

extern const char *const case_level_names[CASE_LEVELS + 2]; /* from 1; the last is of level 9 */

enum verb {
    VERB_OPEN,
    VERB_SEND,
    VERB_PIECES,
    VERB_PUSH,
    VERB_EXPECT,
    VERB_BEGINS,
    VERB_SWAP,
    VERB_ANSWER,
    VERB_REFUSES,
    VERB_QUIET,
    VERB_PAUSE,
    VERB_FIN,
    VERB_END,
    VERB_GONE,
    VERB_TIMEOUT,
    VERB_CLOSE,
    VERB_RESET,
    VERB_FLOOD,
    VERB_CROWD,
    VERB_RELIEVE,
    VERB_CALM,
    VERB_FREEZE,
    VERB_THAW,
    VERB_TERMINATE,
    VERB_REFUSED,
    VERB_EXITS,
    VERB_REPEAT,
    VERB_DONE,
};

/* The answer that must come. */
struct case_answer {
    unsigned from[CASE_STATUSES], to[CASE_STATUSES]; /* statuses */
    unsigned statuses;
    bool head;   /* to a request of HEAD: no body */
    bool keeps;  /* the connection goes on */
    bool closes; /* the connection does not */
    bool has_body;
    uint64_t least; /* bytes of the body */
};

struct step {
    enum verb verb;
    unsigned line;   /* of the case's text, from 1 */
    char *text;      /* the line */
    char *who;       /* of verbs about a client */
    unsigned number; /* of clients, of rounds; exit status */
    bool narrow;     /* open: small buffers */
    bool pushed;     /* expect: what push got away */
    bool partly;     /* push: not all may be taken */
    uint64_t ns;
    char *bytes;       /* what `data` is, as text; NULL for none */
    struct bytes data; /* made by step_load() */
    struct case_answer answer;
};

struct check_case {
    char *name;
    char *title;
    char *hint; /* what is often wrong in a server that fails; NULL for none */
    unsigned level;
    enum protocol service;
    unsigned points;
    unsigned clients; /* that the server must serve at one time */
    bool alone;       /* for servers of one client at a time */
    bool idle;        /* for servers that promise an idle timeout */
    unsigned nofile;  /* limit of descriptors of the server; 0: none of the case */
    char *needs;  /* a request; where the server has no answer 200 to it, the case is left out;
                    NULL for none */
    char *source; /* its lines */
    struct step *steps;
    size_t step_count;
};

struct case_list {
    struct check_case *at;
    size_t count;
};

/* The cases that the program knows, by level. */
void case_list_known(struct case_list *list);

/* Add the cases of `text`, which comes from `file`. False with one line in `error`. */
bool case_list_add(struct case_list *list, const char *text, const char *file, char *error,
                   size_t error_size);
const struct check_case *case_find(const struct case_list *list, const char *name);
void case_list_free(struct case_list *list);

#endif
