import { describe, expect, it } from '@jest/globals';
import { readApiConfig } from '../../api/config';

const needed = {
  DATABASE_URL: 'postgres://localhost/everframe',
  EVERFRAME_ASSET_SECRET: 'a secret of at least 32 characters',
};

describe('readApiConfig', () => {
  it('listens on loopback and uses the documented defaults', () => {
    expect(readApiConfig(needed)).toMatchObject({
      host: '127.0.0.1',
      port: 8_080,
      taskQueue: 'everframe',
      temporalAddress: '127.0.0.1:7233',
      publicUrl: undefined,
      graphLimits: { nodesMax: 100, edgesMax: 500 },
      initialCredits: { test: 1_000_000, live: 1_000_000 },
      liveProviders: [],
    });
  });

  it('takes an empty variable for an absent one, and cuts the slash of the public URL', () => {
    const config = readApiConfig({
      ...needed,
      EVERFRAME_PORT: '',
      EVERFRAME_PUBLIC_URL: 'https://api.example.com/',
    });
    expect([config.port, config.publicUrl]).toEqual([8_080, 'https://api.example.com']);
  });

  it('lets live executions use the providers that have a credential', () => {
    expect(readApiConfig({ ...needed, REPLICATE_API_TOKEN: 'x', FAL_KEY_2: 'y' }).liveProviders).toEqual([
      'fal',
      'replicate',
    ]);
  });

  it('names every faulty variable at once, without its value', () => {
    const faulty = {
      EVERFRAME_PORT: '99999',
      EVERFRAME_ASSET_SECRET: 'too-short',
      EVERFRAME_TASK_QUEUE: "a'b",
    };
    expect(() => readApiConfig(faulty)).toThrow(
      /^(?=[\s\S]*DATABASE_URL)(?=[\s\S]*EVERFRAME_PORT)(?=[\s\S]*EVERFRAME_TASK_QUEUE)(?![\s\S]*too-short)/,
    );
  });
});
