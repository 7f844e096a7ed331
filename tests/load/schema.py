"""What --json writes is what docs/load-json.schema.json says, for every kind of run."""

import functools
import json

from load.run import Run, load, named, stub_for, until
from tap import TESTS_DIR

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int,
         "number": (int, float), "null": type(None)}
KNOWN = {"$schema", "$defs", "$ref", "title", "description", "type", "properties", "required",
         "additionalProperties", "items", "prefixItems", "minItems", "enum", "const", "minimum",
         "maximum", "anyOf"}


def is_type(value, name):
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, TYPES[name])


def check_object(value, schema, root, where):
    properties = schema.get("properties", {})
    for key in schema.get("required", ()):
        if key not in value:
            yield f"{where}: '{key}' is missing"
    for key, one in value.items():
        if key in properties:
            yield from errors(one, properties[key], root, f"{where}.{key}")
        elif schema.get("additionalProperties", True) is False:
            yield f"{where}: '{key}' is not in the schema"


def check_array(value, schema, root, where):
    first = schema.get("prefixItems", [])
    rest = schema.get("items", True)
    if len(value) < schema.get("minItems", 0):
        yield f"{where}: only {len(value)} items"
    for k, one in enumerate(value):
        if k < len(first):
            yield from errors(one, first[k], root, f"{where}[{k}]")
        elif rest is False:
            yield f"{where}: more than {len(first)} items"
        elif rest is not True:
            yield from errors(one, rest, root, f"{where}[{k}]")


def errors(value, schema, root, where="$"):
    """What is wrong with `value` by the keywords of JSON Schema 2020-12 that the schema uses."""
    assert set(schema) <= KNOWN, f"{where}: keywords not known here: {set(schema) - KNOWN}"
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        yield from errors(value, root["$defs"][name], root, where)
    if "anyOf" in schema:
        each = [list(errors(value, s, root, where)) for s in schema["anyOf"]]
        if all(each):
            yield min(each, key=len)[0]
    types = schema.get("type", list(TYPES))
    if not any(is_type(value, t) for t in ([types] if isinstance(types, str) else types)):
        yield f"{where}: {value!r} is not of type {types}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r} is not one of {schema['enum']}"
    if "const" in schema and value != schema["const"]:
        yield f"{where}: {value!r} is not {schema['const']!r}"
    if isinstance(value, (int, float)):
        if value < schema.get("minimum", value) or value > schema.get("maximum", value):
            yield f"{where}: {value} is out of range"
    if isinstance(value, dict):
        yield from check_object(value, schema, root, where)
    if isinstance(value, list):
        yield from check_array(value, schema, root, where)


def the_schema():
    with open(f"{TESTS_DIR}/../docs/load-json.schema.json") as f:
        return json.load(f)


@functools.cache
def other_reading():
    """By somebody else, where it is installed."""
    try:
        from jsonschema import Draft202012Validator
    except ImportError:
        return None
    Draft202012Validator.check_schema(the_schema())
    return Draft202012Validator(the_schema())


def check(j):
    schema = the_schema()
    found = list(errors(j, schema, schema))
    assert not found, "\n".join(found[:8])
    if other_reading():
        other_reading().validate(j)


RUNS = [
    ("ok", "http", []),
    ("404", "http", ["--warmup", "50ms"]),
    ("ok", "echo", ["-t", "2", "--idle", "2", "--source", "127.0.0.1-127.0.0.3"]),
    ("reset", "http", ["-R", "200"]),
    ("ok", "http", ["-R", "300", "--arrival", "poisson", "--seed", "3"]),
    ("ok", "echo", ["--requests-per-connection", "2", "--close", "rst"]),
    ("ok", "http", ["--pipeline", "4"]),
    ("ok", "http", ["--think", "1ms:exp"]),
    ("by-path", "http", ["{url}/other@3"]),
    ("404", "http", ["-R", "100..300/100ms,0/50ms", "--timeout", "20s"]),
    ("ok", "http", ["--fail-if", "errors>100%,p99>1h,rate<0,transfer<0,timeouts>9"]),
    ("ok", "http", ["--data", "some", "--method", "PUT"]),
]


def every_kind_of_run(t):
    for mode, protocol, options in RUNS:
        stub = stub_for(t, mode, protocol, every=3 if mode in ("404", "reset") else 1)
        options = [o.replace("{url}", stub.url) for o in options]
        run = Run(t, "-c", "4", "-n", "40", "-q", *options, stub.url)
        run.finish()
        assert run.status in (0, 3), (options, run.err)
        check(run.json)
    stub = stub_for(t)
    run = Run(t, "-c", "4", "-R", "50", "-d", "0.1s", "--search", "p50<1s", stub.url)
    until(lambda: stub.requests >= 15, "a probe and another", run.process)
    run.interrupt()
    assert run.json["search"]["probes"]
    check(run.json)


def nothing_measured(t):
    run = Run(t, "-n", "4", "-c", "2", stub_for(t, "close-before").url)
    assert run.finish() == 1
    check(run.json)
    stub = stub_for(t, "stall")
    run = Run(t, "-d", "10h", "-c", "2", "-R", "5", stub.url)
    until(lambda: stub.requests > 0, "a request", run.process)
    run.interrupt()
    check(run.json)


def no_server(t):
    run = Run(t, "--null", "-n", "1000")
    assert run.finish() == 0, run.err
    check(run.json)


def all_is_required(t):
    """A schema that let everything pass would be no test: take away, add, and change."""
    j = load(t, "-n", "5", "-c", "1", stub_for(t).url).json
    schema = the_schema()
    for key in j:
        assert list(errors({k: v for k, v in j.items() if k != key}, schema, schema)), key
    for key, bad in (("requests", -1), ("verdict", "fine"), ("new", 1), ("latency", None),
                     ("sources", [1]), ("urls", []), ("mode", 3), ("window_ns", 1.5)):
        assert list(errors(j | {key: bad}, schema, schema)), key
    bad = json.loads(json.dumps(j))
    bad["histogram"]["buckets"][0].append(1)
    assert list(errors(bad, schema, schema))


def tests():
    return [named(every_kind_of_run), named(nothing_measured)] + [
        named(f, once=True) for f in (no_server, all_is_required)]
