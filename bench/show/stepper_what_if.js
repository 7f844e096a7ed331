/* The story's events on an axis of time, to be moved, and what the ideal machines (stepper_ideal.js) make
 * of them. */
"use strict";
(() => {
  const UNIT = 12, LETTER = 7, GAP = 2;  // pixels of a unit, and of a letter; units between two events of one client
  const SIGNS = {connect: ["○", "connects"], part: ["½", "sends a part of a request"], request: ["?", "sends a request, or the rest of it"],
    read: ["↓", "reads"], "half-close": ["◐", "half-closes"], close: ["×", "closes"], reset: ["!", "resets"]};
  const story = ideal.eventsOf(told.story);
  const moved = story.map(e => ({...e}));
  const longest = Math.max(...story.map(e => e.at)) + 30;
  const nameOf = e => e.rest ? e.client + " reads the rest" : e.said;

  // Move an event; those of the same client before and behind it make way.
  function move(i, to) {
    const own = moved.map((e, k) => k).filter(k => moved[k].client === moved[i].client);
    const n = own.indexOf(i);
    moved[i].at = Math.min(Math.max(to, GAP * n), longest - GAP * (own.length - 1 - n));
    for (let k = n - 1; k >= 0; k--) moved[own[k]].at = Math.min(moved[own[k]].at, moved[own[k + 1]].at - GAP);
    for (let k = n + 1; k < own.length; k++) moved[own[k]].at = Math.max(moved[own[k]].at, moved[own[k - 1]].at + GAP);
    draw();
  }

  function restore(which = () => true) {
    moved.forEach((e, i) => { if (which(i)) e.at = story[i].at; });
    draw();
  }

  function lane(name, spans, kind = "") {
    const l = make("div", undefined, "lane " + kind), track = make("div", undefined, "track");
    track.append(...spans);
    l.append(make("span", name, "name" + (clients.includes(name) ? " c" + clients.indexOf(name) : "")), track);
    return l;
  }

  function span(from, to, kind, client, text) {
    const e = make("span", undefined, `span ${kind}` + (client ? " c" + clients.indexOf(client) : ""));
    e.style.left = from * UNIT + "px";
    e.style.width = (to - from) * UNIT + "px";
    if (text && text.length * LETTER < (to - from) * UNIT) e.append(make("i", text));
    e.title = text;
    return e;
  }

  function handle(e, i) {
    const h = make("div", SIGNS[e.verb][0], "event c" + clients.indexOf(e.client));
    h.tabIndex = 0;
    h.setAttribute("role", "slider");
    h.setAttribute("aria-label", nameOf(e));
    h.setAttribute("aria-valuemin", 0);
    h.setAttribute("aria-valuemax", longest);
    h.onkeydown = k => {
      const by = {ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1}[k.key];
      if (k.ctrlKey || k.altKey || k.metaKey || (!by && k.key !== "Escape")) return;
      k.preventDefault();
      k.stopPropagation();
      if (by) move(i, moved[i].at + by * (k.shiftKey ? 5 : 1)); else restore(k => k === i);
    };
    h.onpointerdown = p => {
      const x = p.clientX, from = moved[i].at;
      h.setPointerCapture(p.pointerId);
      h.onpointermove = q => move(i, from + Math.round((q.clientX - x) / UNIT));
    };
    h.onpointerup = h.onpointercancel = () => { h.onpointermove = null; };
    return h;
  }

  const handles = story.map(handle);

  function place() {
    moved.forEach((e, i) => {
      const h = handles[i], was = story[i].at;
      h.style.left = e.at * UNIT + "px";
      h.classList.toggle("moved", e.at !== was);
      h.title = `${nameOf(e)}, at ${e.at}`;
      h.setAttribute("aria-valuenow", e.at);
      h.setAttribute("aria-valuetext", `at ${e.at}` + (e.at === was ? "" : `, in the story at ${was}`));
    });
  }

  // The tasks of one name in one lane, as long as they are not there at the same time.
  function tasksOf(result) {
    const lanes = [];
    for (const t of result.tasks.filter(t => t.spans.length > 0)) {
      const free = lanes.find(l => l.name === t.name && l.spans[l.spans.length - 1].to <= t.spans[0].from);
      if (free) free.spans.push(...t.spans); else lanes.push({name: t.name, spans: [...t.spans]});
    }
    return lanes;
  }

  const until = (result, ask) => ask.answered ?? result.connections.find(c => c.asks.includes(ask)).to ?? result.end;
  const waited = ask => ask ? ask.answered === null ? "no answer" : String(ask.answered - ask.at) : "";

  // How long each client waits for each answer; what differs from the story is marked.
  function results(before, now) {
    const p = make("p", "Waits for the answer: ", "result");
    for (const name of clients) {
      const was = before.asks.filter(a => a.client === name);
      now.asks.filter(a => a.client === name).forEach((ask, i) => {
        const same = waited(was[i]) === waited(ask);
        p.append(make(same ? "span" : "mark", `${name} ${waited(ask)}` + (same ? "" : ` (was ${waited(was[i])})`),
          "c" + clients.indexOf(name)), " ");
      });
    }
    return p;
  }

  const inOrder = model => model.rows.filter(r => r.answer).map(r => r.client).join(" ");

  function block(model) {
    const kind = ideal.machineOf(model), machine = ideal.machines[kind];
    const before = ideal.run(kind, story, model.workers), now = ideal.run(kind, moved, model.workers);
    const b = make("div", undefined, "block");
    b.setAttribute("role", "group");
    b.setAttribute("aria-label", `${model.name}, computed: ${machine.title}`);
    const title = make("p", undefined, "title");
    title.append(make("strong", model.name), ` as ${machine.title} `, make("span", "computed", "computed"));
    const lanes = make("div", undefined, "computed-lanes");
    lanes.setAttribute("aria-hidden", "true");
    for (const name of clients)
      lanes.append(lane(name, [
        ...before.asks.filter(a => a.client === name).map(a => span(a.at, until(before, a), "ghost", name, "")),
        ...now.asks.filter(a => a.client === name).map(a =>
          span(a.at, until(now, a), a.answered === null ? "asks lost" : "asks", name, a.answered === null ? "no answer" : "waits " + waited(a)))]));
    for (const t of tasksOf(now)) lanes.append(lane(t.name, t.spans.map(s => span(s.from, s.to, s.kind, s.client, s.text)), "task"));
    const order = make("p", `Answers in order: ${now.answers.join(" ")}. Recorded: ${inOrder(model)}.`, "result");
    b.append(title, lanes, results(before, now), order);
    return {b, end: Math.max(before.end, now.end), changed: waitedAll(before) !== waitedAll(now)};
  }

  const waitedAll = result => result.asks.map(a => a.client + waited(a)).sort().join();

  const frame = make("div", undefined, "frame"), axis = make("div", undefined, "track"), blocks = make("div");

  function draw() {
    place();
    const made = shownModels().map(m => ({name: m.name, ...block(m)}));
    const end = Math.max(longest, ...made.map(m => m.end)) + 2;
    frame.style.setProperty("--length", end * UNIT + "px");
    axis.replaceChildren(...Array.from({length: Math.floor(end / 10)}, (_, i) => {
      const t = make("span", String(i * 10), "tic");
      t.style.left = i * 10 * UNIT + "px";
      return t;
    }));
    blocks.replaceChildren(...made.map(m => m.b));
    const events = moved.filter((e, i) => e.at !== story[i].at), changed = made.filter(m => m.changed).map(m => m.name);
    find("restore").disabled = events.length === 0;
    find("moved").textContent = events.length === 0 ? "Each event is where the story has it." :
      `Moved: ${events.map(nameOf).join(", ")}. ` + (changed.length > 0 ? `Other waits for ${changed.join(", ")}.` : "Nobody waits longer or shorter.");
  }

  const time = make("div", undefined, "lane axis"), top = make("div", undefined, "top");
  time.append(make("span", "time, in units", "name"), axis);
  top.append(time, ...clients.map(name => lane(name, handles.filter((h, i) => story[i].client === name), "events")));
  frame.append(top, blocks);
  find("lanes").append(frame);
  find("key").textContent = Object.values(SIGNS).map(([sign, what]) => sign + " " + what).join(" · ") +
    ". Hatched: a client waits for its answer; dashed: as long as with the events of the story. Solid: a task works, in the colour of the client. " +
    "Pale: it waits, and for what. Dotted: it waits for the CPU.";
  find("restore").onclick = () => restore();
  let shown = "";
  followers.push(() => {
    const now = shownModels().map(m => m.name).join();
    if (now !== shown) draw();
    shown = now;
  });
})();
build();
