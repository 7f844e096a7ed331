"""Workers without a framework: threads, each with a connection to the broker of its own, which takes a job,
does it, and acknowledges it.

    worker.py QUEUE THREADS NAME

QUEUE is one of queues.py; NAME is another for each process."""

import sys
import threading

import queues
import work


def serve(queue, name):
    with queue.consumer(name) as consumer:
        while True:
            handle, job = consumer.take()
            work.do(*job)
            consumer.done(handle)


def main():
    queue = queues.by_name(sys.argv[1])
    threads = [threading.Thread(target=serve, args=(queue, f"{sys.argv[3]}-{i}"), daemon=True)
               for i in range(int(sys.argv[2]))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    sys.exit("no thread is left")


main()
