import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { projectFolder } from './project-folder.mjs';

/**
 * Compiles TypeScript files into `dist`, each by itself: half a second for all of them, where tsc takes ten, most of it
 * on types. Those are checked by `npm run build` and `npm run check`.
 *
 * @param sources absolute paths of .ts files
 */
export async function compile(sources, dist) {
  const { transformFileSync } = (await import('@swc/core')).default;
  for (const source of sources) {
    const target = join(dist, relative(projectFolder, source).replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    const { code, map } = transformFileSync(source, {
      swcrc: false,
      jsc: { parser: { syntax: 'typescript' }, target: 'es2022', keepClassNames: true },
      // `import()` stays as it is: an ES module such as node-av cannot be had by `require` on Node 20.
      module: { type: 'commonjs', ignoreDynamic: true },
      sourceMaps: true,
      sourceFileName: relative(dirname(target), source),
    });
    writeFileSync(target, `${code}\n//# sourceMappingURL=${basename(target)}.map\n`);
    writeFileSync(`${target}.map`, map);
  }
}
