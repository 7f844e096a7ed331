"""pycurl's CurlMulti, as its example retriever-multi.py: handles that are used again. First: 10 of
them, as there. Tuned: C. select() waits: a descriptor above 1,023 is beyond it."""

from io import BytesIO

import pycurl

from job import Job

job = Job()
count = min(10 if job.first else job.concurrency, job.requests)
multi = pycurl.CurlMulti()
multi.setopt(pycurl.M_MAXCONNECTS, count)
handles = [pycurl.Curl() for _ in range(count)]
for handle in handles:
    handle.setopt(pycurl.NOSIGNAL, 1)
    handle.setopt(pycurl.TIMEOUT, int(job.timeout))

job.start()
queue, idle, done = iter(job.urls), list(handles), 0
while done < job.requests:
    while idle and (url := next(queue, None)):
        handle = idle.pop()
        handle.body = BytesIO()
        handle.setopt(pycurl.URL, url)
        handle.setopt(pycurl.WRITEDATA, handle.body)
        multi.add_handle(handle)
    while multi.perform()[0] == pycurl.E_CALL_MULTI_PERFORM:
        pass
    left = 1
    while left:
        left, good, bad = multi.info_read()
        for handle, _, message in bad:
            raise SystemExit(message)
        for handle in good:
            job.check(handle.getinfo(pycurl.RESPONSE_CODE), handle.body.getvalue())
            multi.remove_handle(handle)
            idle.append(handle)
            done += 1
    if not idle or done + len(handles) - len(idle) >= job.requests:
        multi.select(1.0)
job.end(at_once=count)
