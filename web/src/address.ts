// Where the service is, seen from this page. A proxy may serve it below a path, which the page does
// not know; but scripts lie in `assets/`, right below it.

const script = import.meta.url;
const root = import.meta.env.DEV ? new URL('/', script) : new URL('..', withoutFile(script));

function withoutFile(address: string): string {
  return address.slice(0, address.lastIndexOf('/') + 1);
}

/** The full address of something the service has. */
export function address(path: string): string {
  return new URL(path, root).href;
}

/** The same for a WebSocket. */
export function socketAddress(path: string): string {
  return address(path).replace(/^http/, 'ws');
}
