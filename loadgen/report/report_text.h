/* Figures as a person reads them. Each function writes into `text` and returns it. */
#ifndef IOM_REPORT_TEXT_H
#define IOM_REPORT_TEXT_H

#define REPORT_TEXT 32

/* A time: three or four digits and the unit that fits. */
const char *report_time(char text[REPORT_TEXT], double ns);

/* An amount of bytes, in powers of 1024. */
const char *report_bytes(char text[REPORT_TEXT], double bytes);

#endif
