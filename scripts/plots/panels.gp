# Small multiples: a panel a family of models, its lines in colour and with their names, all other
# lines grey behind them. All panels have the same axes.
#
# The driver gives panels (how many), family_N, title_N and names_N of each, longest (columns of the longest
# name), x_low, x_high, y_low, y_high, log_y, x_tics, y_tics,
# y_grid (the same without labels), x_title, y_title.
if (!exists("scripts")) scripts = 'scripts/plots'
if (!exists("name")) name = 'throughput_http'
load scripts.'/style.gp'
data = dir.'/plots/'.name.'.tsv'
set datafile separator "\t"
# A row of the data: 1 model, 2 at, 3 value, 4 low, 5 high, 6 state, 7 panel, 8 family, 9 shape, 10 x,
# 11 where the name stands, in one row of each line.
if (!exists("panels")) \
    stats data skip 1 using 7 nooutput; \
    panels = int(STATS_max); \
    do for [p = 1:panels] { eval sprintf("family_%d = 'other'; title_%d = 'panel %d'; names_%d = ''", p, p, p, p) }; \
    longest = 14; x_tics = ''; y_tics = ''; y_grid = ''; x_title = ''; y_title = ''; log_y = 0; \
    stats data skip 1 using 10:3 nooutput; \
    x_low = STATS_min_x; x_high = STATS_max_x; y_low = 0; y_high = STATS_max_y * 1.06; \
    stats data skip 1 using 11 nooutput; \
    if (STATS_max > y_high) { y_high = STATS_max * 1.02 }

# Of curves with hundreds of points fewer do behind.
curves = 0
if (panels > 0) { stats data skip 1 using (strcol(6) eq '' ? 1 : 0) nooutput; curves = STATS_max == 1 }

wide = panels < 3 ? (panels < 1 ? 1 : panels) : longest > 16 ? 2 : 3
high = panels < 1 ? 1 : (panels + wide - 1) / wide
# In units of the SVG: a panel with its title and its labels of x.
each = high == 1 ? 330 : 180
height = above + below + 38 + high * each
left = 74.0; right = 8.0
across = (960 - left - right) / wide

# Beyond the last point there is room for the names.
span = x_high > x_low ? x_high - x_low : 1
names = (14 + 6.2 * longest) / across
if (names > 0.6) names = 0.6
small = 14 + 6.2 * longest > 0.6 * across ? 0.6 * across / (14 + 6.2 * longest) : 1
names_at = x_high + span * 0.06
set xrange [x_low - span * 0.04:x_low - span * 0.04 + span * 1.08 / (1 - names)]
if (log_y) { set logscale y 10; set yrange [y_low * 0.999:y_high] } else { set yrange [y_low:y_high] }
marks = '7 5 9 11 13'
mark(shape) = int(word(marks, int(shape)))
in_panel(p) = column(7) == p && strcol(6) ne 'none' && strcol(3) ne ''
of_shape(p, s) = in_panel(p) && column(9) == s ? column(3) : NaN
behind_it(p) = column(7) != p && strcol(6) ne 'none' && strcol(3) ne '' ? column(3) : NaN
marked(p, s, state) = in_panel(p) && column(9) == s && strcol(6) eq state ? column(3) : NaN
named(p) = column(7) == p && strcol(11) ne '' ? column(11) : NaN
bar(p) = in_panel(p) && strcol(4) ne '' ? column(3) : NaN

set border 0
set tics scale 0
unset key
do for [terminal in terminals] {
    eval value(terminal)
    set multiplot
    eval headline
    set label 104 y_title at screen 0.0125, screen 1 - (above + 8.0) / height left font font.',10' textcolor rgb '#222222'
    set label 105 x_title at screen 1 - right / 960, screen (below + 8.0) / height right font font.',10' textcolor rgb '#222222'
    if (panels == 0) { set label 106 'no valid point to draw' at screen 0.5, screen 0.5 center; set xrange [0:1]; set yrange [0:1]; unset logscale; unset grid; unset tics; plot NaN notitle }
    do for [p = 1:panels] {
        column_of = (p - 1) % wide
        row_of = (p - 1) / wide
        top = above + 22 + row_of * each
        set lmargin at screen (left + column_of * across) / 960
        set rmargin at screen (left + (column_of + 1) * across - 10) / 960
        set tmargin at screen 1 - (top + 20.0) / height
        set bmargin at screen 1 - (top + each - 30.0) / height
        if (column_of == 0) { eval "set ytics (".y_tics.") font font.',10'" } else { eval "set ytics (".y_grid.")" }
        eval "set xtics (".x_tics.") offset 0, 0.4 font font.',10'"
        tone = colour_of(value(sprintf('family_%d', p)))
        set label 110 bold(value(sprintf('title_%d', p))) at graph 0, graph 1 offset character 0, 0.7 left font font.',11' textcolor rgb tone
        plot \
            data skip 1 every (curves ? 3 : 1) using 10:(behind_it(p)) with lines lc rgb behind lw 1, \
            data skip 1 using 10:(bar(p)):4:5 with yerrorbars lc rgb tone lw 1.2 pt -1 ps 0, \
            for [s = 1:5] data skip 1 using 10:(of_shape(p, s)) with lines lc rgb tone lw 2 dt s, \
            for [s = 1:5] data skip 1 using 10:(marked(p, s, 'valid')) with points pt mark(s) ps 0.8 lc rgb tone, \
            for [s = 1:5] data skip 1 using 10:(marked(p, s, 'generator-limited')) with points pt mark(s) ps 1 lc rgb 'white', \
            for [s = 1:5] data skip 1 using 10:(marked(p, s, 'generator-limited')) with points pt mark(s) - 1 ps 1 lw 1.6 lc rgb tone, \
            data skip 1 using 10:(in_panel(p) && strcol(6) eq 'starves' ? column(3) : NaN) with points pt 2 ps 0.9 lw 2 lc rgb tone, \
            data skip 1 using 10:(named(p) == named(p) ? column(3) : NaN):(names_at - column(10)):(column(11) - column(3)) with vectors nohead lc rgb tone lw 0.6 dt 3, \
            data skip 1 using (names_at):(named(p)):(in_label(value(sprintf('names_%d', p)), column(9), strcol(1))) with labels left offset character 0.3, 0 font sprintf('%s,%d', font, 10 * small + 0.5) textcolor rgb tone
        unset label 101
        unset label 102
        unset label 103
        unset label 104
        unset label 105
        unset label 110
    }
    unset multiplot
    unset output
}
