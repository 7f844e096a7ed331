# The overview: a row a model, a column a point of the sweep. The darker a cell the nearer to the best
# of its column, whose number is 1; outlined cells cannot be told from the best.
#
# The driver gives models and points (how many rows and columns), names, x_tics, x_title.
if (!exists("scripts")) scripts = 'scripts/plots'
if (!exists("name")) name = 'overview_http'
load scripts.'/style.gp'
if (!exists("names")) names = ''
data = dir.'/plots/'.name.'.tsv'
set datafile separator "\t"
# A row of the data: 1 row, 2 column, 3 model, 4 family, 5 value on the axis, 6 relative, 7 rate, 8 low,
# 9 high, 10 text, 11 among the best, 12 and 13: so are the cells above and below.
if (!exists("models")) \
    stats data skip 1 using 1:2 nooutput; \
    models = int(STATS_max_x); points = int(STATS_max_y); x_tics = ''; x_title = ''

# In units of the SVG.
cell = 760.0 / points > 175 ? 175.0 : 760.0 / points
height = above + below + 52 + 23 * models
set lmargin at screen 180.0 / 960
set rmargin at screen (180 + cell * points) / 960
set tmargin at screen 1 - (above + 46.0) / height
set bmargin at screen (below + 6.0) / height
set xrange [0.5:points + 0.5]
set yrange [models + 0.5:0.5]
unset xtics
eval "set x2tics (".x_tics.") scale 0 font font.',11'"
set x2range [0.5:points + 0.5]
set x2label x_title offset 0, -0.2 font font.',10'
unset ytics
unset grid
set border 0
unset key
# From nearly white to dark blue; nothing measured is light grey.
mix(a, b, part) = int(a + (b - a) * part)
shade(v) = (mix(247, 8, v) << 16) + (mix(251, 69, v) << 8) + mix(255, 148, v)
fill(v) = v == v ? shade(v < 0 ? 0 : v > 1 ? 1 : v ** 1.3) : 0xF0F0F0
ink(v) = v == v && v > 0.62 ? 0xFFFFFF : v == v ? 0x222222 : 0x888888
relative(x) = strcol(6) ne '' ? column(6) : NaN
best(v) = column(11) == 1 ? v : NaN
edge_above(v) = column(11) == 1 && column(12) == 0 ? v : NaN
edge_below(v) = column(11) == 1 && column(13) == 0 ? v : NaN
do for [terminal in terminals] {
    eval value(terminal)
    eval headline
    plot \
        data skip 1 using 2:1:($2 - 0.5):($2 + 0.5):($1 - 0.5):($1 + 0.5):(fill(relative(0))) with boxxyerror fc rgb variable fs solid 1 border rgb 'white' lw 1, \
        data skip 1 using ($2 - 0.485):(best($1) - 0.48):(0):(0.96) with vectors nohead lc rgb '#E69F00' lw 2.6, \
        data skip 1 using ($2 + 0.485):(best($1) - 0.48):(0):(0.96) with vectors nohead lc rgb '#E69F00' lw 2.6, \
        data skip 1 using ($2 - 0.485):(edge_above($1) - 0.46):(0.97):(0) with vectors nohead lc rgb '#E69F00' lw 2.6, \
        data skip 1 using ($2 - 0.485):(edge_below($1) + 0.46):(0.97):(0) with vectors nohead lc rgb '#E69F00' lw 2.6, \
        data skip 1 using 2:1:(strcol(10)):(ink(relative(0))) with labels textcolor rgb variable font font.',11', \
        data skip 1 using (0.5):1:($2 == 1 ? in_label(names, $1, strcol(3)) : '') with labels right offset character -1.6, 0 font font.',11' textcolor rgb '#111111', \
        data skip 1 using (0.5):1:($2 == 1 ? '■' : ''):(rgb_of(strcol(4))) with labels right offset character -0.4, 0 font font.',11' textcolor rgb variable
    unset output
}
