import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { batches } from '../../../store/database/batches';
import type { Database } from '../../../store/database/database';
import { encodeCursor, InvalidCursorError } from '../../../store/database/executions/cursor';
import { openTestStore } from '../../support/test-database';
import { aBatch } from './builders';

let database: Database;
beforeAll(async () => {
  database = await openTestStore();
});
afterAll(() => database.close());

describe('the list of items', () => {
  it('refuses a cursor that is none of its own', async () => {
    const { batch } = await aBatch(database, 1);
    for (const id of ['itm_99999999999', 'itm_1e3', 'itm_0x2', 'itm_x', 'exe_0'])
      await expect(
        batches.list(database, batch.accountId, batch.id, {}, { cursor: encodeCursor(id) }),
      ).rejects.toThrow(InvalidCursorError);
  });
});
