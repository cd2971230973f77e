/**
 * Runs in a copy of the tree in which the examples of CONTRIBUTING.md stand: asks the stand-in through the new node type
 * and adapter, and writes what came of it as JSON.
 */
const { mkdtempSync, rmSync } = require('node:fs');
const { join } = require('node:path');

const tree = process.argv[2];
require(join(tree, 'scripts/typescript-hook.cjs'));
const load = (path) => require(join(tree, path));
const { describeNode } = load('pipeline/catalog-entry.ts');
const { catalogPage } = load('pipeline/catalog-page.ts');
const { nodeDefinitions, nodeDefinition } = load('pipeline/nodes/index.ts');
const { configuredProviders } = load('pipeline/provider-credentials.ts');
const { findProvider } = load('activities/providers/index.ts');
const { createProviderFetch, resolveProviderUrls } = load('activities/providers/provider-fetch.ts');
const { createGuardedFetch } = load('activities/guarded-fetch.ts');
const { sniffMediaType } = load('store/assets/media/sniff-media-type.ts');
const { createSandbox } = load('sandbox/create-sandbox.ts');

async function main() {
  const dataFolder = mkdtempSync(join(tree, 'sandbox-data-'));
  const sandbox = await createSandbox({ dataFolder, latency: 0 });
  const fetch = createGuardedFetch({ allowedPrivateHosts: [] });
  try {
    const [candidate] = nodeDefinition('generate:acme_painter').implementation.candidates;
    const provider = findProvider(candidate.provider);
    const urls = resolveProviderUrls(provider, { mode: 'test', env: {}, sandboxUrl: sandbox.url });
    const call = { mode: 'test', ...urls, credential: 'sandbox', timeoutMs: 30_000 };
    const signal = new globalThis.AbortController().signal;
    const input = candidate.toInput({ config: {}, inputs: { prompt: 'a lighthouse' } });
    const reply = await provider.operations[candidate.operation].call(
      { model: candidate.model, input, files: [], idempotencyKey: 'a' },
      { ...call, signal, fetch: createProviderFetch(fetch, urls.privateOrigins) },
    );
    const { image } = candidate.toOutputs(reply);
    return {
      isInCatalog: catalogPage(nodeDefinitions.map(describeNode)).includes('### generate:acme_painter'),
      configured: configuredProviders({ ACME_API_KEY: 'key' }),
      output: sniffMediaType(Buffer.from(image.base64, 'base64')),
    };
  } finally {
    await fetch.close();
    await sandbox.close();
    rmSync(dataFolder, { recursive: true });
  }
}

main().then(
  (result) => process.stdout.write(JSON.stringify(result), () => process.exit(0)),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
