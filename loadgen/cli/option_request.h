/* The options of what a request is: its method and its body. Each function ends the program where
 * a value cannot be taken: a usage error for what is written wrong, exit 1 for a file that cannot
 * be read. */
#ifndef IOM_OPTION_REQUEST_H
#define IOM_OPTION_REQUEST_H

#include "loadgen/cli/options.h"

/* The method, returned as it is: any token (RFC 9110, section 9.1) but CONNECT. */
const char *option_method(const char *text);

/* TEXT, @FILE, or @- or - for standard input: the bytes go into o->data, which a repeated option
 * replaces. */
void option_data(struct options *o, const char *text);

/* Set the method that was not given, and end the program where what is asked does not go
 * together. */
void option_check_request(struct options *o);

#endif
