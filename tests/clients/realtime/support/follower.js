// A client as this product's documents advise it: it keeps the cursor of the last event that it heard, and
// comes back with it whenever its connection is gone.

import { listen } from './listeners.js';

export class Follower {
  seqs = [];
  connections = 0;
  resyncs = 0;
  stopped = false;

  constructor(kind, proxy, token) {
    this.kind = kind;
    this.proxy = proxy;
    this.token = token;
    this.running = this.run();
  }

  /** What `allListen` asks for. */
  get events() {
    return this.seqs;
  }

  async run() {
    while (!this.stopped) {
      try {
        this.listener = await listen(this.kind, {
          base: this.proxy.base,
          token: this.token,
          after: this.cursor,
          onEvent: (name, payload) => this.hear(name, payload),
        });
        this.connections += 1;
        const { why } = await this.listener.end;
        this.listener.close();
        this.look(why);
      } catch (error) {
        this.look(error);
      }
      await new Promise((wake) => setTimeout(wake, 50));
    }
  }

  hear(name, payload) {
    if (name === 'error') {
      this.look(payload);
      return;
    }
    this.seqs.push(payload.seq);
    this.cursor = payload.cursor;
  }

  /** Whether it ended with that one word which says: load everything anew. */
  look(why) {
    const said = JSON.stringify(why, Object.getOwnPropertyNames(why ?? {}));
    if (said?.includes('RESYNC') || JSON.stringify(why)?.includes('RESYNC')) {
      this.resyncs += 1;
      this.cursor = undefined;
    }
  }

  async stop() {
    this.stopped = true;
    this.listener?.close();
    await this.running;
  }
}
