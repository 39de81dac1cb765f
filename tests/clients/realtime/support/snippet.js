// Runs what a document shows as it stands there: only where the server is and who asks is put in.

import * as graphqlSse from 'graphql-sse';
import * as graphqlWs from 'graphql-ws';
import { io } from 'socket.io-client';
import WebSocket from 'ws';

const PLACEHOLDERS = ['your_jwt_access_token', 'jwt_token'];

/**
 * Runs it; `log` is what it printed, `sockets` what it opened. Timers of half a minute come at once, and
 * imports are there already.
 */
export function run(snippet, { base, token, more = {} }) {
  const done = { log: [], sockets: [], timers: [] };
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
    accessToken: token,
    setInterval: (turn) => done.timers.push(setInterval(turn, 50)),
    // One that goes round for ever has its last turn when it is stopped.
    setTimeout: (wake, milliseconds) => {
      if (!done.stopped) done.timers.push(setTimeout(wake, milliseconds));
    },
    console: {
      log: (...words) => done.log.push(words),
      error: (...words) => done.log.push(words),
    },
    ...more,
  };
  const code = snippet.replaceAll(/^import .*$/gm, '').replaceAll('http://localhost:8000/graphql', `${base}/graphql`);
  const work = new Function(...Object.keys(names), `return (async () => {${code}\n})()`);
  done.over = work(...Object.values(names));
  // Whether it fails is for whoever waits for it.
  done.over.catch(() => {});
  done.stop = () => {
    done.stopped = true;
    done.sockets.forEach((socket) => socket.disconnect());
    done.timers.forEach(clearInterval);
  };
  return done;
}
