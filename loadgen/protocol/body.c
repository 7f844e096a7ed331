#include "loadgen/protocol/body.h"

#include <sched.h>
#include <stdio.h>

/* As part of this file: for short bodies the call would cost as much as the hash. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "common/err.h"

/* A key is never 0: that says that there is none. */
static uint64_t key_of(uint64_t hash)
{
    return hash ? hash : 1;
}

const char *body_rule_name(enum body_rule rule)
{
    static const char *const names[] = {[BODY_ANY] = "any",
                                        [BODY_LENGTH] = "length",
                                        [BODY_SAME] = "same",
                                        [BODY_FILE] = "file"};
    return names[rule];
}

void body_reference_init(struct body_reference *reference, enum body_rule rule)
{
    atomic_init(&reference->key, 0);
    atomic_init(&reference->size, BODY_SIZE_UNKNOWN);
    reference->rule = rule;
}

void body_reference_read(struct body_reference *reference, const char *path)
{
    char buffer[65536];
    uint64_t size = 0;
    size_t n;
    FILE *file = fopen(path, "re");
    XXH3_state_t *state = XXH3_createState();

    if (!file)
        die_errno("--body: cannot read '%s'", path);
    if (!state)
        die("out of memory");
    XXH3_64bits_reset(state);
    while ((n = fread(buffer, 1, sizeof buffer, file)) > 0) {
        XXH3_64bits_update(state, buffer, n);
        size += n;
    }
    if (ferror(file))
        die_errno("--body: cannot read '%s'", path);
    fclose(file);
    atomic_init(&reference->key, key_of(XXH3_64bits_digest(state)));
    atomic_init(&reference->size, size);
    XXH3_freeState(state);
}

void body_reference_sent(struct body_reference *reference, const char *data, size_t size)
{
    atomic_init(&reference->key, key_of(XXH3_64bits(data, size)));
    atomic_init(&reference->size, size);
    reference->rule = BODY_SENT;
}

void body_reference_copy(struct body_reference *to, const struct body_reference *from)
{
    atomic_init(&to->key, atomic_load(&from->key));
    atomic_init(&to->size, atomic_load(&from->size));
    to->rule = from->rule;
}

bool body_add(struct body *b, const char *data, size_t size, bool whole)
{
    if (whole) {
        b->key = key_of(XXH3_64bits(data, size));
        return true;
    }
    if (!b->in_pieces) {
        if (!b->pieces)
            b->pieces = XXH3_createState();
        if (!b->pieces)
            return false;
        XXH3_64bits_reset(b->pieces);
        b->in_pieces = true;
    }
    XXH3_64bits_update(b->pieces, data, size);
    return true;
}

/* The key by which bodies are told apart: where only the length matters, of the length. */
static uint64_t key_by_rule(const struct body *b, enum body_rule rule, uint64_t size)
{
    if (rule == BODY_LENGTH)
        return key_of(size + 1);
    if (b->in_pieces)
        return key_of(XXH3_64bits_digest(b->pieces));
    return b->key ? b->key : key_of(XXH3_64bits("", 0));
}

static const char *wrong(const struct body_reference *reference, uint64_t size)
{
    uint64_t right;

    /* The thread that has just set the key sets the size next. */
    while ((right = atomic_load_explicit(&reference->size, memory_order_acquire)) ==
           BODY_SIZE_UNKNOWN)
        sched_yield();
    switch (reference->rule) {
    case BODY_FILE:
        return size == right ? "a body of the right length that is not that of --body"
                             : "a body of another length than that of --body";
    case BODY_SENT:
        return size == right ? "an echo of the right length that is not what was sent"
                             : "an echo of another length than what was sent";
    default:
        return size == right
                   ? "a body of the right length, but not the first answer's; "
                     "--body length and --body any take it"
                   : "a body of another length than the first answer's; --body any takes it";
    }
}

const char *body_check(struct body *b, struct body_reference *reference, uint64_t size)
{
    if (reference->rule == BODY_ANY)
        return NULL;
    uint64_t key = key_by_rule(b, reference->rule, size);
    uint64_t right = atomic_load_explicit(&reference->key, memory_order_relaxed);

    if (key == right)
        return NULL;
    if (right == 0) {
        if (atomic_compare_exchange_strong(&reference->key, &right, key)) {
            atomic_store_explicit(&reference->size, size, memory_order_release);
            return NULL;
        }
        if (key == right)
            return NULL;
    }
    return wrong(reference, size);
}

void body_free(struct body *b)
{
    XXH3_freeState(b->pieces);
    b->pieces = NULL;
}
