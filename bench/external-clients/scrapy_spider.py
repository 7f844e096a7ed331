"""A Scrapy spider without a project. First: its own settings, 16 requests at once and 8 of one domain.
Tuned: C of both. Measured within the spider: the process ends later, after an idle check."""

import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.settings import default_settings

from job import Job

job = Job()
settings = {"LOG_ENABLED": False, "TELNETCONSOLE_ENABLED": False}
at_once = min(default_settings.CONCURRENT_REQUESTS, default_settings.CONCURRENT_REQUESTS_PER_DOMAIN)
if not job.first:
    at_once = job.concurrency
    settings |= {"CONCURRENT_REQUESTS": at_once, "CONCURRENT_REQUESTS_PER_DOMAIN": at_once,
                 "RETRY_ENABLED": False, "COOKIES_ENABLED": False}


class Spider(scrapy.Spider):
    name = "job"

    def start_requests(self):
        job.start()
        for url in job.urls:
            yield scrapy.Request(url, dont_filter=not job.first)

    def parse(self, response):
        job.check(response.status, response.body)
        if job.ok + job.corrupt == job.requests:
            job.end(at_once)


process = CrawlerProcess(settings)
process.crawl(Spider)
process.start()
