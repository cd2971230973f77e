import { describe, expect, it } from '@jest/globals';
import { followExecution } from '../../../cli/execution/follow-execution';
import { createEverframeClient, type EverframeClient } from '../../../client/everframe-client';
import { EverframeError } from '../../../client/everframe-error';
import { executionViewSchema } from '../../../pipeline/execution-view';
import { aView, prompt, running } from '../support/fake-api';

const away = new EverframeError({ message: 'No answer.', status: 0, code: 'network' });
const refused = new EverframeError({ message: 'Revoked.', status: 401, code: 'unauthorized' });
const start = executionViewSchema.parse(aView('RUNNING', { prompt, image: running }).body);
const end = executionViewSchema.parse(aView('CANCELLED', { prompt }).body);

/** A client whose watches go one after the other: each yields its views, then throws what it ends with. */
function aClient(...watches: (typeof start | EverframeError)[][]): EverframeClient {
  return {
    ...createEverframeClient({ baseUrl: 'http://127.0.0.1:9', apiKey: 'sk-test-1' }),
    watch: async function* () {
      for (const step of watches.shift() ?? []) {
        if (step instanceof EverframeError) throw step;
        yield step;
      }
    },
  };
}

describe('followExecution', () => {
  it('goes on when the API comes back after every try of the client has failed', async () => {
    const lines: string[] = [];
    const client = aClient([start, away], [start, end]);
    const last = await followExecution(client, 'exe_1', { show: (line) => lines.push(line) });
    expect(last).toEqual(end);
    expect(lines.filter((line) => line.includes('does not answer'))).toHaveLength(1);
    expect(lines.filter((line) => line.includes('RUNNING'))).toHaveLength(1);
  });

  it('gives up at once on an API that never showed the execution, or that refuses', async () => {
    const show = (): void => undefined;
    await expect(followExecution(aClient([away], [end]), 'exe_1', { show })).rejects.toBe(away);
    await expect(followExecution(aClient([start, refused], [end]), 'exe_1', { show })).rejects.toBe(refused);
  });
});
