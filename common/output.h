/* Standard output that must arrive: a help text or a table that a full disk cut is a failure. */
#ifndef IOM_OUTPUT_H
#define IOM_OUTPUT_H

/* Write out what standard output holds back. Where that or an earlier write to it failed, one line
 * on standard error says so, and the program ends with status 1. */
void output_finish(void);

/* From now on exit(3) and the end of main() do that. */
void output_check_at_exit(void);

#endif
