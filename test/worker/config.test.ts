import { describe, expect, it } from '@jest/globals';
import { readWorkerConfig } from '../../worker/config';

const needed = {
  DATABASE_URL: 'postgres://127.0.0.1/test',
  EVERFRAME_ASSET_SECRET: 'a secret of at least 32 characters',
};

describe('readWorkerConfig', () => {
  it('takes an empty variable for an absent one', () => {
    const empty = { EVERFRAME_PUBLIC_URL: '', EVERFRAME_BUILD_ID: '', EVERFRAME_WORKER_METRICS_PORT: '' };
    const config = readWorkerConfig({ ...needed, ...empty });
    expect(config.publicUrl).toBeUndefined();
    expect(config.deployment).toBeUndefined();
    expect(config.metrics).toEqual({ host: '127.0.0.1', port: 9_465, isExplicit: false });
  });

  it('is versioned once it has a build', () => {
    const { deployment } = readWorkerConfig({ ...needed, EVERFRAME_BUILD_ID: '1.4.0' });
    expect(deployment).toEqual({ name: 'everframe', buildId: '1.4.0', behavior: 'auto_upgrade' });
    expect(() => readWorkerConfig({ ...needed, EVERFRAME_BUILD_ID: 'a b' })).toThrow(/EVERFRAME_BUILD_ID/);
  });
});
