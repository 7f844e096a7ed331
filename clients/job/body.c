#include "clients/job/body.h"

void body_begin(struct body *b)
{
    XXH64_reset(&b->hash, 0);
    b->size = 0;
}

void body_add(struct body *b, const void *data, size_t size)
{
    XXH64_update(&b->hash, data, size);
    b->size += size;
}

/* Never 0, which stands for a body that is not known. */
static uint64_t digest(const XXH64_state_t *hash)
{
    return XXH64_digest(hash) | 1;
}

enum outcome body_judge(const struct body *b, const struct job *job, unsigned status,
                        struct tally *t)
{
    t->body_bytes += b->size;
    if (status < 200 || status > 299)
        return OUTCOME_NON_2XX;
    if (job->any_body)
        return OUTCOME_OK;
    uint64_t found = digest(&b->hash), right = 0;
    bool is_first = atomic_compare_exchange_strong(&job->shared->body_digest, &right, found);
    return is_first || right == found ? OUTCOME_OK : OUTCOME_CORRUPT;
}

void body_expect(const struct body *b, const struct job *job)
{
    atomic_store(&job->shared->body_digest, digest(&b->hash));
}
