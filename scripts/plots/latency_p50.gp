# Median latency against connections.
if (!exists("scripts")) scripts = 'scripts/plots'
if (!exists("name")) name = 'latency_p50_'.(exists("protocol") ? protocol : 'http')
load scripts.'/style.gp'
set title heading('Median latency against connections')
set ylabel 'p50 latency'
starving = 0
lowest = least_of('p50_us_low')
eval y_latency
metric = 'p50_us'
load scripts.'/series.gp'
