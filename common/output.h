/* Standard output that must arrive: a help text or a table that a full disk cut is a failure. */
#ifndef IOM_OUTPUT_H
#define IOM_OUTPUT_H

/* Write out what standard output holds back. Ends the program with status 1 and one line if that, or
 * any write before it, failed. To be called at the end of all that a program prints, and by whoever
 * ends it with exit(0). */
void output_finish(void);

#endif
