import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BringUpError } from './embedded/bring-up-error';

/** The checkout or the installed package: sources lie at its top, compiled files one folder deeper. */
export function findProjectFolder(): string {
  let folder = __dirname;
  while (!existsSync(join(folder, 'scripts', 'exit-with-supervisor.cjs'))) {
    if (dirname(folder) === folder) throw new BringUpError(`${__dirname} is not inside an Everframe project`);
    folder = dirname(folder);
  }
  return folder;
}
