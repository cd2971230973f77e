import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createLocalAssetStore } from '../store/assets/local-asset-store';
import { BundleAssets } from './bundle-assets';
import { BundleError } from './bundle-error';
import { readBundle } from './read-bundle';
import { replayBundle } from './replay-bundle';

/**
 * A process for one replay: takes the path of a bundle as its argument and sends its parent `{report}` or `{refusal}`.
 * Reaches no network, no database and no Temporal; all that it writes is a folder of its own, which it removes.
 */
async function main(bundlePath: string): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'everframe-replay-'));
  try {
    const assetStore = createLocalAssetStore(path.join(folder, 'assets'));
    const assets = new BundleAssets(assetStore);
    const bundle = await readBundle(bundlePath, assets);
    const workFolder = path.join(folder, 'work');
    const report = await replayBundle({ bundle, assets, assetStore, workFolder });
    await send({ report });
  } catch (error) {
    if (!(error instanceof BundleError)) throw error;
    await send({ refusal: error.message });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function send(message: object): Promise<void> {
  return new Promise((resolve, reject) => {
    if (process.send === undefined) reject(new Error('everframe replay starts this program'));
    else process.send(message, undefined, {}, (error) => (error ? reject(error) : resolve()));
  });
}

main(process.argv[2] ?? '').then(
  // The channel to the parent would keep the process alive.
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
