import { pause } from '../../cli/embedded/wait-until';

/** Between two looks; a look without a pause would take the processor from what is waited for. */
const PAUSE_MS = 20;

/** Looks again and again; what never comes true ends at the time limit of the test. */
export async function until(isSo: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await isSo())) await pause(PAUSE_MS);
}
