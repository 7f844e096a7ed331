# The one style of all pictures. A script sets `name`'s default, loads this, says what its axes are
# and plots; see throughput.gp for the pattern.
#
# Variables that `iomodels plot` gives, with defaults so that a script can be run by hand:
#     gnuplot -e "dir='results/reference'; protocol='http'" scripts/plots/throughput.gp
#   dir       the run directory
#   scripts   where this file is
#   protocol  http or echo
#   models    the models to draw, separated by spaces
#   cores     "server on 1 CPU, load generator on 1"
#   point     value on the axis at which models are compared
#   axis      what is swept, as the column `axis` names it; axis_title, point_text: in words
#   name      of the files written: DIR/plots/NAME.svg and .png
#   omitted   1: servers of others are left out here, as they would be too many

if (!exists("protocol")) protocol = 'http'
if (!exists("cores")) cores = ''
if (!exists("point")) point = 64
if (!exists("axis")) axis = 'connections'
if (!exists("axis_title")) axis_title = 'connections, all busy'
if (!exists("point_text")) point_text = sprintf('%d connection%s', point, point == 1 ? '' : 's')
if (!exists("omitted")) omitted = 0
summary = dir.'/summary.csv'
# A path for the shell, whatever is in it but a single quote (which no string here could hold).
quoted(path) = "'".path."'"
rows = quoted(summary)
if (!exists("models")) models = system("LC_ALL=C awk -F, -v p=".protocol." '$2 == p && !seen[$3]++ { printf \"%s \", $3 }' ".rows)

set encoding utf8
set datafile separator ','
set datafile commentschars ''

