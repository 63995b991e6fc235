/** Time as a watch stream in the Worker needs it. */
export interface StreamClock {
  nowMs(): number;
  /** Returns how to call it off. */
  after(delayMs: number, run: () => void): () => void;
}

export const SYSTEM_CLOCK: StreamClock = {
  nowMs: () => Date.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};
