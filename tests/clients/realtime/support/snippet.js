// Runs what a document shows as it stands there: only where the server is and who asks is put in.

import * as graphqlSse from 'graphql-sse';
import * as graphqlWs from 'graphql-ws';
import { io } from 'socket.io-client';
import WebSocket from 'ws';

const PLACEHOLDERS = ['your_jwt_access_token', 'jwt_token'];

/**
 * Runs it; `log` is what it printed, `sockets` what it opened, `timers` what it waits for. Timers of half a
 * minute come at once, and imports are there already. A `token` that is a function is asked each time.
 */
export function run(snippet, { base, token, more = {} }) {
  const done = { log: [], sockets: [], timers: new Set() };
  const placed = (url) => url.replace(/(http|ws):\/\/localhost:8000/, (_, scheme) =>
    base.replace('http', scheme),
  );
  const names = {
    io: (url, options = {}) => {
      const shown = options.auth?.token;
      const auth = PLACEHOLDERS.includes(shown) ? { ...options.auth, token } : options.auth;
      const socket = io(placed(url), { forceNew: true, ...options, ...(auth ? { auth } : {}) });
      done.sockets.push(socket);
      return socket;
    },
    createClient: (options) => {
      const library = options.url.startsWith('ws') ? graphqlWs : graphqlSse;
      const client = library.createClient({
        ...options,
        url: placed(options.url),
        ...(library === graphqlWs ? { webSocketImpl: WebSocket } : {}),
      });
      done.sockets.push({ disconnect: () => client.dispose() });
      return client;
    },
    fetch: (url, options) => fetch(placed(url), options),
    // Asked for each time, as a program would that gets new ones.
    get accessToken() {
      return typeof token === 'function' ? token() : token;
    },
    setInterval: (turn) => done.timers.add(setInterval(turn, 50)),
    // One that goes round for ever has its last turn when it is stopped.
    setTimeout: (wake, milliseconds) => {
      if (done.stopped) return;
      const timer = setTimeout(() => {
        done.timers.delete(timer);
        wake();
      }, milliseconds);
      done.timers.add(timer);
    },
    console: {
      log: (...words) => done.log.push(words),
      error: (...words) => done.log.push(words),
    },
  };
  Object.assign(names, more);
  const code = snippet.replaceAll(/^import .*$/gm, '').replaceAll('http://localhost:8000/graphql', `${base}/graphql`);
  const work = new Function('names', `with (names) return (async () => {${code}\n})()`);
  done.over = work(names);
  // Whether it fails is for whoever waits for it.
  done.over.catch(() => {});
  done.stop = () => {
    done.stopped = true;
    done.sockets.forEach((socket) => socket.disconnect());
    done.timers.forEach(clearInterval);
  };
  return done;
}