# A name as text of a picture, without the meaning that gnuplot's enhanced text gives some characters;
# and as the text of a tic, which is a format besides.
plain(s) = strlen(s) == 0 ? '' : (strstrt('{}^_@&~\', s[1:1]) > 0 ? '\' : '').s[1:1].plain(s[2:*])
in_tic(s) = strlen(s) == 0 ? '' : s[1:1].(s[1:1] eq '%' ? '%' : '').in_tic(s[2:*])

# --- A colour, a mark and a dash for each model, the same in every picture --------------------
# Colours after Okabe and Ito, "Color Universal Design" (2008), which remain distinct with the
# common kinds of colour blindness; their yellow is left out, being too light for a line on white.
# models.csv gives each name its style. Models of one family share a colour group, and the servers of
# others that wait alike do so too; no two share colour, mark and dash. Names not known there take the
# spare styles by their place in this run.
black = '#000000'; grey = '#777777'; orange = '#E69F00'; sky = '#56B4E9'; green = '#009E73'
blue = '#0072B2'; red = '#D55E00'; pink = '#CC79A7'; brown = '#8C510A'; violet = '#6A3D9A'

# Filled marks of gnuplot; each has its hollow twin one number before it.
square = 5; circle = 7; up = 9; down = 11; diamond = 13; pentagon = 15

known = ' '
styles = ''
stats scripts.'/models.csv' skip 1 using \
    (known = known.strcol(1).' ', styles = styles.strcol(3).','.strcol(4).','.strcol(5).' ', 0) nooutput
spare = 'blue,pentagon,3 sky,square,3 orange,diamond,3'. \
        ' pink,circle,3 red,up,3 black,down,3'
listed = words(known)
all = listed + words(spare)
array colour[all]; array mark[all]; array dashes[all]
i = 0
do for [s in styles.spare] {
    i = i + 1
    first = strstrt(s, ',')
    rest = s[first + 1:]
    second = strstrt(rest, ',')
    colour[i] = value(s[:first - 1])
    mark[i] = value(rest[:second - 1])
    dashes[i] = int(rest[second + 1:])
}
place(m) = strstrt(known, ' '.m.' ')
slot(m, i) = place(m) > 0 ? words(known[1:place(m)]) + 1 : listed + 1 + (i - 1) % words(spare)
do for [k = 1:all] {
    set style line k lc rgb colour[k] lw 2 dt dashes[k] pt mark[k] ps 0.9
    # Spread bars, and the hollow twin for points that the load generator limits: somewhat larger,
    # so that a bar does not hide it. And the cross of points that starve connections.
    set style line 100 + k lc rgb colour[k] lw 1.6 dt 1 pt mark[k] - 1 ps 1.3
    set style line 200 + k lc rgb colour[k] lw 2.4 dt 1 pt 2 ps 1.1
}

# --- What is drawn of a row ----------------------------------------------------------------------
# Marks that would lie on one another are moved apart: each model by some hundredths of x, by less
# where they are many, so that the points of one x stay together.
apart = words(models) > 9 ? 1.36 ** (1.0 / words(models)) : 1.035
dodge(i) = apart ** (i - (words(models) + 1) / 2.0)
# Connections stand where their number is. The values of another axis may begin at 0, so they stand side
# by side in their order; without end is behind the largest.
by_number = axis eq 'connections'
at_column = by_number ? '$4' : '$NF'
in_order = "LC_ALL=C awk -F, -v p=%s 'NR > 1 && $2 == p { print %s }' %s | LC_ALL=C sort -nu | awk '%s { print; next } { last = $0 } END { print last }' | tr '\n' ' '"
values = by_number ? '' : system(sprintf(in_order, protocol, at_column, rows, axis eq 'churn' ? '$1 > 0' : '1')).' '
place_of(v) = 2.0 ** words((' '.values)[1:strstrt(' '.values, ' '.v.' ')])
x_of(m) = by_number ? column('connections') : place_of(strcol('at'))
x(m, i) = mine(m) ? x_of(m) * dodge(i) : NaN
# INVALID points have no figures in summary.csv, so they are drawn nowhere and the line breaks
# there. A script may set `scale` (a factor), `least` (figures below are drawn there), `fewest`
# (connections from which it draws) and `starving` (0: points that leave connections without any
# answer are not drawn, since latencies are those of the others alone; 1: they are a cross).
scale = 1
least = -1e300
fewest = 0
starving = 1
mine(m) = strcol('protocol') eq protocol && strcol('model') eq m && \
    column('connections') >= fewest && (starving || column('starves') == 0)
at_least(v) = v < least ? least : v
line(m, c) = mine(m) ? at_least(column(c) * scale) : NaN
bar(m, c) = line(m, c)
marked(m, v) = mine(m) && column('starves') == 0 && strcol('verdict') eq v
filled(m, c) = marked(m, 'valid') ? line(m, c) : NaN
hollow(m, c) = marked(m, 'generator-limited') ? line(m, c) : NaN
cross(m, c) = mine(m) && column('starves') == 1 ? line(m, c) : NaN

# What the key says of a model: that it has points which are not drawn; in the picture of one
# number of connections, `n`, only what holds there. Each name stands between spaces.
among(names, m) = strstrt(names, ' '.m.' ') > 0
of_rows = "LC_ALL=C awk -F, -v p=%s 'NR > 1 && $2 == p && %s && !seen[$3]++ { printf \" %%s \", $3 }' %s"
models_where(what) = system(sprintf(of_rows, protocol, what, rows))
starve = models_where('$9 == 1')
starve_at_point = models_where(sprintf('$9 == 1 && %s == %d', at_column, point))
limited_at_point = models_where(sprintf('$8 == "generator-limited" && %s == %d', at_column, point))
left_out = ' (starves: not drawn)'
label(m) = plain(m).(!starving && among(starve, m) ? left_out : '')
label_at_point(m) = plain(m).(among(starve_at_point, m) ? left_out : \
    among(limited_at_point, m) ? ' (generator-limited)' : '')

# Rows that are drawn and meet a condition of awk, such as a figure in column `c`: a picture
# without any says so instead of failing.
of_drawn = "LC_ALL=C awk -F, -v p=%s -v c=%s -v least=%d -v starving=%d 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i } NR > 1 && $2 == p && $4 >= least && (starving || $9 == 0) && $at[c] != \"\" %s' %s"
ask(c, what) = system(sprintf(of_drawn, protocol, c, fewest, starving, what, rows))
rows_where(c, what) = int(ask(c, '&& '.what.' { n++ } END { print n + 0 }'))
rows_of(c) = rows_where(c, '1')
least_of(c) = real(ask(c, '&& (!n++ || $at[c] < m) { m = $at[c] + 0 } END { print m + 0 }'))
empty_paper = "\
unset logscale; unset xtics; unset ytics; set xrange [0:1]; set yrange [0:1]; \
set label 1 'no valid point to draw' at graph 0.5, graph 0.5 center"

# --- Paper ---------------------------------------------------------------------------------------
font = 'DejaVu Sans'
set border 3 lc rgb '#444444' lw 1
set tics nomirror out scale 0.6 textcolor rgb '#222222'
set grid xtics ytics lt 1 lc rgb '#CFCFCF' lw 0.8 dt 1
set key outside right top Left reverse maxcols 1 samplen 2.5 spacing (words(models) > 12 ? 1.1 : 1.25) noautotitle
set bars 0.5
set style textbox noborder

service = protocol eq 'http' ? 'HTTP/1.1 keep-alive' : 'echo'
repetitions = int(system("LC_ALL=C awk -F, 'NR > 1 && $5 > n { n = $5 } END { print n + 0 }' ".rows))
spread = sprintf('medians of %d, bars: %s', repetitions, repetitions < 6 ? 'lowest to highest' : '95 % CI')
note = (axis eq 'rate' || axis eq 'load' ? 'open loop' : 'closed loop').(cores eq '' ? '' : '; '.cores).'; '
others = omitted ? "\n{/*0.75 servers of others: see the comparison}" : ''
heading(what) = sprintf("{/:Bold %s}\n{/*0.75 %s; %s}%s", what, service, note.spread, others)

connections(n) = n == point ? point_text : axis eq 'connections' ? sprintf('%d connection%s', n, n == 1 ? '' : 's') : sprintf('%s: %d', axis_title, n)

# The axis that most pictures share. Its labels are the points measured; of two that would touch
# (select's 1000 beside 1024) the larger.
find_points = "LC_ALL=C awk -F, -v p=%s -v least=%d 'NR > 1 && $2 == p && $4 >= least { print $4 }' %s | LC_ALL=C sort -nu | LC_ALL=C awk 'function tick(n) { return sprintf(\"\\\"%%s\\\" %%d\", n >= 10000 && n %% 1000 == 0 ? n / 1000 \"k\" : n, n) } { if (last && $1 / last >= 1.3) printf \"%%s, \", tick(last); last = $1 } END { printf \"%%s\", tick(last) }'"
value_text(v) = v eq '0' && axis eq 'churn' ? '∞' : axis eq 'transport' ? (v eq '0' ? 'tcp' : 'unix') : v
value_tics = ''
do for [v in values] { value_tics = value_tics.(value_tics eq '' ? '' : ', ').sprintf("'%s' %g", value_text(v), place_of(v)) }
x_connections = "\
x_labels = 'set xtics ('.(by_number ? system(sprintf(find_points, protocol, fewest, rows)) : value_tics).')'; \
eval x_labels; \
set logscale x 2; \
set xlabel axis_title; \
set offsets graph 0.02, graph 0.02, 0, 0"

# Latency in microseconds on a logarithmic axis, labelled as one says it. The axis begins a hair
# below the decade under `lowest`: one that begins right at a decade loses its label to rounding.
y_latency = "\
set logscale y 10; \
set yrange [10 ** floor(log10(lowest > 0 ? lowest : 1)) * 0.999:]; \
set ytics ('1 µs' 1, '10 µs' 10, '100 µs' 1e2, '1 ms' 1e3, '10 ms' 1e4, '100 ms' 1e5, '1 s' 1e6, '10 s' 1e7); \
do for [k = 0:6] { do for [j = 2:9] { set ytics add ('' j * 10 ** k 1) } }"

# Draw `plotting` (text of a plot command) to both files.
# A gnuplot without cairo draws the SVG alone, and says so.
cairo = 'pngcairo'
terminals = strstrt(GPVAL_TERMINALS, cairo) > 0 ? 'png svg' : 'svg'
if (terminals eq 'svg') printerr 'no PNG: this gnuplot has no terminal '.cairo
# Taller where the key would not fit.
taller = words(models) > 20 ? 20 * (words(models) - 20) : 0
png = sprintf("set terminal ".cairo." size 1200,%d font '%s,14' background rgb 'white'; set output '%s/plots/%s.png'", 675 + taller * 5 / 4, font, dir, name)
svg = sprintf("set terminal svg size 960,%d dynamic font '%s,13' background rgb 'white' name '%s'; set output '%s/plots/%s.svg'", 540 + taller, font, name, dir, name)
