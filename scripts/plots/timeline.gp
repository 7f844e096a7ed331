# Answers in steps of 10 ms, a lane a server, over the time of an event: iomodels run crash, hog, slow-clients.
# Each lane is drawn in parts of its own mean before the event, so that one sees who stops, not who is
# fast. The words come from finding.txt: the finding, then a line for each server.
if (!exists("dir")) dir = '.'
# Which experiment: the driver says so by the picture's name, timeline_EXPERIMENT.
if (!exists("protocol")) protocol = exists("name") ? name[strlen('timeline_') + 1:*] : 'crash'
if (!exists("point")) point = 64
if (!exists("scripts")) scripts = 'scripts/plots'
if (!exists("name")) name = 'timeline_'.protocol
quoted(path) = "'".path."'"
words_file = quoted(dir.'/finding.txt')
data = quoted(dir.'/timeline.csv')
set encoding utf8
font = 'DejaVu Sans'
plain(s) = strlen(s) == 0 ? '' : (strstrt('{}^_@&~\', s[1:1]) > 0 ? '\' : '').s[1:1].plain(s[2:*])
line_of(n, field) = system(sprintf("LC_ALL=C awk -F'\t' 'NR == %d { print $%d }' %s", n, field, words_file))
lanes = int(system(sprintf("LC_ALL=C awk 'END { print NR - 1 }' %s", words_file)))
# The finding in two lines where it is long.
folded = sprintf("LC_ALL=C sed -n 1p %s | fold -s -w 104", words_file)
heads = int(system(folded.' | wc -l'))
title = ''
do for [k = 1:heads] { title = title.(k > 1 ? "\n" : '').'{/:Bold '.plain(system(folded.sprintf(" | sed -n %dp", k))).'}' }
event = protocol eq 'crash' ? 'the crash' : protocol eq 'hog' ? 'the hog comes' : 'slow clients come'
under = sprintf('%d clients ask again and again; answers in 10 ms, as a part of the mean before %s; red: requests that failed', point, protocol eq 'crash' ? 'the crash' : protocol eq 'hog' ? 'the hog' : 'the slow clients')

rows_of = "LC_ALL=C awk -F, -v lane=%d 'FNR == NR { if (FNR == lane + 1) { split($0, part, \"\t\"); is = part[1] } next } { line = $0; server = $1; if (substr(line, 1, 1) == \"\\\"\") { line = substr(line, 2); at = index(line, \"\\\"\"); server = substr(line, 1, at - 1); line = substr(line, at + 1) } else line = substr(line, length($1) + 1); if (server == is) print substr(line, 2) }' %s %s"
rows(lane) = sprintf(rows_of, lane, words_file, data)
mean_of(lane) = real(system(rows(lane)." | LC_ALL=C awk -F, '$1 <= 0 { n++; s += $2 } END { print (n && s ? s / n : 1) }'"))
limits = system(sprintf("LC_ALL=C awk 'NR > 1 { sub(/^(\"[^\"]*\"|[^,]*),/, \"\"); split($0, p, \",\"); t = p[1] + 0; if (!n++ || t < low) low = t; if (t > high) high = t } END { print low - 0.01, high + 0 }' %s", data))
array mean[lanes]
do for [k = 1:lanes] { mean[k] = mean_of(k) }

height = 80 + 20 * heads + 40 * lanes + 46
unset key
set datafile separator ','
set xrange [real(word(limits, 1)):real(word(limits, 2))]
set yrange [0:2]
set border 1 lc rgb '#999999' lw 0.8
set tics out scale 0.5 nomirror textcolor rgb '#222222'
unset ytics
cairo = 'pngcairo'
terminals = strstrt(GPVAL_TERMINALS, cairo) > 0 ? 'png svg' : 'svg'
if (terminals eq 'svg') printerr 'no PNG: this gnuplot has no terminal '.cairo
png = sprintf("set terminal ".cairo." size 1200,%d font '%s,13' background rgb 'white'; set output '%s/plots/%s.png'", height * 5 / 4, font, dir, name)
svg = sprintf("set terminal svg size 960,%d dynamic font '%s,12' background rgb 'white' name '%s'; set output '%s/plots/%s.svg'", height, font, name, dir, name)
at(y) = 1 - real(y) / height
do for [terminal in terminals] {
    eval value(terminal)
    set multiplot
    set label 1 title at screen 0.02, at(22) left
    set label 2 plain(under) at screen 0.02, at(22 + 20 * heads) left textcolor rgb '#444444' font ',10'
    do for [k = 1:lanes] {
        top = 60 + 20 * heads + 40 * (k - 1)
        set tmargin at screen at(top)
        set bmargin at screen at(top + 34)
        set lmargin at screen 0.21
        set rmargin at screen 0.59
        set label 3 plain(line_of(k + 1, 1)) at screen 0.20, at(top + 24) right
        set label 4 plain(line_of(k + 1, 2)) at screen 0.60, at(top + 24) left font ',9' textcolor rgb '#444444'
        set arrow 1 from 0, graph 0 to 0, graph 1 nohead lc rgb '#222222' lw 1 dt 2 front
        if (k == 1) { set label 5 event at 0, graph 1.2 center font ',10' } else { unset label 5 }
        if (k == lanes) { set xtics format '%g s'; set xlabel 'time' offset 0, 0.4 } else { set xtics format ''; unset xlabel }
        plot '< '.rows(k) using 1:(column(2) / mean[k]) with fillsteps fs solid 0.75 noborder lc rgb '#0072B2', \
             '< '.rows(k) using 1:(column(3) > 0 ? 1.7 : NaN) with points pt 7 ps 0.35 lc rgb '#D55E00'
        unset label 1
        unset label 2
    }
    unset multiplot
    unset output
}
