import { isRefusal } from '../store/database/call-function';
import type { Database } from '../store/database/database';
import type { WriteScope } from '../store/database/executions/execution';
import { inTurn } from './in-turn';

/** Bounds what one statement does while it holds the lock of the execution. */
const TOGETHER_MAX = 50;

interface Batch<Item, Result> {
  readonly items: Item[];
  results?: Promise<readonly Result[]>;
}

/**
 * Writes of one kind, for one execution, that wait for their turn together are written together: one round trip, one
 * commit, and their activities end at once, so that Temporal makes one workflow task of them and not one of each.
 */
export class Together<Item, Result> {
  private readonly waiting = new Map<string, Batch<Item, Result>>();

  /** @param writeAll - All or none; results in the order of the items. */
  constructor(
    private readonly writeAll: (
      database: Database,
      scope: WriteScope,
      items: readonly Item[],
    ) => Promise<readonly Result[]>,
  ) {}

  /** @throws what it would throw alone: where the others are to blame for a refusal, it is written without them. */
  async write(database: Database, scope: WriteScope, item: Item): Promise<Result> {
    const batch = this.join(database, scope, item);
    const place = batch.items.length - 1;
    try {
      return resultAt(await batch.results, place);
    } catch (error) {
      if (batch.items.length === 1 || !isRefusal(error)) throw error;
      return resultAt(await inTurn(scope.executionId, () => this.writeAll(database, scope, [item])), 0);
    }
  }

  private join(database: Database, scope: WriteScope, item: Item): Batch<Item, Result> {
    const key = `${scope.executionId} ${scope.runId}`;
    const known = this.waiting.get(key);
    if (known && known.items.length < TOGETHER_MAX) {
      known.items.push(item);
      return known;
    }
    const batch: Batch<Item, Result> = { items: [item] };
    this.waiting.set(key, batch);
    batch.results = inTurn(scope.executionId, () => {
      if (this.waiting.get(key) === batch) this.waiting.delete(key);
      return this.writeAll(database, scope, batch.items);
    });
    return batch;
  }
}

function resultAt<Result>(results: readonly Result[] | undefined, place: number): Result {
  const result = results?.[place];
  if (result === undefined) throw new Error(`a write of several answered nothing for number ${place}`);
  return result;
}
