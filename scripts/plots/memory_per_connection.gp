# Server memory per connection.
#
# On a logarithmic axis, since a process costs a thousand times what a list entry does. A page more
# or less says nothing about one connection, so only points with 16 and more are drawn, and what is
# below 0.1 KiB (noise of either sign) lies on the lowest line.
if (!exists("scripts")) scripts = 'scripts/plots'
if (!exists("name")) name = 'memory_per_connection_'.(exists("protocol") ? protocol : 'http')
load scripts.'/style.gp'
set title heading('Server memory per connection')
set ylabel 'per connection: KiB of proportional memory (PSS)'
set logscale y 10
set ytics ('≤ 0.1' 0.1, '1' 1, '10' 10, '100' 100, '1000' 1000, '10000' 10000)
do for [k = -1:3] { do for [j = 2:9] { set ytics add ('' j * 10.0 ** k 1) } }
least = 0.1
fewest = 16
if (rows_of('pss_kib_per_connection') == 0) fewest = 1
metric = 'pss_kib_per_connection'
set yrange [least * 0.98:]
load scripts.'/series.gp'
