// Something that a button sets off: whether it is under way, and what went wrong.

import { useState } from 'react';

export interface Task {
  busy: boolean;
  problem: string | null;
  start(work: () => Promise<void>): void;
}

export function useTask(): Task {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const run = async (work: () => Promise<void>) => {
    setBusy(true);
    setProblem(null);
    try {
      await work();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  return { busy, problem, start: (work) => void run(work) };
}
