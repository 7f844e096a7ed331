# Two runs: the ratio B/A of requests per second, a row a model, a panel for each number of
# connections, on a logarithmic axis. What lies to the right is faster in B; the band is the margin
# within which runs are the same. `iomodels compare --plot` gives a, b (the run directories), margin
# and basis (what rates are measured in); DIR/compare.tsv has the points.
if (!exists("scripts")) scripts = 'scripts/plots'
if (!exists("name")) name = 'compare'
load scripts.'/style.gp'
data = dir.'/compare.tsv'
of_data = "LC_ALL=C awk -F'\t' 'NR > 1 %s' ".quoted(data)
panels = system(sprintf(of_data, "&& !seen[$3]++ { print $3 }").' | LC_ALL=C sort -n')
last = int(system(sprintf(of_data, "{ n = $1 } END { print n + 0 }")))
rows_of_data = system(sprintf(of_data, "&& !seen[$1]++ { print $1, $2 }"))
row(i) = real(word(rows_of_data, 3 * i - 2))
tic(i) = in_tic(plain(word(rows_of_data, 3 * i - 1).' '.word(rows_of_data, 3 * i)))
# From what is drawn; never less than the half and the double of the margin.
drawn = system(sprintf(of_data, "&& $4 != \"\" { if (!n++ || $5 < low) low = $5; if (n == 1 || $6 > high) high = $6 } END { print (n ? low : 1), (n ? high : 1) }"))
least = real(word(drawn, 1)) < 1 / (1 + 2 * margin) ? real(word(drawn, 1)) : 1 / (1 + 2 * margin)
most = real(word(drawn, 2)) > 1 + 2 * margin ? real(word(drawn, 2)) : 1 + 2 * margin
if (least < 0.2) least = 0.2
if (most > 5) most = 5

set logscale x 2
set xrange [least / 1.02:most * 1.02]
set xtics (0.2, 0.25, 0.33, 0.5, 0.7, 0.8, 0.9, '1' 1, 1.1, 1.2, 1.5, 2, 3, 4, 5) font ',10' rotate by -40
set yrange [last + 0.7:0.3]
set_names = "set ytics ('' 0) scale 0; do for [s = 1:words(rows_of_data) / 3] { set ytics add (tic(s) row(s)) }"
unset key
set grid noytics
x_of(p, k) = column(3) == p && strcol(7) eq k && strcol(4) ne '' ? column(4) : NaN
any(p) = column(3) == p && strcol(7) ne 'none' && strcol(4) ne '' ? column(4) : NaN

wide = words(panels)
height = 170 + 18 * last
svg = sprintf("set terminal svg size 960,%d dynamic font '%s,13' background rgb 'white' name '%s'; set output '%s/plots/%s.svg'", height, font, name, dir, name)
set datafile separator "\t"
eval svg
set multiplot
set label 1 sprintf("{/:Bold Requests per second, B / A}\n{/*0.75 %s}", basis) at screen 0.5, screen 1 - 22.0 / height center
set label 2 'A: '.plain(a).'   B: '.plain(b) at screen 0.5, screen 1 - 62.0 / height center textcolor rgb '#444444' font ',11'
set label 3 '● faster   ● slower   ◆ same within the margin   ○ cannot tell' at screen 0.5, screen 1 - 80.0 / height center textcolor rgb '#444444' font ',11'
do for [i = 1:wide] {
    p = int(word(panels, i))
    set lmargin at screen 0.2 + (i - 1) * 0.78 / wide + (i > 1 ? 0.015 : 0)
    set rmargin at screen 0.2 + i * 0.78 / wide - 0.01
    set tmargin at screen 1 - 120.0 / height
    set bmargin at screen 50.0 / height
    set title connections(p) offset 0, -0.6
    if (i == 1) { eval set_names } else { set ytics ('' 0) scale 0 }
    set object 1 rectangle from first 1 / (1 + margin), graph 0 to first 1 + margin, graph 1 behind fillcolor rgb grey fillstyle solid 0.2 noborder
    plot \
        data skip 1 using (any(p)):1:5:6 with xerrorbars lc rgb grey lw 1.4 pt -1 ps 0, \
        data skip 1 using (x_of(p, 'open')):1 with points pt circle - 1 ps 0.9 lw 1.4 lc rgb grey, \
        data skip 1 using (x_of(p, 'same')):1 with points pt diamond ps 1 lc rgb black, \
        data skip 1 using (x_of(p, 'better')):1 with points pt circle ps 1 lc rgb green, \
        data skip 1 using (x_of(p, 'worse')):1 with points pt circle ps 1 lc rgb red
    unset label 1
    unset label 2
    unset label 3
}
unset multiplot
unset output
