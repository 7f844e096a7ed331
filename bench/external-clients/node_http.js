// Node's http.get(). First: the global agent, all at once. Tuned: an agent that keeps C connections,
// and has no more.
"use strict";
const http = require("node:http");
const job = require("./job.js");

const agent = job.first ? http.globalAgent : new http.Agent({ keepAlive: true, maxSockets: job.concurrency });

function get(url) {
  return new Promise((resolve, reject) => {
    http.get(url, { agent }, (response) => {
      const pieces = [];
      response.on("data", (piece) => pieces.push(piece));
      response.on("end", () => {
        job.check(response.statusCode, Buffer.concat(pieces));
        resolve();
      });
      response.on("error", reject);
    }).on("error", reject);
  });
}

async function main() {
  job.start();
  await Promise.all(job.urls.map(get));
  job.end(agent.maxSockets === Infinity ? null : agent.maxSockets);
}

main().then(() => process.exit(0));
