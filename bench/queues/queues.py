"""The queues that workers without a framework are fed by: how a job is put, taken and acknowledged.

`put(jobs)` adds jobs, `left()` is the number of those that nobody has acknowledged, `give_back(name)` returns
what a dead consumer had taken. A consumer's `take()` waits for a job and returns (handle, job), `done(handle)`
acknowledges."""

import contextlib
import json
import socket

import work


class Beanstalk:
    """beanstalkd's text protocol. A job whose consumer is gone is ready again at once."""

    def __init__(self):
        self.file = connect("beanstalkd")

    def put(self, jobs):
        for body in map(encoded, jobs):
            self.file.write(b"put 0 0 600 %d\r\n%s\r\n" % (len(body), body))
            self.file.flush()
            expect(self.file, b"INSERTED")

    def left(self):
        self.file.write(b"stats-tube default\r\n")
        self.file.flush()
        size = int(expect(self.file, b"OK")[1])
        lines = self.file.read(size + 2).decode().splitlines()
        count = {k: v for k, _, v in (line.partition(": ") for line in lines)}
        return sum(int(count[f"current-jobs-{state}"]) for state in ("ready", "reserved", "delayed", "buried"))

    def give_back(self, name):
        pass

    @contextlib.contextmanager
    def consumer(self, _):
        yield BeanstalkConsumer()


class BeanstalkConsumer:
    def __init__(self):
        self.file = connect("beanstalkd")

    def take(self):
        self.file.write(b"reserve\r\n")
        self.file.flush()
        _, handle, size = expect(self.file, b"RESERVED")
        return handle, json.loads(self.file.read(int(size) + 2)[:-2])

    def done(self, handle):
        self.file.write(b"delete %s\r\n" % handle)
        self.file.flush()
        expect(self.file, b"DELETED")


def connect(name):
    s = socket.socket(socket.AF_UNIX)
    s.connect(work.path(name))
    return s.makefile("rwb")


def expect(file, word):
    words = file.readline().split()
    if not words or words[0] != word:
        raise OSError(f"beanstalkd says {b' '.join(words)!r}, not {word!r}")
    return words


def redis_client():
    import redis
    return redis.Redis(unix_socket_path=work.path("redis"))


class RedisList:
    """A list. A consumer moves its job to a list of its own, where the job is found when the consumer dies."""

    def __init__(self):
        self.redis = redis_client()

    def put(self, jobs):
        with self.redis.pipeline(transaction=False) as p:
            for job in jobs:
                p.lpush("jobs", encoded(job))
            p.execute()

    def left(self):
        return self.redis.llen("jobs") + sum(self.redis.llen(key) for key in self.redis.keys("taken:*"))

    def give_back(self, name):
        for key in self.redis.keys(f"taken:{name}-*"):
            while self.redis.lmove(key, "jobs", "RIGHT", "RIGHT"):
                pass

    @contextlib.contextmanager
    def consumer(self, name):
        yield RedisListConsumer(f"taken:{name}")


class RedisListConsumer:
    def __init__(self, own):
        self.redis, self.own = redis_client(), own

    def take(self):
        body = self.redis.blmove("jobs", self.own, 0, "RIGHT", "LEFT")
        return body, json.loads(body)

    def done(self, handle):
        self.redis.lrem(self.own, 1, handle)


class RedisPop(RedisList):
    """The list as it is first written: a job that was taken is nowhere but in its consumer."""

    def left(self):
        return self.redis.llen("jobs")

    def give_back(self, name):
        pass

    @contextlib.contextmanager
    def consumer(self, _):
        yield RedisPopConsumer()


class RedisPopConsumer:
    def __init__(self):
        self.redis = redis_client()

    def take(self):
        return None, json.loads(self.redis.brpop("jobs")[1])

    def done(self, handle):
        pass


def encoded(job):
    return json.dumps(job).encode()


QUEUES = {"beanstalkd": Beanstalk, "redis-list": RedisList, "redis-pop": RedisPop}


def by_name(name):
    return QUEUES[name]()
