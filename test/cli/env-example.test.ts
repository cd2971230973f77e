import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const root = join(__dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const documented = new Set(
  [...read('.env.example').matchAll(/^#([A-Z][A-Z0-9_]+)=/gm)].map((match) => match[1]),
);
/** The system's own variables, not ours to document. */
const foreign = new Set(['XDG_CACHE_HOME', 'NODE_ENV']);

/** The keys of the environment schema of a process. */
function settingsOf(configPath: string): string[] {
  const names = [...read(configPath).matchAll(/^ {2}([A-Z][A-Z0-9_]+):/gm)].flatMap(
    (match) => match[1] ?? [],
  );
  return names.filter((name) => !foreign.has(name));
}

describe('.env.example', () => {
  it.each(['cli', 'api', 'worker', 'sandbox'])('documents every setting of %s', (room) => {
    const settings = settingsOf(`${room}/config.ts`);
    expect(settings.length).toBeGreaterThan(3);
    expect(settings.filter((name) => !documented.has(name))).toEqual([]);
  });

  it('documents every setting that a provider can have for itself', () => {
    const source = read('worker/provider-settings.ts');
    const names = [...source.matchAll(/^ {2}([A-Z][A-Z_]+):/gm)].map(
      (match) => `EVERFRAME_${match[1] ?? ''}`,
    );
    expect(names.length).toBeGreaterThan(5);
    expect(names.filter((name) => !documented.has(name))).toEqual([]);
  });

  it('documents every credential and base URL of the providers', () => {
    const files = readdirSync(join(root, 'activities/providers')).filter((name) => name.endsWith('.ts'));
    const names = files.flatMap((name) => {
      const source = read(join('activities/providers', name));
      return [...source.matchAll(/(?:variable|credentialVariable): '([A-Z0-9_]+)'/g)].map(
        (match) => match[1],
      );
    });
    expect(names.length).toBeGreaterThan(5);
    expect(names.filter((name) => !documented.has(name))).toEqual([]);
  });
});
