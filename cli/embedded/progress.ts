const quietMs = 1_000;
const repeatEveryMs = 5_000;

/** Shows one plain line. */
export type Report = (line: string) => void;

/**
 * Runs one step of bring-up. A step that takes over a second says so while it runs and when it is done, with the
 * seconds it took; a quick one stays silent.
 */
export async function withProgress<T>(label: string, report: Report, step: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  const seconds = (): string => `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
  let repeat: NodeJS.Timeout | undefined;
  const first = setTimeout(() => {
    report(`${label} …`);
    repeat = setInterval(() => report(`${label} … ${seconds()}`), repeatEveryMs);
  }, quietMs);
  try {
    const result = await step();
    if (performance.now() - startedAt > quietMs) report(`${label}: done in ${seconds()}`);
    return result;
  } finally {
    clearTimeout(first);
    clearInterval(repeat);
  }
}
