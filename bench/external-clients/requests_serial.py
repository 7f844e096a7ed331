"""requests, one after the other. First: requests.get(), which has a new Session, so a new connection,
each time. Tuned: one Session."""

import requests

from job import Job

job = Job()
job.start()
if job.first:
    for url in job.urls:
        r = requests.get(url)
        job.check(r.status_code, r.content)
else:
    with requests.Session() as session:
        for url in job.urls:
            r = session.get(url, timeout=job.timeout)
            job.check(r.status_code, r.content)
job.end(at_once=1)
