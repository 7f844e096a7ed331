// node_server.js PORT http|echo
'use strict';
const http = require('http');
const net = require('net');

const TEXT = Buffer.from('iomodels: one answer, whatever the model.\n');
const ROW = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-\n';

// The body of /bytes/N of our servers: rows of 64 characters, each with its number in front.
function bytes(n) {
  let text = '';
  for (let row = 0; row * 64 < n; row++) {
    text += String(row % 1024).padStart(4, '0') + ROW.slice(4);
  }
  return Buffer.from(text.slice(0, n));
}

const bodies = new Map([['/', TEXT]]);

function body(path) {
  const size = /^\/bytes\/([0-9]{1,8})$/.exec(path);
  if (!bodies.has(path) && size) bodies.set(path, bytes(Number(size[1])));
  return bodies.get(path);
}

function answer(request, response) {
  const found = body(request.url);
  response.writeHead(found ? 200 : 404, {
    'Content-Type': 'text/plain',
    'Content-Length': found ? found.length : 0,
  });
  response.end(found);
}

const [port, protocol] = process.argv.slice(2);
const server = protocol === 'http' ? http.createServer(answer)
  : net.createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.pipe(socket);
  });
server.keepAliveTimeout = 3600e3;
server.timeout = 0;
server.requestTimeout = 0;
server.listen({ port: Number(port), host: '127.0.0.1', backlog: 4096 });
