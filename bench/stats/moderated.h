/* Is there a difference, where each side has three to five values? Alone such values tell next to
 * nothing of their own variance. But a run has a hundred points, and their variances tell of one
 * another. */
#ifndef IOM_MODERATED_H
#define IOM_MODERATED_H

#include <stddef.h>

/* What is known of a variance before its own values are seen: it is as good as `freedom` degrees of
 * freedom around `variance`. 0: nothing is known. Infinite: all variances are the same. */
struct variance_prior {
    double variance;
    double freedom;
};

/* From the variances of many groups, each of `freedom` degrees, where the true variances follow a
 * scaled inverse chi-square distribution: its two parameters, by the moments of the logarithms.
 * Groups of no freedom and NaN are passed over. Fewer than three groups tell nothing. Source:
 * Smyth, "Linear Models and Empirical Bayes Methods for Assessing Differential Expression in
 * Microarray Experiments", Statistical Applications in Genetics and Molecular Biology 3(1), 2004,
 * section 6. */
struct variance_prior variance_prior_of(const double *variance, const double *freedom,
                                        size_t n);

/* A side of a comparison: the mean of `n` values and their variance (of n - 1 degrees). */
struct side {
    double mean;
    double variance; /* not looked at where n is 1 */
    size_t n;
};

/* The mean and the variance of `n` values; NaN among them are passed over. */
struct side side_of(const double *values, size_t n);

struct difference {
    double mean;  /* of b less that of a */
    double error; /* its standard error; NaN where nothing is known of the variance */
    double freedom;
};

/* The difference of two sides with unequal variances: each variance is the mean of its own and of
 * its prior's, weighted by their freedom (Smyth, section 5); the freedom of the two together is
 * that of Welch, "The Generalization of 'Student's' Problem when Several Different Population
 * Variances are Involved", Biometrika 34 (1947). */
struct difference difference_of(const struct side *a, const struct variance_prior *prior_a,
                                const struct side *b, const struct variance_prior *prior_b);

/* What may have moved all differences alike, such as an hour in which the machine was slower, is
 * noise of each: `shift` is taken as one standard error more. */
void difference_widen(struct difference *d, double shift);

/* The probability that equal sides differ so much or more; NaN where the error is. */
double difference_p(const struct difference *d);

/* The probability of the larger of two one-sided tests that the difference is beyond `margin` to
 * either side (Schuirmann, "A Comparison of the Two One-Sided Tests Procedure and the Power
 * Approach", Journal of Pharmacokinetics and Biopharmaceutics 15, 1987): small where the sides are
 * the same within the margin. */
double difference_within_p(const struct difference *d, double margin);

/* Half the width of the interval that covers the true difference with probability 1 - alpha. */
double difference_half_width(const struct difference *d, double alpha);

/* Student's distribution: P(T > t) with `freedom` degrees, infinite ones too. */
double student_above(double t, double freedom);

#endif
