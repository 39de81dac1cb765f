// The session, for components.

import { useSyncExternalStore } from 'react';

import { current, subscribe, type State } from './session';

export function useSession(): State {
  return useSyncExternalStore(subscribe, current);
}
