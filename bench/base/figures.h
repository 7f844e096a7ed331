/* Figures as people read them. */
#ifndef IOM_FIGURES_H
#define IOM_FIGURES_H

/* "12.3 us", "4.56 ms": a time given in microseconds, three digits. "n/a" for NaN. */
char *figure_time(double us, char out[32]);

/* "123,456"; "n/a" for NaN. */
char *figure_thousands(double value, char out[32]);

#endif
