"""requests in a pool of processes. First: as many as there are CPUs, and map(), which hands out
chunks. Tuned: C processes, a Session for each, one URL at a time; never more than 100 processes,
each of which is a whole Python."""

import multiprocessing
import os

import requests

from job import Job

MOST = 100
session = None


def get_first(url):
    r = requests.get(url)
    return r.status_code, r.content


def make_session():
    global session
    session = requests.Session()


def get(url):
    r = session.get(url, timeout=60)
    return r.status_code, r.content


job = Job()
if job.first:
    pool, at_once = multiprocessing.Pool(), os.cpu_count()
else:
    at_once = min(job.concurrency, MOST)
    pool = multiprocessing.Pool(at_once, initializer=make_session)
with pool:
    job.start()
    for status, body in (pool.map(get_first, job.urls) if job.first
                         else pool.imap_unordered(get, job.urls, chunksize=1)):
        job.check(status, body)
    job.end(at_once)
