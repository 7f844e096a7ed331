/* The page that steps through a recorded story: the table, its steps, and play. */
"use strict";
const told = JSON.parse(document.getElementById("data").textContent);
const find = id => document.getElementById(id);
const make = (tag, text, name) => {
  const e = document.createElement(tag);
  if (text !== undefined) e.textContent = text;
  if (name) e.className = name;
  return e;
};
const clients = told.clients;
// What is to be done when the models or the step have changed, and what keeps "play" from going on.
const followers = [], brakes = [];
let at = 0, timer = null;

const shownModels = () => told.models.filter((m, i) => find("m" + i).checked);

// How many answers a client that is connected has asked for, up to a step and in it, and how many it has not got.
function outstanding(model, name, step) {
  const opened = told.story.findLastIndex((s, i) => i <= step && s.client === name && ["connect", "close", "reset"].includes(s.verb));
  if (opened < 0 || told.story[opened].verb !== "connect") return 0;
  const rows = model.rows.filter(r => r.lane === name && r.step >= opened && r.step <= step);
  return rows.filter(r => r.asks).length - rows.filter(r => r.answer).length;
}

// The call in which a task waits when a step is over.
function waitOf(model, task, step) {
  const end = endOf(model, step);
  return model.waits.find(w => w.task === task && w.from <= end && w.to > end);
}

const endOf = (model, step) => step + 1 < model.began.length ? model.began[step + 1] : model.end;

// A model's state when a step is over: who waits for an answer, what each task does.
function state(model, step) {
  const end = endOf(model, step);
  const out = make("div", undefined, "state");
  clients.forEach((name, i) => {
    const waits = outstanding(model, name, step) > 0;
    out.append(make("span", name + (waits ? " waits for an answer" : ""), "c" + i + (waits ? " asks" : "")));
  });
  for (const task of model.tasks) {
    if (task.from > end || task.to <= end) continue;
    const wait = waitOf(model, task.name, step);
    out.append(make("span", task.name + (wait ? " waits in " + wait.call : " works"), wait ? "" : "works"));
  }
  return out;
}

function cell(model, step) {
  const td = make("td"), what = make("div", undefined, "what");
  for (const r of model.rows.filter(r => r.step === step)) {
    const line = make("span", undefined, "row");
    const client = clients.indexOf(r.client);
    line.append(make("span", r.lane, "who" + (clients.includes(r.lane) ? " c" + client : "")),
                make("span", r.label, client >= 0 ? "c" + client : ""));
    line.title = r.ms.toFixed(3) + " ms";
    what.append(line);
  }
  what.append(state(model, step));
  td.dataset.model = model.name;
  td.append(what);
  return td;
}

function build() {
  const shown = shownModels();
  const head = make("tr");
  head.append(make("th", "step", "step"));
  for (const m of shown) {
    const th = make("th", m.name);
    th.scope = "col";
    th.title = m.summary;
    head.append(th);
  }
  document.querySelector("thead").replaceChildren(head);
  document.querySelector("tbody").replaceChildren(...told.story.map((s, i) => {
    const tr = make("tr"), th = make("th", s.said, "step");
    th.scope = "row";
    tr.append(th, ...shown.map(m => cell(m, i)));
    return tr;
  }));
  show(at);
}

function show(step) {
  at = Math.max(0, Math.min(told.story.length - 1, step));
  [...document.querySelector("tbody").children].forEach((tr, i) => {
    tr.className = i === at ? "now" : i > at ? "later" : "";
    if (i === at) tr.setAttribute("aria-current", "step"); else tr.removeAttribute("aria-current");
    if (i === at) tr.scrollIntoView({block: "nearest"});
  });
  find("at").value = at;
  find("told").textContent = (at + 1) + " of " + told.story.length + ": " + told.story[at].said;
  if (at === told.story.length - 1) stop();
  for (const follow of followers) follow();
}

function stop() {
  clearInterval(timer);
  timer = null;
  find("play").textContent = "play";
  find("play").setAttribute("aria-pressed", "false");
}

function play() {
  if (timer) { stop(); return; }
  if (at === told.story.length - 1) show(0);
  timer = setInterval(() => brakes.some(b => b()) || show(at + 1), 1500);
  find("play").textContent = "pause";
  find("play").setAttribute("aria-pressed", "true");
}

const keys = {ArrowRight: () => show(at + 1), ArrowLeft: () => show(at - 1), Home: () => show(0), End: () => show(told.story.length - 1),
  " ": play};
document.addEventListener("keydown", e => {
  const of = e.target.tagName;
  if (!keys[e.key] || e.ctrlKey || e.altKey || e.metaKey || of === "INPUT" || (of === "BUTTON" && e.key === " ")) return;
  e.preventDefault();
  keys[e.key]();
});
find("first").onclick = keys.Home;
find("last").onclick = keys.End;
find("back").onclick = keys.ArrowLeft;
find("next").onclick = keys.ArrowRight;
find("play").onclick = play;
find("at").max = told.story.length - 1;
find("at").oninput = e => show(Number(e.target.value));
told.models.forEach((m, i) => {
  const label = make("label"), box = make("input");
  box.type = "checkbox";
  box.id = "m" + i;
  box.checked = i < 4;
  box.onchange = build;
  label.append(box, " " + m.name);
  find("models").append(label);
});
