/* bench/show/svg.h: what is drawn stays, what is drawn nowhere goes. */
#include "bench/show/svg.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static const char drawing[] =
    "<?xml version=\"1.0\"?>\n<svg \n"
    " viewBox=\"0 0 96 69\"\n xmlns=\"http://www.w3.org/2000/svg\"\n>\n"
    "<title>throughput</title>\n<g id=\"gnuplot_canvas\">\n"
    "<rect x=\"0\" y=\"0\" width=\"96\" height=\"69\" fill=\"#ffffff\"/>\n<defs>\n"
    "\t<path id='gpPt0' stroke-width='0.205' d='M-1,0 h2'/>\n"
    "\t<circle id='gpPt5' stroke-width='0.205' r='1'/>\n</defs>\n"
    "<g fill=\"none\" color=\"black\" stroke=\"currentColor\" stroke-width=\"1.00\">\n</g>\n"
    "<g id=\"plot_1\" ><title>plot_1</title>\n"
    "<g fill=\"none\" color=\"black\" stroke=\"rgb( 58, 155, 220)\" stroke-width=\"2.00\">\n"
    "\t<path d='M74.00,260.00 L356.66,0.04  '/>\n\t<path d='M74.00,260.00  '/>\n"
    "\t<use xlink:href='#gpPt5' transform='translate(81.31,597.45) scale(3.90)'/>\n"
    "\t<polygon fill = 'rgb(  8,  69, 148)' points = '180.00,136.01 355.01,113.00 '/></g>\n</g>\n"
    "<g transform=\"translate(64.90,263.25)\" stroke=\"none\" fill=\"rgb(34,34,34)\" "
    "font-family=\"DejaVu Sans\" font-size=\"10.00\" text-anchor=\"end\">\n"
    "<text><tspan font-family=\"DejaVu Sans\" >a &lt; b #1</tspan></text>\n</g>\n"
    "</g>\n</svg>\n";

static char *small(const char *text)
{
    size_t size = 0;
    char *found = svg_small(text, "x", &size);
    assert_non_null(found);
    assert_int_equal(size, strlen(found));
    return found;
}

static void drawn_stays(void **state)
{
    (void)state;
    char *found = small(drawing);
    static const char *const parts[] = {
        "<rect x=\"0\" y=\"0\" width=\"96\" height=\"69\" fill=\"#ffffff\" stroke=\"none\"/>",
        "<circle id=\"x-gpPt5\" stroke-width=\"0.205\" r=\"1\"/>",
        "<path d=\"M74,260L356.7,0\"/>",
        "<use href=\"#x-gpPt5\" transform=\"translate(81.31,597.45) scale(3.90)\"/>",
        "<polygon points=\"180,136 355,113\" fill=\"#084594\"/>",
        "stroke=\"#3a9bdc\" stroke-width=\"2\">",
        "<text transform=\"translate(64.9,263.2)\" fill=\"#222222\" stroke=\"none\" ",
        " text-anchor=\"end\">a &lt; b #1</text>",
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (!strstr(found, parts[i]))
            fail_msg("no %s in %s", parts[i], found);
    free(found);
}

static void the_rest_goes(void **state)
{
    (void)state;
    char *found = small(drawing);
    static const char *const parts[] = {"<?xml",  "title", "xmlns",     "gpPt0",
                                        "plot_1", "tspan", "M74,260\"", "\"></g>"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (strstr(found, parts[i]))
            fail_msg("%s in %s", parts[i], found);
    assert_true(4 * strlen(found) < 3 * sizeof drawing);
    free(found);
}

/* A file that is cut off, or is no picture, is no reason to end. */
static void half_a_file(void **state)
{
    (void)state;
    size_t size;
    assert_null(svg_small("no picture", "x", &size));
    for (size_t n = (size_t)(strstr(drawing, "<svg") - drawing) + 4; n < sizeof drawing; n++) {
        char *text = strndup(drawing, n);
        free(svg_small(text, "x", &size));
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(drawn_stays),
                                       cmocka_unit_test(the_rest_goes),
                                       cmocka_unit_test(half_a_file)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
