/** A text of a source file of the product, and what a planted bug has in its place. */
export interface Patch {
  /** Path in the project. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

const plantedBugs: Readonly<Record<string, readonly Patch[]>> = {};

/** @throws for a bug that is not in the list */
export function plantedPatches(name: string | undefined): readonly Patch[] {
  if (name === undefined || name === '') return [];
  const patches = plantedBugs[name];
  if (patches === undefined) throw new Error(`There is no planted bug ${name}.`);
  return patches;
}
