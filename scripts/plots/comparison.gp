# Our models beside servers of others that wait as they do: requests per second, a row a server, a
# panel for each number of connections. On a logarithmic axis, since they lie far apart; the dotted
# line is our model, so what lies to its left is slower.
if (!exists("scripts")) scripts = 'scripts/plots'
if (!exists("name")) name = 'comparison_http'
load scripts.'/style.gp'
data = dir.'/plots/'.name.'.tsv'
of_data = "LC_ALL=C awk -F'\t' 'NR > 1 %s' ".quoted(data)
panels = system(sprintf(of_data, "&& !seen[$4]++ { print $4 }").' | LC_ALL=C sort -n')
last = int(system(sprintf(of_data, "{ n = $1 } END { print n }")))
# Row, kind and name of each server, one after the other; ours are bold.
servers = system(sprintf(of_data, "&& !seen[$1]++ { print $1, $2, $3 }"))
row(i) = real(word(servers, 3 * i - 2))
name_of(i) = in_tic(plain(word(servers, 3 * i)))
tic(i) = word(servers, 3 * i - 1) eq 'ours' ? '{/:Bold '.name_of(i).'}' : name_of(i)
drawn = system(sprintf(of_data, "&& $5 != \"\" { if (!n++ || $6 < low) low = $6; if ($7 > high) high = $7 } END { print (n ? low : 1), (n ? high : 10) }"))

# Whole steps of 1, 2, 5 around what is drawn.
round_down(v) = 10 ** floor(log10(v)) * (v / 10 ** floor(log10(v)) >= 5 ? 5 : v / 10 ** floor(log10(v)) >= 2 ? 2 : 1)
set logscale x 10
set xrange [round_down(real(word(drawn, 1)) * 0.95) * 0.9:real(word(drawn, 2)) * 1.25]
set xtics ('100' 1e2, '1 k' 1e3, '10 k' 1e4, '100 k' 1e5, '1 M' 1e6)
do for [k = 2:5] { do for [j = 2:9] { set xtics add ('' j * 10 ** k 1) } }
do for [k = 2:5] { do for [j in '2 5'] { set xtics add (j.(k == 2 ? '00' : k == 3 ? ' k' : k == 4 ? '0 k' : '00 k') real(j) * 10 ** k 0) } }
set xtics font ',10' rotate by -40
set yrange [last + 0.7:0.3]
set_names = "set ytics ('' 0) scale 0; do for [s = 1:words(servers) / 3] { set ytics add (tic(s) row(s)) }"
unset key
set grid noytics
is(p, k) = column(4) == p && strcol(2) eq k
at(p, k, v) = is(p, k) && strcol(8) eq v ? column(5) : NaN
crossed(p, k) = at(p, k, 'crossed')

wide = words(panels)
height = above + below + 130 + 24 * last
set datafile separator "\t"
ours_colour = blue; external_colour = red
do for [terminal in terminals] {
    eval value(terminal)
    set multiplot
    eval headline
    do for [i = 1:wide] {
        p = int(word(panels, i))
        set lmargin at screen 0.2 + (i - 1) * 0.78 / wide + (i > 1 ? 0.015 : 0)
        set rmargin at screen 0.2 + i * 0.78 / wide - 0.01
        set tmargin at screen 1 - (above + 34.0) / height
        set bmargin at screen (below + 66.0) / height
        set title connections(p) offset 0, -0.6
        set xlabel 'requests per second' offset 0, 0.3 font font.',10'
        if (i == 1) { eval set_names } else { set ytics ('' 0) scale 0 }
        plot \
            data skip 1 using (is(p, 'ours') && strcol(5) ne '' ? column(5) : NaN):1:(0):(column(9) - column(1) + 0.4) with vectors nohead lc rgb ours_colour lw 1 dt 3, \
            data skip 1 using (is(p, 'external') && strcol(5) ne '' ? column(5) : NaN):1:6:7 with xerrorbars lc rgb external_colour lw 1.6 pt -1 ps 0, \
            data skip 1 using (is(p, 'ours') && strcol(5) ne '' ? column(5) : NaN):1:6:7 with xerrorbars lc rgb ours_colour lw 1.6 pt -1 ps 0, \
            data skip 1 using (at(p, 'external', 'valid')):1 with points pt 13 ps 1.1 lc rgb external_colour, \
            data skip 1 using (at(p, 'external', 'generator-limited')):1 with points pt 12 ps 1.3 lw 1.6 lc rgb external_colour, \
            data skip 1 using (at(p, 'ours', 'valid')):1 with points pt 7 ps 1.1 lc rgb ours_colour, \
            data skip 1 using (at(p, 'ours', 'generator-limited')):1 with points pt 6 ps 1.3 lw 1.6 lc rgb ours_colour, \
            data skip 1 using (crossed(p, 'ours')):1 with points pt 2 ps 1.1 lw 2.4 lc rgb ours_colour, \
            data skip 1 using (crossed(p, 'external')):1 with points pt 2 ps 1.1 lw 2.4 lc rgb external_colour
        unset label 101
        unset label 102
        unset label 103
    }
    unset multiplot
    unset output
}
