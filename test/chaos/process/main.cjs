// Starts one process of the product from its build: api, worker or sandbox, as the supervisor says in EVERFRAME_PROCESS.
// It differs from production in this alone: the chaos providers are registered, and EVERFRAME_PLANTED_BUG may name one
// planted bug. Both happen while the modules load, so that nothing of them is in the product.
require('../../../scripts/typescript-hook.cjs');
const { join } = require('node:path');
const { patchSources, preferBuilt } = require('./load-hooks.cjs');

const project = join(__dirname, '../../..');
const built = (path) => join(project, 'dist', path);
const role = process.env.EVERFRAME_PROCESS;

preferBuilt(project);
const { plantedPatches } = require('../planted/planted-bugs.ts');
patchSources(project, [
  {
    file: 'pipeline/nodes/index.ts',
    find: 'export const nodeDefinitions: readonly NodeDefinition[] = [',
    replace: `export const nodeDefinitions: readonly NodeDefinition[] = [
  ...require(${JSON.stringify(require.resolve('../provider/chaos-nodes.ts'))}).chaosNodes,`,
  },
  // A pause must meet the socket that it began with: Node's own server closes idle ones after five seconds.
  {
    file: 'sandbox/create-sandbox.ts',
    find: 'const server = createServer();',
    replace: 'const server = createServer({ keepAliveTimeout: 120_000 });',
  },
  ...plantedPatches(process.env.EVERFRAME_PLANTED_BUG),
]);
if (role === 'worker') {
  const { chaosProviders } = require('../provider/chaos-providers.ts');
  require(built('activities/providers/index.js')).providers.push(...chaosProviders);
}
if (role === 'sandbox') {
  const { chaosSandboxProviders } = require('../provider/chaos-sandbox.ts');
  require(built('sandbox/providers.js')).providers.push(...chaosSandboxProviders);
}
require(built(`${role}/main.js`));
