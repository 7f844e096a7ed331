/* Questions before a step, one for each model on the page. What is right is what was recorded. */
"use strict";
const WAITS = ["a new client", "bytes of one client", "room to send to one client", "any of its clients", "its own workers",
  "nothing: it goes on working"];
const SERVES = ["main, which serves all", "a task that was there before", "a task that began for"];

// What a task waits for, as one of WAITS.
function waitsFor(model, task, step) {
  const w = waitOf(model, task, step);
  const serves = model.rows.some(r => r.lane === task && r.client);
  if (!w) return 5;
  if (w.call.startsWith("accept")) return 0;
  if (w.client) return /^(send|write)/.test(w.call) ? 2 : 1;
  return serves || model.tasks.length === 1 ? 3 : 4;
}

// Which kind of task sent the answer that a client got in a step, as one of SERVES; -1: nobody can tell.
function servedBy(model, name, step) {
  const answer = model.rows.find(r => r.step === step && r.lane === name && r.answer);
  const sent = answer && model.rows.filter(r => r.sends && r.client === name && r.ms <= answer.ms).pop();
  if (model.tasks.length === 1) return 0;
  if (!sent) return -1;
  if (sent.lane === "main") return 0;
  const came = model.rows.filter(r => r.lane === name && r.connects && r.ms <= answer.ms).pop();
  return model.tasks.find(t => t.name === sent.lane).from < came.ms ? 1 : 2;
}

// The question before a step: {text, choices, right}, or null where there is nothing to ask.
function question(model, step) {
  const s = told.story[step];
  if (!s) return null;
  const asked = clients.filter(c => outstanding(model, c, step - 1) > 0);
  if (s.verb === "rest") {
    const rested = model.rests.includes(step) || ideal.machineOf(model) === "busy";  // which never does
    if (!rested || !model.tasks.some(t => t.name === "main")) return null;
    return {text: "When all is at rest: what does main wait for?", choices: WAITS, right: waitsFor(model, "main", step)};
  }
  if (s.verb !== "answered" || !asked.includes(s.client)) return null;
  if (s.orRest || asked.length > 1) {
    const first = model.rows.find(r => r.step === step && r.answer && asked.includes(r.client));
    return {text: "Who has an answer first in this step?", choices: ["nobody", ...asked],
      right: first ? 1 + asked.indexOf(first.client) : 0};
  }
  const right = servedBy(model, s.client, step);
  return right < 0 ? null : {text: `Who serves ${s.client}?`, choices: SERVES.map((c, i) => i === 2 ? c + " " + s.client : c), right};
}

(() => {
  const given = new Map();  // by model and step: the number of the choice
  let furthest = 0, asks = [], order = [];
  const key = (model, step) => model.name + " " + step;

  function choose(i, choice) {
    const ask = asks[i];
    given.set(key(ask.model, at + 1), choice);
    order = [...order.filter(k => k !== i), i];
    mark();
  }

  const current = () => asks.findIndex(a => !given.has(key(a.model, at + 1)));

  function mark() {
    const now = current();
    asks.forEach((a, i) => {
      a.group.classList.toggle("current", i === now);
      [...a.group.querySelectorAll("button")].forEach((b, k) =>
        b.setAttribute("aria-pressed", String(given.get(key(a.model, at + 1)) === k)));
    });
  }

  // The question of a model as a group of buttons. `once`: its text stands above all of them.
  function group(model, q, i, once) {
    const g = make("div", undefined, "question");
    g.setAttribute("role", "group");
    g.setAttribute("aria-label", model.name + ": " + q.text);
    g.append(make("strong", model.name));
    if (!once) g.append(make("span", q.text, "text"));
    q.choices.forEach((choice, k) => {
      const b = make("button");
      b.type = "button";
      b.append(make("kbd", String(k + 1)), " " + choice);
      b.onclick = () => choose(i, k);
      g.append(b);
    });
    return g;
  }

  function ask() {
    const on = find("asks").checked, seen = at < furthest, last = at === told.story.length - 1;
    asks = !on || seen || last ? [] : shownModels().map(model => ({model, q: question(model, at + 1)})).filter(a => a.q);
    order = [];
    const once = asks.every(a => a.q.text === asks[0].q.text);
    asks.forEach((a, i) => { a.group = group(a.model, a.q, i, once); });
    const why = last ? "The story is over." : seen ? "You know the next step already." : "Nothing to ask about the next step: →.";
    const next = last ? "" : `Next step: ${told.story[at + 1].said}.` + (once && asks.length > 0 ? " " + asks[0].q.text : "");
    find("questions").replaceChildren(...on ? [make("p", asks.length > 0 ? next : why), ...asks.map(a => a.group)] : []);
    mark();
  }

  // What was said of a step that is over, in its cell; and the score.
  function judge() {
    const score = new Map();
    for (const m of told.models)
      for (let step = 1; step <= furthest; step++) {
        const said = given.get(key(m, step));
        if (said === undefined) continue;
        const q = question(m, step), right = said === q.right;
        const [all, good] = score.get(m.name) || [0, 0];
        score.set(m.name, [all + 1, good + right]);
        const td = [...document.querySelectorAll("tbody tr")][step].querySelector(`td[data-model="${m.name}"] .what`);
        if (!td || td.querySelector(".mark")) continue;
        td.prepend(make("span", right ? "✓ right: " + q.choices[said] : `✗ you said: ${q.choices[said]}; recorded: ${q.choices[q.right]}`,
          right ? "mark right" : "mark wrong"));
      }
    const sum = k => [...score.values()].reduce((n, s) => n + s[k], 0);
    find("score").textContent = score.size === 0 ? "" : `${sum(1)} of ${sum(0)} right` +
      (score.size > 1 ? ` (${[...score].map(([name, [all, good]]) => `${name} ${good}/${all}`).join(", ")})` : "");
  }

  followers.push(() => {
    furthest = Math.max(furthest, at);
    judge();
    ask();
  });
  brakes.push(() => current() >= 0);
  find("asks").onchange = ask;
  document.addEventListener("keydown", e => {
    if (asks.length === 0 || e.ctrlKey || e.altKey || e.metaKey) return;
    const i = current(), choice = Number(e.key) - 1;
    if (e.key === "Backspace" && order.length > 0) given.delete(key(asks[order.pop()].model, at + 1));
    else if (i >= 0 && choice >= 0 && choice < asks[i].q.choices.length) choose(i, choice);
    else return;
    e.preventDefault();
    mark();
  });
})();
