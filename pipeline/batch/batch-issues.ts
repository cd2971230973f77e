import { formatPath, type GraphIssue, type IssuePath } from '../graph-issue';
import type { ItemRow } from './combine-iterators';

interface Seen {
  readonly issue: GraphIssue;
  /** Items that have it, the first of them first. */
  readonly first: number;
  count: number;
}

const ISSUES_MAX = 100;

/**
 * Faults of all items, each told once: at the value that is at fault where a value is, at the graph where all items have it.
 */
export class BatchIssues {
  private readonly seen = new Map<string, Seen>();
  private readonly prefixes: readonly string[];
  private items = 0;

  constructor(places: readonly IssuePath[]) {
    this.prefixes = places.map(formatPath);
  }

  get isEmpty(): boolean {
    return this.seen.size === 0;
  }

  add(item: number, row: ItemRow, issues: readonly GraphIssue[]): void {
    this.items += 1;
    for (const issue of issues) {
      const placed = this.place(issue, row);
      const key = JSON.stringify([placed.path, placed.code, placed.message]);
      const known = this.seen.get(key);
      if (known) known.count += 1;
      else this.seen.set(key, { issue: placed, first: item, count: 1 });
    }
  }

  /** One more item without a fault. */
  addSound(): void {
    this.items += 1;
  }

  list(): readonly GraphIssue[] {
    const told = [...this.seen.values()].map((seen) => this.tell(seen));
    if (told.length <= ISSUES_MAX) return told;
    const message = `There are ${told.length - ISSUES_MAX} more faults.`;
    const last = {
      path: 'iteratorConfigs',
      code: 'too_many_issues',
      message,
      fix: 'Mend these first.',
    } as const;
    return [...told.slice(0, ISSUES_MAX), last];
  }

  private place(issue: GraphIssue, row: ItemRow): GraphIssue {
    const iterator = this.prefixes.findIndex(
      (prefix) =>
        issue.path === prefix ||
        (/^[.[]/.test(issue.path.slice(prefix.length)) && issue.path.startsWith(prefix)),
    );
    if (iterator === -1) return issue;
    const rest = issue.path.slice(this.prefixes[iterator]?.length);
    return { ...issue, path: `iteratorConfigs[${iterator}].values[${row[iterator] ?? 0}]${rest}` };
  }

  private tell({ issue, first, count }: Seen): GraphIssue {
    if (count === this.items || issue.path.startsWith('iteratorConfigs')) return issue;
    const others = count > 1 ? ` and ${count - 1} more` : '';
    return { ...issue, message: `Item ${first}${others}: ${issue.message}` };
  }
}
