#include "servers/drive/task_queue.h"

void task_queue_init(struct task_queue *q, counter *length, counter *max_length)
{
    *q = (struct task_queue){.lock = PTHREAD_MUTEX_INITIALIZER,
                             .filled = PTHREAD_COND_INITIALIZER,
                             .shown_length = length,
                             .shown_max = max_length};
    STAILQ_INIT(&q->tasks);
}

void task_queue_add(struct task_queue *q, struct task *t)
{
    pthread_mutex_lock(&q->lock);
    STAILQ_INSERT_TAIL(&q->tasks, t, link);
    q->length++;
    atomic_store_explicit(q->shown_length, q->length, memory_order_relaxed);
    if (q->length > atomic_load_explicit(q->shown_max, memory_order_relaxed))
        atomic_store_explicit(q->shown_max, q->length, memory_order_relaxed);
    bool wake = q->sleeping > 0;
    pthread_mutex_unlock(&q->lock);
    if (wake)
        pthread_cond_signal(&q->filled); /* not before: the woken one wants the lock at once */
}

struct task *task_queue_take(struct task_queue *q, struct counters *counters)
{
    pthread_mutex_lock(&q->lock);
    while (STAILQ_EMPTY(&q->tasks) && !q->closed) {
        q->sleeping++;
        pthread_cond_wait(&q->filled, &q->lock);
        q->sleeping--;
        count_wakeup(counters, !STAILQ_EMPTY(&q->tasks));
    }
    struct task *t = STAILQ_FIRST(&q->tasks);
    if (t) {
        STAILQ_REMOVE_HEAD(&q->tasks, link);
        q->length--;
        atomic_store_explicit(q->shown_length, q->length, memory_order_relaxed);
    }
    pthread_mutex_unlock(&q->lock);
    return t;
}

void task_queue_close(struct task_queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->closed = true;
    pthread_cond_broadcast(&q->filled);
    pthread_mutex_unlock(&q->lock);
}
