/** Brings a system with fake children up in this process and prints its pids as one line of JSON, to be killed. */
require('../../scripts/typescript-hook.cjs');
const { join } = require('node:path');
const { readCliConfig } = require('../../cli/config.ts');
const { bringUp } = require('../../cli/up.ts');

const fake = join(__dirname, 'fake-child.cjs');
const config = readCliConfig(process.env, process.cwd());
bringUp({ config, report: () => undefined, programs: { api: fake, worker: fake, sandbox: fake } }).then(
  (system) => {
    const names = ['api', 'worker', 'sandbox', 'temporal', 'postgres'];
    console.log(JSON.stringify(Object.fromEntries(names.map((name) => [name, system.pidOf(name)]))));
  },
);
