#include "loadgen/load/conn_list.h"

#include <stddef.h>

#include "loadgen/load/client_conn.h"

void conn_list_append(struct conn_list *list, struct client_conn *c)
{
    c->list = list;
    c->next = NULL;
    c->prev = list->tail;
    if (list->tail)
        list->tail->next = c;
    else
        list->head = c;
    list->tail = c;
}

void conn_list_remove(struct client_conn *c)
{
    struct conn_list *list = c->list;

    if (c->prev)
        c->prev->next = c->next;
    else
        list->head = c->next;
    if (c->next)
        c->next->prev = c->prev;
    else
        list->tail = c->prev;
    c->list = NULL;
}
