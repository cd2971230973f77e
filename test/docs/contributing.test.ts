import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

/** The compiler and a picture, on a busy machine. */
jest.setTimeout(120_000);

const root = join(__dirname, '../..');
const run = promisify(execFile);

/** Each TypeScript block of the page that begins with the path of its file. */
const page = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8');
const examples = [...page.matchAll(/```ts\n\/\/ (\S+)\n([\s\S]*?)```/g)].map(([, path = '', code = '']) => ({
  path,
  code,
}));

/** The entry that the page asks for in each registry: where it is put in, and the import that names it. */
const entries = [
  {
    path: 'pipeline/nodes/index.ts',
    after: '  ...inputNodes,\n',
    entry: '  ...acmeNodes,\n',
    from: "{ acmeNodes } from './acme-nodes'",
  },
  {
    path: 'activities/providers/index.ts',
    after: '  anthropic,\n',
    entry: '  acme,\n',
    from: "{ acme } from './acme'",
  },
  {
    path: 'sandbox/providers.ts',
    after: '  anthropic,\n',
    entry: '  acme,\n',
    from: "{ acme } from './providers/acme'",
  },
  {
    path: 'pipeline/provider-credentials.ts',
    after: "  deepl: 'DEEPL_AUTH_KEY',\n",
    entry: "  acme: 'ACME_API_KEY',\n",
  },
] as const;

let tree: string;

beforeAll(() => {
  tree = mkdtempSync(join(tmpdir(), 'everframe-contributing-'));
  for (const name of [
    'pipeline',
    'workflows',
    'activities',
    'store',
    'sandbox',
    'scripts',
    'package.json',
    'tsconfig.json',
  ])
    cpSync(join(root, name), join(tree, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'));
  for (const { path, code } of examples) writeFileSync(join(tree, path), code, { flag: 'wx' });
  for (const { path, after, entry, ...rest } of entries) {
    const before = readFileSync(join(tree, path), 'utf8');
    const listed = before.replace(after, after + entry);
    expect(listed).not.toBe(before);
    writeFileSync(join(tree, path), 'from' in rest ? `import ${rest.from};\n${listed}` : listed);
  }
});
afterAll(() => rmSync(tree, { recursive: true, force: true }));

describe('the examples of CONTRIBUTING.md', () => {
  it('are one file each for a node type, a provider and its stand-in', () => {
    expect(examples.map(({ path }) => path)).toEqual([
      'pipeline/nodes/acme-nodes.ts',
      'activities/providers/acme.ts',
      'sandbox/providers/acme.ts',
    ]);
  });

  it('compile under the settings of the project', async () => {
    const files = examples.map(({ path }) => path);
    writeFileSync(
      join(tree, 'tsconfig.examples.json'),
      JSON.stringify({ extends: './tsconfig.json', include: [], files }),
    );
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    const told = await run(process.execPath, [compiler, '--noEmit', '-p', 'tsconfig.examples.json'], {
      cwd: tree,
    }).catch((error: unknown) => error);
    expect(told).toMatchObject({ stdout: '' });
  });

  it('are in the catalog by one entry in each registry, and make a picture through adapter and stand-in', async () => {
    const { stdout } = await run(process.execPath, [join(__dirname, 'contributing-child.cjs'), tree], {
      cwd: tree,
    });
    expect(JSON.parse(stdout)).toMatchObject({
      isInCatalog: true,
      configured: ['acme'],
      output: { kind: 'image', mimeType: 'image/png' },
    });
  });
});
