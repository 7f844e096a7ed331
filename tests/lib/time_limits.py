"""Finds in the sources of tests the limits on time that a slow machine exceeds.

A test may wait for an event as long as machine.hang() says. It may ask that something took at least
so long. It may not ask that something took at most so long, for that depends on the machine. A line
is excused by a comment that says why:

    # inconclusive: REASON   the noise probe is asked, and the test says that it could not tell
    # not judged: REASON     a client's pace, or how often to look again: nothing fails by it

Python is read by its syntax tree, C and meson.build by patterns."""

import ast
import io
import re
import tokenize

# What a slow machine may take for anything; machine.HANG says the same.
LEAST = 60.0
# A program of many tests may take that many seconds; meson ends it then.
LEAST_OF_A_PROGRAM = 1800

EXCUSE = re.compile(r"(?:#|//|/\*)\s*(?:inconclusive|not judged): \S")

CLOCKS = {"monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "time", "time_ns"}
FACTORS = re.compile(r"(^|_)(slow|factor|scale|pace|slowness|speed)($|_)")
# Names of a limit, as keywords, parameters and variables.
LIMIT = re.compile(r"(^|_)(timeout|patience|deadline|hang|give_up|within|at_most_s)($|_)")
# Names of what was measured.
DURATION = re.compile(r"(^|_)(took|taken|elapsed|seconds|lasted|waited|spent|duration|age)($|_)"
                      r"|_(s|ms|us|ns)$")
RATE = re.compile(r"_per_|per_s|rate|cpu")
UNITS = (("_ms", 1e3), ("_us", 1e6), ("_ns", 1e9))
# Methods whose first argument, or the one named, is how long to wait at most.
WAITS = {"wait": 0, "join": 0, "settimeout": 0, "alarm": 0, "select": 3, "acquire": 1,
         "wait_for": 1, "create_connection": 1, "poll": 0, "communicate": 1, "setitimer": 1}
COUNTS = {"only"}  # outcomes, of which one is called timeout
ROUNDING = 1e-5  # abs(a - b) below this compares two figures of one measurement
FAILS = {"expect", "equal", "fail"}  # skip() is how a test says that it cannot tell


def name_of(node):
    """The last name of `a.b.c`, `c(...)`, `a["c"]`."""
    if isinstance(node, ast.Call):
        return name_of(node.func)
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return str(node.slice.value)
    return ""


def is_clock(node):
    return isinstance(node, ast.Call) and name_of(node) in CLOCKS and not node.args


def names_in(node):
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def waits_in(function):
    """The expressions by which a function limits its waits."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            yield from (k.value for k in node.keywords if k.arg and LIMIT.search(k.arg))
            place = WAITS.get(name_of(node))
            if place is not None and len(node.args) > place and not is_pause(node):
                yield node.args[place]
        elif isinstance(node, ast.Assign) and LIMIT.search(name_of(node.targets[0])) \
                and any(map(is_clock, ast.walk(node.value))):
            yield node.value


def is_pause(call):
    """event.wait(seconds) of what says that it is over."""
    return isinstance(call.func, ast.Attribute) and call.func.attr == "wait" \
        and bool(re.search(r"stop|over|done|end", name_of(call.func.value)))


def passed_on(tree):
    """{function: {name of a parameter: its place}} of those by which the function limits a wait."""
    found = {}
    for owner in ast.walk(tree):
        for function in getattr(owner, "body", []) if isinstance(getattr(owner, "body", []), list) \
                else []:
            if not isinstance(function, ast.FunctionDef):
                continue
            limits = set().union(set(), *map(names_in, waits_in(function)))
            arguments = [a.arg for a in function.args.posonlyargs + function.args.args]
            if arguments[:1] == ["self"]:
                arguments = arguments[1:]
            places = {name: place for place, name in enumerate(arguments) if name in limits}
            places.update((a.arg, 99) for a in function.args.kwonlyargs if a.arg in limits)
            name = owner.name if function.name == "__init__" else function.name
            if places and name not in WAITS:
                found.setdefault(name, {}).update(places)
    return found


class Finder(ast.NodeVisitor):
    """Collects (line, what) of one file. `passed` is what passed_on() says of all files."""

    def __init__(self, tree, passed):
        self.found, self.constants, self.ends, self.passed = [], {}, set(), passed
        # A wait that a loop repeats until it has what it wants is how often to look.
        self.polls = {n for loop in ast.walk(tree) if isinstance(loop, ast.While)
                      for n in ast.walk(loop.test)}
        self.tables = {element for n in ast.walk(tree) if isinstance(n, (ast.List, ast.Tuple))
                       for element in n.elts}
        # Loops after which nothing can follow but a failure.
        self.give_up = {a for n in ast.walk(tree) if isinstance(getattr(n, "body", None), list)
                        for a, b in zip(n.body, n.body[1:])
                        if isinstance(a, ast.While) and isinstance(b, (ast.Raise, ast.Assert))}
        for node in tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                for target in node.targets:
                    self.constants[name_of(target)] = node.value.value

    # Values

    def bound(self, node):
        """The seconds of a limit as a usual machine has it: what is left when factors are 1 and
        what nobody can know is left out of a sum. None if there is nothing to know."""
        if isinstance(node, ast.Constant):
            number = isinstance(node.value, (int, float)) and not isinstance(node.value, bool)
            return float(node.value) if number else None
        if isinstance(node, ast.Name):
            value = self.constants.get(node.id)
            return float(value) if isinstance(value, (int, float)) else None
        if isinstance(node, ast.Attribute):
            return LEAST if node.attr == "HANG" else None
        if isinstance(node, ast.Call):
            return self.bound_of_call(node)
        if isinstance(node, ast.IfExp):
            return self.least(node.body, node.orelse)
        if isinstance(node, ast.BoolOp):
            return self.least(*node.values)
        if isinstance(node, ast.BinOp):
            return self.bound_of_operation(node)
        return None

    def least(self, *nodes):
        known = [value for value in map(self.bound, nodes) if value is not None]
        return min(known) if known else None

    def bound_of_call(self, node):
        name = name_of(node)
        if name == "hang":
            return LEAST
        if name in ("float", "int", "min"):
            return self.least(*node.args)
        if name == "max":
            known = [value for value in map(self.bound, node.args) if value is not None]
            return max(known) if known else None
        return None

    def bound_of_operation(self, node):
        left, right = self.bound(node.left), self.bound(node.right)
        if isinstance(node.op, (ast.Add, ast.Sub)):
            if left is None and right is None:
                return None
            return (left or 0) + (-1 if isinstance(node.op, ast.Sub) else 1) * (right or 0)
        if not isinstance(node.op, (ast.Mult, ast.Div)):
            return None
        if left is None and FACTORS.search(name_of(node.left)):
            left = 1.0
        if right is None and FACTORS.search(name_of(node.right)):
            right = 1.0
        if left is None or right is None or (isinstance(node.op, ast.Div) and right == 0):
            return None
        return left * right if isinstance(node.op, ast.Mult) else left / right

    def is_duration(self, node):
        """Whether an expression is a time that was measured."""
        if is_clock(node):
            return True
        if isinstance(node, ast.BinOp):
            if isinstance(node.op, ast.Div) and not self.is_factor(node.right):
                return False  # a rate or a ratio
            return self.is_duration(node.left) or self.is_duration(node.right)
        if isinstance(node, ast.Call) and name_of(node) in ("abs", "float", "int", "max", "min",
                                                            "sum", "median", "mean"):
            return any(self.is_duration(argument) for argument in node.args)
        name = name_of(node)
        return bool(DURATION.search(name)) and not RATE.search(name)

    def is_factor(self, node):
        return isinstance(node, ast.Constant) or bool(FACTORS.search(name_of(node)))

    # Findings

    def add(self, node, what):
        self.found.append((node.lineno, node.end_lineno, what))

    def too_short(self, node, unit=1.0):
        """A limit that is known, and short; 0 asks without waiting."""
        seconds = self.bound(node)
        return seconds is not None and 0 < seconds / unit < LEAST

    def visit_Call(self, node):
        name = name_of(node)
        for keyword in node.keywords:
            if keyword.arg and name not in COUNTS and self.too_short(keyword.value) and (
                    LIMIT.search(keyword.arg)
                    or keyword.arg == "limit" and name in ("check", "Test", "test")):
                self.add(keyword.value, f"{name}({keyword.arg}={ast.unparse(keyword.value)})")
        place = WAITS.get(name)
        if place is not None and len(node.args) > place and node not in self.polls \
                and self.too_short(node.args[place]):
            self.add(node, f"{name}(..., {ast.unparse(node.args[place])})")
        if name == "Test" and len(node.args) > 2 and self.too_short(node.args[2]):
            self.add(node.args[2], f"Test(..., {ast.unparse(node.args[2])})")
        for parameter, at in self.passed.get(name, {}).items():
            given = [k.value for k in node.keywords if k.arg == parameter] + node.args[at:at + 1]
            if given and self.too_short(given[0]):
                self.add(node, f"{name}({parameter}={ast.unparse(given[0])})")
        if name in FAILS:
            for argument in node.args:
                self.check_condition(argument, True)
        self.generic_visit(node)

    def visit_FunctionDef(self, node):
        arguments = node.args.posonlyargs + node.args.args
        pairs = list(zip(arguments[len(arguments) - len(node.args.defaults):], node.args.defaults))
        pairs += [(a, d) for a, d in zip(node.args.kwonlyargs, node.args.kw_defaults) if d]
        for argument, default in pairs:
            limits = self.passed.get(node.name, {})
            if (LIMIT.search(argument.arg) or argument.arg in limits) and self.too_short(default):
                self.add(default, f"def {node.name}({argument.arg}={ast.unparse(default)})")
        outer, self.ends = self.ends, set(self.ends)
        self.generic_visit(node)
        self.ends = outer

    def visit_Assign(self, node):
        for target in node.targets:
            name = name_of(target).lower()
            if LIMIT.search(name) and self.too_short(node.value):
                self.add(node, f"{ast.unparse(target)} = {ast.unparse(node.value)}")
            elif self.too_short(node.value) and any(map(is_clock, ast.walk(node.value))):
                self.ends.add(name)
        self.generic_visit(node)

    def visit_Tuple(self, node):
        if len(node.elts) == 3 and isinstance(node.elts[0], ast.Constant) \
                and isinstance(node.elts[0].value, str) and isinstance(node.ctx, ast.Load) \
                and isinstance(node.elts[1], (ast.Name, ast.Attribute, ast.Lambda)) \
                and isinstance(node.elts[2], ast.Constant) and node in self.tables \
                and self.too_short(node.elts[2]):
            self.add(node, f"a test's limit {ast.unparse(node.elts[2])}")
        self.generic_visit(node)

    def visit_Assert(self, node):
        self.check_condition(node.test, True)
        self.generic_visit(node)

    def visit_If(self, node):
        if any(isinstance(n, (ast.Raise, ast.Assert)) or isinstance(n, ast.Call)
               and name_of(n) in FAILS for part in node.body for n in ast.walk(part)):
            self.check_condition(node.test, False)
        self.generic_visit(node)

    def visit_While(self, node):
        """With nothing but the clock to look at, and no way out, it is a client's pace. Otherwise
        it waits for an event, and gives up."""
        alone = isinstance(node.test, ast.Compare)
        leaves = any(isinstance(n, (ast.Break, ast.Return)) for part in node.body
                     for n in ast.walk(part))
        if not alone or leaves or node in self.give_up:
            self.check_condition(node.test, True)
        self.generic_visit(node)

    def check_condition(self, node, wanted):
        """A condition that must hold, or (not `wanted`) must not."""
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            self.check_condition(node.operand, not wanted)
        elif isinstance(node, ast.BoolOp):
            for value in node.values:
                self.check_condition(value, wanted)
        elif isinstance(node, ast.Compare):
            sides = [node.left] + node.comparators
            for operator, left, right in zip(node.ops, sides, sides[1:]):
                below = isinstance(operator, (ast.Lt, ast.LtE))
                above = isinstance(operator, (ast.Gt, ast.GtE))
                if below or above:
                    small, large = (left, right) if below == wanted else (right, left)
                    self.check_pair(node, small, large)

    def check_pair(self, node, small, large):
        """`small` must be below `large`."""
        unit = next((u for end, u in UNITS if name_of(small).endswith(end)), 1.0)
        if name_of(small) == "abs" and (self.bound(large) or 1) <= ROUNDING:
            return
        scaled = any(FACTORS.search(name_of(n)) for n in ast.walk(large)
                     if isinstance(n, (ast.Name, ast.Attribute)))  # what depends on speed is a time
        if is_clock(small) and name_of(large).lower() in self.ends \
                or (scaled or self.is_duration(small)) and self.too_short(large, unit):
            self.add(node, ast.unparse(node))


def python(text, passed=None):
    """[(line, what)] of a Python source, among others of which `passed` is known."""
    tree = ast.parse(text)
    finder = Finder(tree, passed_on(tree) if passed is None else passed)
    finder.visit(tree)
    excused = {token.start[0] for token in tokenize.generate_tokens(io.StringIO(text).readline)
               if token.type == tokenize.COMMENT and EXCUSE.search(token.string)}
    return sorted({(first, what) for first, last, what in finder.found
                   if not excused & set(range(first, last + 1))})


NUMBER = r"\(?\s*([0-9][0-9.]*(?:\s*\*\s*(?:[0-9][0-9.]*|NS_PER_\w+))*)\s*\)?"
# Pattern, and how many of the unit make a second.
IN_C = ((re.compile(r"\b(?:poll|epoll_wait|epoll_pwait)\s*\(.*,\s*" + NUMBER + r"\s*\)"), 1e3),
        (re.compile(r"\balarm\s*\(\s*" + NUMBER), 1),
        (re.compile(r"\btimeval\b.*=\s*\{\s*(?:\.tv_sec\s*=\s*)?" + NUMBER), 1),
        (re.compile(r"\btimespec\b.*(?:timeout|limit)\w*\s*=\s*\{\s*(?:\.tv_sec\s*=\s*)?"
                    + NUMBER), 1),
        (re.compile(r"clock_\w+\(\)\s*(?:-\s*[\w.>-]+\s*)?<=?\s*(?:[\w.>-]+\s*\+\s*)?" + NUMBER),
         1e9),
        (re.compile(r"\b(?:took|elapsed|waited|lasted)\w*\s*<=?\s*" + NUMBER), 1e9),
        (re.compile(r"\bdeadline\w*\s*=\s*clock_\w+\(\)\s*\+\s*" + NUMBER), 1e9))
UNITS_IN_C = {"NS_PER_S": 1e9, "NS_PER_MS": 1e6, "NS_PER_US": 1e3}


def product(text):
    value = 1.0
    for factor in text.split("*"):
        value *= UNITS_IN_C.get(factor.strip()) or float(factor.strip().rstrip("."))
    return value


def c(text):
    """[(line, what)] of a C source."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        code = re.sub(r'"(\\.|[^"\\])*"', '""', line)
        for pattern, unit in IN_C:
            hit = pattern.search(re.sub(r"/[/*].*", "", code))
            if hit and not EXCUSE.search(code) and 0 < product(hit.group(1)) / unit < LEAST:
                found.append((number, hit.group(0).strip()))
    return found


def meson(text):
    """[(line, what)] of a meson.build: a program's limit must leave a slow machine its time."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        for hit in re.finditer(r"\btimeout: *(\d+)", line):
            if int(hit.group(1)) < LEAST_OF_A_PROGRAM:
                found.append((number, hit.group(0)))
    return found


def of_files(sources):
    """["path:line: what"] of {path: text}."""
    passed = {}
    for path, text in sources.items():
        if path.endswith(".py"):
            for function, places in passed_on(ast.parse(text)).items():
                passed.setdefault(function, {}).update(places)
    found = []
    for path, text in sorted(sources.items()):
        if path.endswith(".py"):
            lines = python(text, passed)
        elif path.endswith((".c", ".h")):
            lines = c(text)
        else:
            lines = meson(text) if path.endswith("meson.build") else []
        found += [f"{path}:{line}: {what}" for line, what in lines]
    return found
