# Throughput against connections.
if (!exists("scripts")) scripts = 'scripts/plots'
if (!exists("name")) name = 'throughput_'.(exists("protocol") ? protocol : 'http')
load scripts.'/style.gp'
set title heading('Throughput against connections')
set ylabel 'thousand answers per second'
scale = 1e-3
set yrange [0:*]
metric = 'rate'
load scripts.'/series.gp'
