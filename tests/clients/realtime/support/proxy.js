// What stands between a client and the servers: it can cut every connection without a word, let none through,
// and sends the next one to whichever server comes next.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';

export class Proxy {
  sockets = new Set();
  turn = 0;
  /** Whether websockets are let through; otherwise they open, and are cut. */
  websockets = true;
  requests = 0;

  /** In front of these servers; where there is more than one, each connection gets the next. */
  static async before(...programs) {
    const proxy = new Proxy();
    proxy.programs = programs;
    proxy.server = createServer((client) => proxy.pass(client)).listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    proxy.base = `http://127.0.0.1:${proxy.server.address().port}`;
    return proxy;
  }

  pass(client) {
    if (this.isShut) {
      client.destroy();
      return;
    }
    const { port } = this.programs[(this.turn += 1) % this.programs.length];
    const server = connect(port, '127.0.0.1');
    client.on('data', (data) => this.look(data.toString('latin1'), client, server));
    for (const [from, to] of [[client, server], [server, client]]) {
      this.sockets.add(from);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.sockets.delete(from);
        to.destroy();
      });
    }
  }

  /** From now on nobody gets through. */
  shut() {
    this.isShut = true;
    this.cut();
  }

  open() {
    this.isShut = false;
  }

  look(said, client, server) {
    if (!/^(GET|POST) /.test(said)) return;
    this.requests += 1;
    if (this.websockets || !/^upgrade: websocket/im.test(said)) return;
    // What is piped is written first.
    server.once('data', () => client.end(() => server.destroy()));
  }

  cut() {
    for (const socket of this.sockets) socket.destroy();
  }

  close() {
    this.server.close();
    this.cut();
  }
}
