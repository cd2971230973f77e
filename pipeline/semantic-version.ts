/** A semantic version (semver.org 2.0.0), without build metadata, which has no precedence. */
export const SEMANTIC_VERSION =
  /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})(?:-((?:0|[1-9]\d{0,8}|\d*[A-Za-z-][\dA-Za-z-]*)(?:\.(?:0|[1-9]\d{0,8}|\d*[A-Za-z-][\dA-Za-z-]*))*))?$/;
export const SEMANTIC_VERSION_LENGTH_MAX = 64;

export type VersionPart = 'major' | 'minor' | 'patch';

export function isSemanticVersion(text: string): boolean {
  return text.length <= SEMANTIC_VERSION_LENGTH_MAX && SEMANTIC_VERSION.test(text);
}

/** Negative when `left` comes before `right`. @throws RangeError for what is no semantic version */
export function compareVersions(left: string, right: string): number {
  const [a, b] = [parse(left), parse(right)];
  for (const place of [0, 1, 2] as const) {
    if (a.numbers[place] !== b.numbers[place]) return a.numbers[place] - b.numbers[place];
  }
  return comparePrereleases(a.prerelease, b.prerelease);
}

/** The version after the highest of those given; `1.0.0` after none. A prerelease is followed by its release. */
export function nextVersion(tags: readonly string[], part: VersionPart = 'patch'): string {
  const [highest] = tags.toSorted((left, right) => compareVersions(right, left));
  if (highest === undefined) return '1.0.0';
  const { numbers, prerelease } = parse(highest);
  const [major, minor, patch] = numbers;
  switch (part) {
    case 'major':
      return `${major + 1}.0.0`;
    case 'minor':
      return `${major}.${minor + 1}.0`;
    case 'patch':
      return `${major}.${minor}.${prerelease.length > 0 ? patch : patch + 1}`;
  }
}

interface ParsedVersion {
  readonly numbers: readonly [number, number, number];
  readonly prerelease: readonly string[];
}

function parse(text: string): ParsedVersion {
  const match = text.length <= SEMANTIC_VERSION_LENGTH_MAX ? SEMANTIC_VERSION.exec(text) : null;
  if (match === null)
    throw new RangeError(
      `"${text.slice(0, SEMANTIC_VERSION_LENGTH_MAX)}" is no semantic version such as 1.2.3`,
    );
  const [, major, minor, patch, prerelease] = match;
  return { numbers: [Number(major), Number(minor), Number(patch)], prerelease: prerelease?.split('.') ?? [] };
}

/** Numbers by value and before texts, texts by code unit; a release comes after all its prereleases. */
function comparePrereleases(left: readonly string[], right: readonly string[]): number {
  if (left.length === 0 || right.length === 0) return right.length - left.length;
  for (const [place, a] of left.entries()) {
    const b = right[place];
    if (b === undefined) return 1;
    if (a === b) continue;
    const [isNumberA, isNumberB] = [/^\d+$/.test(a), /^\d+$/.test(b)];
    if (isNumberA && isNumberB) return Number(a) - Number(b);
    if (isNumberA !== isNumberB) return isNumberA ? -1 : 1;
    return a < b ? -1 : 1;
  }
  return left.length - right.length;
}
