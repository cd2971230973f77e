// Stores an endless source until its parent kills it: a process that dies in the middle of a write.
require('../../../scripts/typescript-hook.cjs');
const { createLocalAssetStore } = require('../../../store/assets/local-asset-store.ts');

async function* endless() {
  for (let written = 0; ; written += 65536) {
    yield Buffer.alloc(65536, 7);
    if (written === 65536 * 8) process.stdout.write('writing\n');
  }
}

createLocalAssetStore(process.argv[2]).put('acc_1', endless(), { mimeType: 'video/mp4', maxBytes: 1e12 });
