import { describe, graphIssue, type GraphIssue, type GraphIssueCode, type IssuePath } from './graph-issue';

/** Bounds of JSON that comes from outside (SPEC §12): what is inside them may be walked by recursion. */
export const JSON_LIMITS = {
  depth: 64,
  /** UTF-16 units of one string or key. */
  stringLength: 262_144,
  /** Object keys in the whole document. */
  keys: 10_000,
  /** List items in the whole document. */
  items: 100_000,
} as const;

/** Keys that could reach an object's prototype; refused everywhere, also as template path segments. */
export const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Checks a parsed JSON document before anything else reads it. Never throws, never recurses deeper than the cap,
 * and stops at the first breach of a size cap, so its work is bounded whatever is posted.
 * @param root prefix of the issues' paths, such as `triggerData`; empty for the body itself.
 */
export function guardJson(document: unknown, root: IssuePath = []): GraphIssue[] {
  return new JsonGuard(root).check(document);
}

/** U+0000, and what stands for half a character. */
const UNSTORABLE = /\0|\p{Surrogate}/u;

/** A place in the document as a chain to its root, so that paths cost nothing until one is reported. */
interface Place {
  readonly parent: Place | undefined;
  readonly key: string | number;
}

class JsonGuard {
  private readonly issues: GraphIssue[] = [];
  private keys = 0;
  private items = 0;
  private stopped = false;

  constructor(private readonly root: IssuePath) {}

  check(document: unknown): GraphIssue[] {
    this.visit(document, undefined, 0);
    return this.issues;
  }

  private visit(value: unknown, place: Place | undefined, depth: number): void {
    // A property that is undefined is absent from the JSON.
    if (this.stopped || value === null || value === undefined || typeof value === 'boolean') return;
    if (typeof value === 'string') this.visitText(value, place);
    else if (typeof value === 'object') this.visitContainer(value, place, depth);
    else if (typeof value !== 'number' || !Number.isFinite(value)) {
      this.stop(place, 'json_value_invalid', `${describe(value)} is not a JSON value.`, 'Send plain JSON.');
    }
  }

  private visitContainer(value: object, place: Place | undefined, depth: number): void {
    if (depth >= JSON_LIMITS.depth) {
      const message = `The document is nested deeper than ${JSON_LIMITS.depth} levels.`;
      this.stop(place, 'json_too_deep', message, 'Flatten it.');
    } else if (Array.isArray(value)) this.visitList(value, place, depth);
    else this.visitObject(value, place, depth);
  }

  private visitList(value: readonly unknown[], place: Place | undefined, depth: number): void {
    this.items += value.length;
    if (this.items > JSON_LIMITS.items) {
      const message = `The document has more than ${JSON_LIMITS.items} list items.`;
      return this.stop(place, 'json_too_many_keys', message, 'Send less.');
    }
    for (let index = 0; index < value.length && !this.stopped; index += 1) {
      this.visit(value[index], { parent: place, key: index }, depth + 1);
    }
  }

  private visitObject(value: object, place: Place | undefined, depth: number): void {
    for (const [key, item] of Object.entries(value)) {
      if (this.stopped) return;
      this.keys += 1;
      const here = { parent: place, key };
      if (this.keys > JSON_LIMITS.keys) {
        const message = `The document has more than ${JSON_LIMITS.keys} keys.`;
        this.stop(place, 'json_too_many_keys', message, 'Send less.');
      } else if (FORBIDDEN_KEYS.has(key)) {
        this.report(here, 'json_key_forbidden', `The key "${key}" is not allowed.`, 'Rename the key.');
      } else {
        this.visitText(key, place);
        this.visit(item, here, depth + 1);
      }
    }
  }

  private visitText(text: string, place: Place | undefined): void {
    if (text.length <= JSON_LIMITS.stringLength) return this.visitCharacters(text, place);
    const message = `A text of ${text.length} characters is longer than the ${JSON_LIMITS.stringLength} allowed.`;
    const fix = 'Upload it as an asset and pass {"assetId": "…"} to an input node.';
    this.stop(place, 'json_string_too_long', message, fix);
  }

  /** What PostgreSQL takes for no text, and what no UTF-8 can say. */
  private visitCharacters(text: string, place: Place | undefined): void {
    if (!UNSTORABLE.test(text)) return;
    const message = 'The text holds the character U+0000 or half of a surrogate pair.';
    this.report(place, 'json_text_invalid', message, 'Remove it.');
  }

  private stop(place: Place | undefined, code: GraphIssueCode, message: string, fix: string): void {
    this.report(place, code, message, fix);
    this.stopped = true;
  }

  private report(place: Place | undefined, code: GraphIssueCode, message: string, fix: string): void {
    this.issues.push(graphIssue([...this.root, ...segments(place)], code, message, fix));
    if (this.issues.length >= 100) this.stopped = true;
  }
}

function segments(place: Place | undefined): (string | number)[] {
  const path: (string | number)[] = [];
  for (let current = place; current !== undefined; current = current.parent) path.unshift(current.key);
  return path;
}
