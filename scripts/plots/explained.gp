# Where the CPU time of a request goes: a bar a server, stacked of the parts of the cost model; the mark
# is what was measured.
if (!exists("scripts")) scripts = 'scripts/plots'
if (!exists("name")) name = 'explained_http'
load scripts.'/style.gp'
data = dir.'/plots/'.name.'.tsv'
of_data = "LC_ALL=C awk -F'\t' 'NR > 1 %s' ".quoted(data)
last = int(system(sprintf(of_data, "{ n = $1 } END { print n }")))
widest = real(system(sprintf(of_data, "{ for (i = 11; i <= 14; i++) if ($i + 0 > m) m = $i + 0 } END { print m }")))
servers = system(sprintf(of_data, "{ print $2 }"))
set ytics ('' 0)
do for [i = 1:last] { set ytics add (in_tic(plain(word(servers, i))) i) }
set ytics scale 0 font font.',11'
set xtics font font.',10'
set yrange [last + 0.7:0.3]
set xrange [0:widest * 1.04]
set xlabel 'CPU µs per request, user + kernel' offset 0, 0.3 font font.',10'
set grid noytics xtics front
unset key

# In the order of the columns, from the third on.
parts = "'TCP, copying' 'entering the kernel' 'waiting calls' 'switching' 'waking' 'session' 'page faults'"
part_colours = '#0072B2 #E69F00 #009E73 #D55E00 #CC79A7 #999999 #8C510A #F0E442'
asked = real(system(sprintf(of_data, "{ n += $10 } END { print n }")))
if (asked > 0) { parts = parts." 'asked for'" }
part_colour(k) = word(part_colours, k)
# A bar with a white edge ends visibly for whoever does not tell the colours apart.
set style fill solid 1 border rgb 'white'
sum_to(k) = k < 1 ? 0 : sum [j = 1:k] column(2 + j)
has(k) = column(2 + k) > 0 ? 1 : NaN

height = above + below + 126 + 26 * last
set tmargin at screen 1 - (above + 8.0) / height
set bmargin at screen (below + 108.0) / height
longest = 0
do for [i = 1:last] { longest = strlen(word(servers, i)) > longest ? strlen(word(servers, i)) : longest }
set lmargin at screen (longest > 15 ? 9.5 * longest + 12 : 150.0) / 960
set rmargin at screen 1 - 20.0 / 960
set datafile separator "\t"
set key at screen 0.5, screen (below + 50.0) / height center top horizontal Left reverse maxcols 8 maxrows 2 samplen 1.2 spacing 1.1 font font.',10' noautotitle
set bars 0.4
do for [terminal in terminals] {
    eval value(terminal)
    eval headline
    plot \
        for [k = 1:words(parts)] data skip 1 using (0.5 * (sum_to(k - 1) + sum_to(k)) * has(k)):1:(sum_to(k - 1)):(sum_to(k)):($1 - 0.36):($1 + 0.36) with boxxyerror lw 0.6 fc rgb part_colour(k) title word(parts, k), \
        data skip 1 using 12:1:13:14 with xerrorbars lc rgb 'black' lw 1.4 pt -1 ps 0, \
        data skip 1 using 12:1 with points pt 13 ps 1.5 lc rgb 'white', \
        data skip 1 using 12:1 with points pt 13 ps 1.1 lc rgb 'black' title 'measured'
    unset output
}
