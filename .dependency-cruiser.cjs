/** The import rules of DESIGN.md. Tests may import anything. */
const rooms = [
  'pipeline',
  'workflows',
  'activities',
  'store',
  'worker',
  'api',
  'sandbox',
  'client',
  'cli',
  'replay',
  'metrics',
  'bench',
];

const providerIds =
  'openai|anthropic|google|gemini|fal|replicate|stability|black-forest-labs|bfl|kling|recraft|byteplus|ark|elevenlabs|deepl';

/** `room` may import from itself, from the contract, and from `allowed` (path patterns); nothing else of ours. */
function only(room, allowed, comment) {
  const allowedPaths = [`^${room}/`, '^workflows/contract[.]ts$', ...allowed];
  return {
    name: `${room.replaceAll('/', '-')}-imports`,
    comment,
    severity: 'error',
    from: { path: `^${room}/` },
    to: { path: `^(${rooms.join('|')})/`, pathNot: allowedPaths },
  };
}

/** `room` may import these packages (patterns of their folder in node_modules) and no others. */
function onlyPackages(name, from, packages) {
  return {
    name,
    severity: 'error',
    from,
    to: {
      dependencyTypes: ['npm', 'npm-dev', 'npm-optional'],
      pathNot: packages.map((part) => `node_modules/${part}`),
    },
  };
}

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-test-code-in-the-product',
      severity: 'error',
      from: { pathNot: '^test/' },
      to: { path: '^test/' },
    },
    {
      name: 'no-dev-packages-in-the-product',
      severity: 'error',
      from: { path: `^(${rooms.join('|')})/` },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'contract-imports-nothing',
      severity: 'error',
      from: { path: '^workflows/contract[.]ts$' },
      to: { path: '.' },
    },
    {
      name: 'pure-imports-nothing',
      comment: 'pipeline/pure runs inside workflows; by value it sees itself and the contract only.',
      severity: 'error',
      from: { path: '^pipeline/pure/' },
      to: {
        path: '.',
        pathNot: ['^pipeline/pure/', '^workflows/contract[.]ts$'],
        dependencyTypesNot: ['type-only'],
      },
    },
    only('pipeline', [], 'The pure domain knows nobody.'),
    onlyPackages('pipeline-packages', { path: '^pipeline/' }, ['zod/']),
    {
      name: 'workflows-imports',
      comment: 'The sandbox: pipeline/pure and itself by value, activities by type only.',
      severity: 'error',
      from: { path: '^workflows/' },
      to: {
        path: `^(${rooms.join('|')})/`,
        pathNot: ['^workflows/', '^pipeline/pure/'],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'workflows-types',
      comment: 'Types may come from activities and the pipeline, not from elsewhere.',
      severity: 'error',
      from: { path: '^workflows/' },
      to: { path: '^(store|worker|api|sandbox|client|cli|bench)/' },
    },
    onlyPackages('workflows-packages', { path: '^workflows/' }, ['@temporalio/(workflow|common)/']),
    only('activities', ['^pipeline/', '^store/'], 'Side effects: the pipeline and the store.'),
    {
      name: 'providers-are-islands',
      comment: 'A provider knows the shared files beside it, never another provider.',
      severity: 'error',
      from: { path: `^activities/providers/(${providerIds})([.-]|/)` },
      to: {
        path: `^activities/providers/(${providerIds})([.-]|/)`,
        pathNot: '^activities/providers/$1([.-]|/)',
      },
    },
    {
      name: 'providers-know-no-activities',
      comment: 'What a provider needs is handed to it per call; it reaches for no store and no activity.',
      severity: 'error',
      from: { path: `^activities/providers/(${providerIds})([.-]|/)` },
      to: { path: '^(activities|store)/', pathNot: '^activities/providers/' },
    },
    only('store', ['^pipeline/'], 'What survives knows neither API nor activities.'),
    only(
      'worker',
      ['^activities/', '^store/', '^pipeline/', '^metrics/'],
      'The process that runs activities and workflows.',
    ),
    only(
      'api',
      ['^pipeline/', '^store/', '^metrics/'],
      'Never activities or worker: the API holds no provider code.',
    ),
    only('metrics', [], 'A registry and its listener know nobody.'),
    only('sandbox', ['^pipeline/'], 'Simulated providers know nothing of ours but pipeline types.'),
    only(
      'client',
      ['^pipeline/execution-view[.]ts$'],
      'The client stands alone but for the type of the poll body.',
    ),
    only(
      'cli',
      ['^client/', '^pipeline/'],
      'The command line speaks HTTP through the client; up.ts starts processes.',
    ),
    only(
      'replay',
      ['^pipeline/', '^activities/', '^store/assets/', '^store/database/assets[.]ts$'],
      'Computes again with the code of the activities; the database is known by types alone.',
    ),
    {
      name: 'replay-is-offline',
      comment: 'What a replay needs came with the bundle.',
      severity: 'error',
      from: { path: '^replay/' },
      to: { path: '^(store/database|activities/providers)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'client-has-no-dependencies',
      severity: 'error',
      from: { path: '^client/' },
      to: { dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'core'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|out|coverage|[.]everframe)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['require', 'node', 'types', 'default'],
    },
  },
};
