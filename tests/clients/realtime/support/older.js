// The older subprotocol `graphql-ws`, as subscriptions-transport-ws speaks it, which is no longer kept.

import { once } from 'node:events';

import WebSocket from 'ws';

export class OlderClient {
  /** Connects; fails when the server refuses, with what it says. */
  static async open(base, connectionParams) {
    const client = new OlderClient();
    client.socket = new WebSocket(`${base.replace('http', 'ws')}/graphql`, 'graphql-ws');
    client.waiting = [];
    client.said = [];
    client.socket.on('message', (data) => client.take(JSON.parse(data)));
    client.socket.on('close', (code, reason) => {
      client.take({ type: 'closed', payload: { code, message: String(reason) } });
    });
    await once(client.socket, 'open');
    client.send({ type: 'connection_init', payload: connectionParams });
    const answer = await client.next();
    if (answer.type !== 'connection_ack') throw Object.assign(new Error(), answer.payload);
    return client;
  }

  async *subscribe(payload) {
    this.send({ id: '1', type: 'start', payload });
    for (;;) {
      const { type, payload: said } = await this.next();
      if (type === 'data') yield said;
      else if (type === 'complete') return;
      else throw Object.assign(new Error(), Array.isArray(said) ? said[0] : said);
    }
  }

  close() {
    this.socket.close();
  }

  send(message) {
    this.socket.send(JSON.stringify(message));
  }

  /** Keep-alives are nobody's business. */
  take(message) {
    if (message.type === 'ka') return;
    const waiting = this.waiting.shift();
    if (waiting) waiting(message);
    else this.said.push(message);
  }

  next() {
    const said = this.said.shift();
    return said ? Promise.resolve(said) : new Promise((resolve) => this.waiting.push(resolve));
  }
}
