/* The listening socket. */
#ifndef IOM_REFERENCE_LISTENER_H
#define IOM_REFERENCE_LISTENER_H

/* Listen where the settings say, and print the address. `epoll_fd` is to watch the socket. */
void listener_open(int epoll_fd);

/* The socket's descriptor, -1 while nobody listens. */
int listener_fd(void);

/* Accept what waits. */
void listener_accept(void);

/* Stop listening, for 100 ms: who connects is refused. listener_resume() is called by the agenda.
 */
void listener_pause(void);
void listener_resume(void);

#endif
