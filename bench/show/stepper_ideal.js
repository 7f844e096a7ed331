/* Idealised state machines of the models. Nothing here was measured or recorded. ideal() plays events
 * at given times to a machine and returns what its tasks and the clients do meanwhile.
 *
 * There is one CPU. A unit of time is what it takes to accept a client, to take what came, or to send
 * what there is room for. A request for /cpu/US takes US / 2,000 units more, /wait/MS lets MS / 2 units
 * pass, 60 units at most. Between server and client there is room for a million bytes.
 *
 * A task is a generator, written as the model's own code reads. It yields {work, client}, and goes on
 * when it had the CPU for a unit; or {until, why}, and goes on when until() is true. */
"use strict";
const ideal = (() => {
  const ROOM = 1000000, SMALL = 100, LONGEST = 60, MOST = 2000;

  const work = (client, work) => ({work, client});
  const until = (until, why) => ({until, why});

  class Connection {
    constructor(client, slow, number) {
      Object.assign(this, {client, number, input: [], asks: [], left: 0, held: 0, got: 0, may: slow ? 0 : Infinity,
        eof: false, deaf: false, reset: false, timer: 0, ended: false});
    }
    get ready() { return this.left > 0 ? this.room > 0 : this.input.length > 0 || this.eof; }
    get room() { return this.deaf ? ROOM : ROOM - this.held; }
    get over() { return this.reset || (this.eof && this.input.length === 0 && this.left === 0 && this.timer === 0); }
    // The kernel takes what there is room for. The client takes it when its turn comes.
    send() {
      const n = Math.min(this.left, this.room);
      this.left -= n;
      if (!this.deaf) this.held += n;
    }
    drop() { Object.assign(this, {input: [], left: 0, held: 0, timer: 0, ended: true}); }
  }

  class World {
    constructor(events) {
      Object.assign(this, {t: 0, last: -1, events: [...events].sort((a, b) => a.at - b.at), tasks: [], queue: [],
        open: new Map(), all: [], answers: []});
      this.most = MOST + Math.max(0, ...events.map(e => e.at));
    }

    start(name, program) { this.tasks.push({name, program, spans: [], wants: null, done: false, ran: false}); }

    // What a client does.
    apply(e) {
      const c = this.open.get(e.client);
      if (e.verb === "connect") {
        const made = new Connection(e.client, e.slow, this.all.length);
        this.open.set(e.client, made);
        this.all.push(made);
        this.queue.push(made);
        made.from = e.at;
        return;
      }
      if (!c) return;
      if (e.verb === "request" || e.verb === "part") {
        c.input.push({whole: e.verb === "request", units: e.units, pause: e.pause, size: e.size});
        if (e.verb === "request") c.asks.push({client: c.client, at: e.at, size: e.size, answered: null});
      }
      if (e.verb === "read") c.may += e.bytes;
      if (e.verb === "half-close" || e.verb === "close") c.eof = true;
      if (e.verb === "close" || e.verb === "reset") {
        c.deaf = true;
        c.reset = e.verb === "reset";
        c.to = e.at;
        this.open.delete(e.client);
      }
    }

    // The client takes what came; an answer is there with its last byte. False: nothing came.
    receive(c) {
      const n = Math.min(c.held, c.may);
      c.held -= n;
      c.may -= n;
      if (c.deaf || n === 0) return false;
      c.got += n;
      let sum = 0;
      for (const ask of c.asks) {
        sum += ask.size;
        if (ask.answered === null && c.got >= sum) {
          ask.answered = this.t;
          this.answers.push(ask.client);
        }
      }
      return true;
    }

    // A task goes on until it needs the CPU, or waits. False: it did so already.
    advance(task) {
      let went = false;
      while (!task.done && (!task.wants || (task.wants.until ? task.wants.until() : task.ran))) {
        const next = task.program.next();
        Object.assign(task, {ran: false, done: next.done, wants: next.value});
        went = true;
      }
      return went;
    }

    note(task, span) {
      const before = task.spans[task.spans.length - 1];
      const same = before && before.to === this.t && ["kind", "client", "text"].every(k => before[k] === span[k]);
      if (same) before.to++; else task.spans.push({from: this.t, to: this.t + 1, ...span});
    }

    tick(kernel) {
      while (this.events.length > 0 && this.events[0].at <= this.t) this.apply(this.events.shift());
      // What a task starts or hands over, and room that a client makes, is there for the others at once.
      for (let went = true; went;) {
        went = false;
        for (let i = 0; i < this.tasks.length; i++) went = this.advance(this.tasks[i]) || went;
        for (const c of this.all) {
          if (kernel && c.timer === 0) c.send();
          went = this.receive(c) || went;
        }
      }
      const wanting = this.tasks.map((t, i) => i).filter(i => !this.tasks[i].done && this.tasks[i].wants.work);
      const runs = wanting.find(i => i > this.last) ?? wanting[0];
      this.tasks.forEach((task, i) => {
        if (task.done) return;
        const w = task.wants;
        if (w.until) this.note(task, {kind: "waits", client: null, text: w.why});
        else this.note(task, {kind: i === runs ? "works" : "ready", client: w.client, text: i === runs ? w.work : "waits for the CPU"});
      });
      if (runs !== undefined) {
        this.tasks[runs].ran = true;
        this.last = runs;
      }
      this.t++;
    }

    // Nothing will happen any more, but that a busy loop goes round.
    get still() {
      return this.events.length === 0 && this.all.every(c => c.timer === 0) &&
        this.tasks.every(t => t.done || t.wants.idle || (t.wants.until && !t.wants.until()));
    }
  }

  function* accept(w, mine = () => true) {
    yield until(() => w.queue.some(mine), "a new client");
    const c = w.queue.splice(w.queue.findIndex(mine), 1)[0];
    yield work(c.client, "accepts " + c.client);
    return c;
  }

  // Takes what came, and makes the answer where the request is whole.
  function* take(w, c) {
    let piece = c.input.shift();
    while (!piece.whole && c.input.length > 0) piece = c.input.shift();
    yield work(c.client, (piece.whole ? "serves " : "takes a part of ") + c.client);
    for (let i = 0; i < piece.units; i++) yield work(c.client, "serves " + c.client);
    if (!piece.whole || c.reset) return;
    c.left = piece.size;
    if (piece.pause > 0) c.timer = w.t + piece.pause;
  }

  // A connection to its end, by calls that block.
  function* serve(w, c) {
    while (!c.over) {
      if (c.input.length > 0) yield* take(w, c);
      else yield until(() => c.input.length > 0 || c.over, "bytes of " + c.client);
      if (c.timer > 0) {
        yield until(() => w.t >= c.timer || c.reset, "a timer");
        c.timer = 0;
      }
      for (c.send(); c.left > 0 && !c.reset; c.send()) {
        yield until(() => c.room > 0 || c.reset, "room to send to " + c.client);
        yield work(c.client, "sends to " + c.client);
      }
      if (c.deaf && c.input.length === 0) break;
    }
    c.drop();
  }

  // What a connection that is ready wants, without waiting.
  function* turn(w, c, kernel) {
    if (c.timer > 0 && !c.reset) {
      c.timer = 0;
      yield work(c.client, "serves " + c.client);
    } else if (c.left > 0 && !c.reset) {
      yield work(c.client, "sends to " + c.client);
    } else if (c.input.length > 0 && !c.reset) {
      yield* take(w, c);
    }
    if (c.timer === 0 && !kernel) c.send();
    if (c.over || (c.deaf && c.left === 0 && c.input.length === 0)) c.drop();
  }

  const due = (w, c) => c.reset || (c.timer > 0 ? w.t >= c.timer : c.ready);

  function* oneAtATime(w) {
    for (;;) yield* serve(w, yield* accept(w));
  }

  function* taskEach(w, kind) {
    for (;;) {
      const c = yield* accept(w);
      w.start(`${kind} for ${c.client}`, serve(w, c));
    }
  }

  function* loop(w, {why, mine, kernel, busy}) {
    let clients = [];
    for (;;) {
      const ready = () => clients.filter(c => due(w, c) && !(kernel && c.left > 0 && c.timer === 0 && !c.reset));
      if (busy)
        while (!w.queue.some(mine) && ready().length === 0) yield {work: "tries all in vain", client: null, idle: true};
      else
        yield until(() => w.queue.some(mine) || ready().length > 0, why);
      for (const c of ready()) yield* turn(w, c, kernel);
      while (w.queue.some(mine)) clients.push(yield* accept(w, mine));
      clients = clients.filter(c => !c.ended);
    }
  }

  function* hander(w, jobs) {
    let clients = [];
    const ready = () => clients.filter(c => !c.busy && !c.ended && due(w, c));
    for (;;) {
      yield until(() => w.queue.length > 0 || ready().length > 0, "any of its clients");
      for (const c of ready()) {
        yield work(c.client, "hands over " + c.client);
        c.busy = true;
        jobs.push(c);
      }
      while (w.queue.length > 0) clients.push(yield* accept(w));
      clients = clients.filter(c => !c.ended);
    }
  }

  function* worker(w, jobs) {
    for (;;) {
      yield until(() => jobs.length > 0, "something to do");
      const c = jobs.shift();
      yield* turn(w, c);
      c.busy = false;
    }
  }

  const several = (n, name, program) => w => {
    for (let i = 0; i < n; i++) w.start(n > 1 ? `${name} ${i + 1}` : "main", program(w, i));
  };
  const of = (i, n) => c => c.number % n === i;

  // By kind: what it is called, and how its tasks start.
  const machines = {
    one: {title: "one client at a time", start: w => w.start("main", oneAtATime(w))},
    process: {title: "a process for each client", start: w => w.start("main", taskEach(w, "process"))},
    thread: {title: "a thread for each client", start: w => w.start("main", taskEach(w, "thread"))},
    pool: {title: "workers, each of them for one client at a time", start: (w, n) => several(n, "worker", oneAtATime)(w)},
    loop: {title: "a loop over readiness", start: (w, n) =>
      several(n, "loop", (w, i) => loop(w, {why: "any of its clients", mine: of(i, n)}))(w)},
    busy: {title: "a loop that never waits", start: w => w.start("main", loop(w, {busy: true, mine: () => true}))},
    handing: {title: "one waits for all clients, workers serve them", start: (w, n) => {
      const jobs = [];
      w.start("main", hander(w, jobs));
      for (let i = 0; i < n; i++) w.start("worker " + (i + 1), worker(w, jobs));
    }},
    completion: {title: "a loop over completions: the kernel sends and receives", kernel: true, start: w =>
      w.start("main", loop(w, {why: "completions", kernel: true, mine: () => true}))},
  };

  // The machine of a model of the suite.
  function machineOf(model) {
    if (model.name === "nonblocking") return "busy";
    if (model.name === "reactor-pool") return "handing";
    if (model.family === "serial") return "one";
    if (model.family === "process" || model.family === "thread") return model.workers > 0 ? "pool" : model.family;
    return model.family === "completion" ? "completion" : "loop";
  }

  /* Events of the steps of a story: {step, client, verb, at, ...}, at the times that the story has in
   * units. Steps that wait give time, and are no events. */
  function eventsOf(steps) {
    const events = [], path = {}, asked = {}, slow = {};
    let at = 0;
    const long = units => Math.min(LONGEST, Math.ceil(units));
    const add = (i, verb, more) => {
      events.push({step: i, client: steps[i].client, verb, at, said: steps[i].said, ...more});
      at += 2;
    };
    steps.forEach((s, i) => {
      if (s.verb === "get" || s.verb === "send") {
        path[s.client] = path[s.client] || (/^\w+ (?:get |send "\w+ )(\/[^ "]*)/.exec(s.said) || [])[1] || "/";
        const [, what, n] = /^\/(cpu|wait|bytes)\/(\d+)/.exec(path[s.client]) || [];
        const more = {units: what === "cpu" ? long(n / 2000) : 0, pause: what === "wait" ? long(n / 2) : 0,
          size: what === "bytes" ? Number(n) : SMALL};
        add(i, s.whole ? "request" : "part", more);
        if (s.whole) {
          asked[s.client] = more;
          delete path[s.client];
        }
      } else if (s.verb === "connect") {
        slow[s.client] = s.slow;
        delete asked[s.client];
        delete path[s.client];
        add(i, "connect", {slow: s.slow});
      } else if (s.verb === "read") {
        add(i, "read", {bytes: s.amount});
      } else if (s.verb === "answered") {
        const a = asked[s.client];
        if (slow[s.client]) add(i, "read", {bytes: 1e12, rest: true});
        at += a ? 3 + a.units + a.pause + 2 * Math.floor(a.size / ROOM) : 1;
        if (!s.orRest) delete asked[s.client];
      } else if (s.client) {
        if (s.verb === "ended") at += 2; else add(i, s.verb, {});
      } else {
        at += s.verb === "pause" ? long(s.amount / 2e6) : 4;
      }
    });
    return events;
  }

  /* What becomes of events on a machine: tasks with their spans, connections, requests in the order in
   * which they were made, the clients in the order of their answers, and when all was over. */
  function run(kind, events, workers = 0) {
    const w = new World(events), machine = machines[kind];
    machine.start(w, Math.max(1, workers));
    do w.tick(machine.kernel); while (!w.still && w.t < w.most);
    return {tasks: w.tasks.map(({name, spans}) => ({name, spans})), connections: w.all, end: w.t, answers: w.answers,
      asks: w.all.flatMap(c => c.asks).sort((a, b) => a.at - b.at)};
  }

  return {run, eventsOf, machineOf, machines};
})();
