# The ranking at one point: a dot a model with the interval of its figure, the fastest first. A bracket
# holds those that share a rank.
#
# The driver gives models (how many), names, x_high, x_tics.
if (!exists("scripts")) scripts = 'scripts/plots'
if (!exists("name")) name = 'ranking_http'
load scripts.'/style.gp'
if (!exists("names")) names = ''
data = dir.'/plots/'.name.'.tsv'
set datafile separator "\t"
# A row of the data: 1 row, 2 rank, 3 last row of the rank, 4 model, 5 family, 6 state, 7 rate, 8 low,
# 9 high, 10 the rate as text.
if (!exists("models")) \
    stats data skip 1 using 1:7 nooutput; \
    models = int(STATS_max_x); x_high = STATS_max_y * 1.1; x_tics = "'0' 0"

height = above + below + 68 + 21 * models
set lmargin at screen 170.0 / 960
set rmargin at screen 1 - 10.0 / 960
set tmargin at screen 1 - (above + 12.0) / height
set bmargin at screen (below + 46.0) / height
# To the right of the dots there are their figures and the brackets.
figures = x_high * 1.1
stem = x_high * 1.14
hook = x_high * 0.012
set xrange [0:x_high * 1.42]
set yrange [models + 0.6:0.4]
eval "set xtics (".x_tics.") scale 0 font font.',10'"
set label 104 'requests per second' at first x_high / 2, graph 0 offset 0, character -2 center font font.',10'
unset ytics
set border 0
unset key
set bars 0.4
ranks(x) = strcol(6) eq 'valid'
colour(x) = ranks(0) ? rgb_of(strcol(5)) : 0x999999
dot(ranked) = ranks(0) == ranked && strcol(7) ne '' ? column(7) : NaN
interval(x) = strcol(8) ne '' ? column(7) : NaN
# A bracket begins at the first row of a rank.
first(v) = strcol(2) ne '' && column(2) == column(1) ? v : NaN
shared(v) = first(v) == first(v) && column(3) > column(1) ? v : NaN
# gnuplot 5.4 crashes where a plot with labels has no point at all: there is an empty text then.
rank(x) = strcol(2) ne '' && column(2) == column(1) && column(3) > column(1) ? sprintf('%d not told apart', column(3) - column(1) + 1) : ''
why(x) = ranks(0) ? '' : strcol(6)
do for [terminal in terminals] {
    eval value(terminal)
    eval headline
    plot \
        data skip 1 using (0):1:(x_high):(0) with vectors nohead lc rgb '#EAEAEA' lw 1, \
        data skip 1 using (interval(0)):1:8:9:(colour(0)) with xerrorbars lc rgb variable lw 1.8 pt -1 ps 0, \
        data skip 1 using (dot(1)):1:(colour(0)) with points pt circle ps 1.1 lc rgb variable, \
        data skip 1 using (dot(0)):1 with points pt circle ps 1.1 lc rgb 'white', \
        data skip 1 using (dot(0)):1:(colour(0)) with points pt circle - 1 ps 1.1 lw 1.6 lc rgb variable, \
        data skip 1 using (0):1:(in_label(names, $1, strcol(4))) with labels right offset character -0.8, 0 font font.',11' textcolor rgb '#111111', \
        data skip 1 using (figures):1:(strcol(10)) with labels right font font.',10' textcolor rgb '#444444', \
        data skip 1 using (stem):(shared($1 - 0.25)):(0):($3 - $1 + 0.5) with vectors nohead lc rgb '#222222' lw 1.6, \
        data skip 1 using (stem):(shared($1 - 0.25)):(-hook):(0) with vectors nohead lc rgb '#222222' lw 1.6, \
        data skip 1 using (stem):(shared($3 + 0.25)):(-hook):(0) with vectors nohead lc rgb '#222222' lw 1.6, \
        data skip 1 using (stem + hook):(strcol(2) ne '' ? 0.5 * ($1 + $3) : $1):(rank(0)) with labels left font font.',11' textcolor rgb '#111111', \
        data skip 1 using (figures + 2 * hook):1:(why(0)) with labels left font font.',10' textcolor rgb '#777777'
    unset output
}
