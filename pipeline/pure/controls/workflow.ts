import { wait, type Control } from './control';

/** Runs its body once: a pipeline inside a pipeline. */
export const runWorkflow: Control = ({ inputs, iterations: [only] }) => {
  switch (only?.status) {
    case undefined:
      return { kind: 'open', given: [inputs] };
    case 'open':
      return wait;
    case 'failed':
      return { kind: 'failed', iteration: only.number };
    case 'done':
      return { kind: 'done', outputs: only.results };
  }
};
