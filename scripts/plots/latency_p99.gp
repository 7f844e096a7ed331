# p99 latency against connections.
if (!exists("scripts")) scripts = 'scripts/plots'
if (!exists("name")) name = 'latency_p99_'.(exists("protocol") ? protocol : 'http')
load scripts.'/style.gp'
set title heading('p99 latency against connections')
set ylabel 'p99 latency'
starving = 0
lowest = least_of('p99_us_low')
eval y_latency
metric = 'p99_us'
load scripts.'/series.gp'
