/* Lists of connections. A connection is in one of them at the most. */
#ifndef IOM_CONN_LIST_H
#define IOM_CONN_LIST_H

struct client_conn;

/* Where each connection is appended with a `since` that is not before the last one's, the head
 * is always the next one due. */
struct conn_list {
    struct client_conn *head, *tail;
};

/* `c` must not be in a list. */
void conn_list_append(struct conn_list *list, struct client_conn *c);

/* Take `c` out of the list that it is in. */
void conn_list_remove(struct client_conn *c);

#endif
