// The job that a client in JavaScript is given, and what it tells of it: as job.py says.
"use strict";
const fs = require("node:fs");
const { parseArgs } = require("node:util");

const text = { type: "string" };
const { values: o, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    first: { type: "boolean" }, concurrency: { ...text, short: "c", default: "10" },
    requests: { ...text, short: "n", default: "100" }, timeout: { ...text, default: "60s" },
    "expect-body": text, "events-fd": text, json: text,
  },
});
const requests = Number(o.requests);
const expected = o["expect-body"] && fs.readFileSync(o["expect-body"]);
const outcomes = { ok: 0, non_2xx: 0, corrupt: 0 };
let begun = 0n;
let ended = 0n;

function tell(line) {
  if (!o["events-fd"]) return;
  fs.writeSync(Number(o["events-fd"]), line);
  fs.readSync(Number(o["events-fd"]), Buffer.alloc(1));
}

module.exports = {
  first: Boolean(o.first),
  concurrency: Number(o.concurrency),
  urls: Array.from({ length: requests }, (_, i) => positionals[0].replace("{i}", String(i + 1))),
  start() {
    tell("start\n");
    begun = ended = process.hrtime.bigint();
  },
  check(status, body) {
    if (status < 200 || status > 299) outcomes.non_2xx++;
    else if (expected && !expected.equals(body)) outcomes.corrupt++;
    else outcomes.ok++;
    ended = process.hrtime.bigint();
  },
  end(at_once) {
    tell("end\n");
    console.log(JSON.stringify({ requests, concurrency: Number(o.concurrency), at_once, outcomes,
      wall_s: Number(ended - begun) / 1e9 }));
  },
};
