import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sql } from 'kysely';
import { credits } from '../../../store/database/credits';
import type { Database } from '../../../store/database/database';
import { executions } from '../../../store/database/executions';
import { BudgetReachedError, JobStateError } from '../../../store/database/jobs/job';
import { openTestStore } from '../../support/test-database';
import { aFailure, aJobRequest, anAcceptRequest, anAccount, anExecution, TestExecution } from './builders';

let database: Database;
beforeAll(async () => {
  database = await openTestStore();
});
afterAll(() => database.close());

/** Small numbers on purpose: they make the operations meet, and the credits run out. */
const operation = fc.oneof(
  weighted(6, { kind: fc.constant('open'), step: fc.nat(2), hash: fc.nat(1), price: fc.nat(40) }),
  weighted(2, { kind: fc.constant('accept'), job: fc.nat(3) }),
  weighted(6, { kind: fc.constant('settle'), job: fc.nat(3), credits: fc.nat(60) }),
  weighted(2, { kind: fc.constant('fail'), job: fc.nat(3), credits: fc.nat(60) }),
  weighted(1, { kind: fc.constant('reject'), job: fc.nat(3) }),
  weighted(2, { kind: fc.constant('cancel'), job: fc.nat(3), credits: fc.nat(60) }),
  weighted(1, { kind: fc.constant('finish'), status: fc.constantFrom('COMPLETED', 'FAILED', 'CANCELLED') }),
  weighted(2, { kind: fc.constant('resume'), hold: fc.nat(80) }),
  weighted(4, { kind: fc.constant('pause'), goesOn: fc.boolean() }),
  weighted(2, { kind: fc.constant('wake'), hold: fc.nat(80), budget: fc.integer({ min: 60, max: 140 }) }),
  weighted(1, { kind: fc.constant('takeOver') }),
  weighted(1, { kind: fc.constant('close') }),
  weighted(1, { kind: fc.constant('grant'), credits: fc.integer({ min: 1, max: 30 }) }),
);

function weighted<T>(weight: number, model: { [K in keyof T]: fc.Arbitrary<T[K]> }) {
  return { weight, arbitrary: fc.record(model) };
}

type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

/** Applies random operations to one execution, whatever its state; a refusal is a fine answer. */
class Play {
  private readonly jobIds: string[] = [];
  private runs = 1;

  constructor(private readonly execution: TestExecution) {}

  async apply(operation: Operation): Promise<void> {
    try {
      await this.run(operation);
    } catch (error) {
      if (!(error instanceof BudgetReachedError || error instanceof JobStateError)) throw error;
    }
  }

  private get runId(): string {
    return `run-${this.runs}`;
  }

  private async run(operation: Operation): Promise<void> {
    switch (operation.kind) {
      case 'open':
        return this.open(operation);
      case 'finish': {
        const { status } = operation;
        await this.execution.write((writer) => writer.finish({ status, nodes: [] }), this.runId);
        return;
      }
      case 'resume':
        return this.resume(operation.hold);
      case 'pause': {
        await this.execution.pause('n1', (await this.execution.row()).resumeNumber, this.runId);
        // As after a review or a delay.
        if (operation.goesOn) await this.execution.write((writer) => writer.goOn(), this.runId);
        return;
      }
      case 'wake': {
        const hold = { minCredits: 0, maxCredits: operation.hold };
        await this.execution.resumeWaiting({ hold, budgetCredits: operation.budget });
        return;
      }
      case 'takeOver': {
        // The first write names the run, as an activity would have done.
        await this.execution.write(async () => undefined, this.runId);
        const [fromRunId, toRunId] = [this.runId, `run-${this.runs + 1}`];
        await executions.takeOver(database, { executionId: this.execution.id, fromRunId, toRunId });
        this.runs += 1;
        return;
      }
      case 'close':
        await executions.closeFromTemporal(database, {
          executionId: this.execution.id,
          runId: this.runId,
          status: 'FAILED',
        });
        return;
      case 'grant':
        await credits.grant(database, {
          accountId: this.execution.accountId,
          mode: 'test',
          credits: operation.credits,
          grantKey: 'the same',
        });
        return;
      default:
        return this.moveJob(operation);
    }
  }

  private async open(operation: { step: number; hash: number; price: number }): Promise<void> {
    const step = `n${operation.step + 1}`;
    const request = aJobRequest({
      step,
      nodeId: step,
      requestHash: `hash-${operation.hash}`,
      priceCredits: operation.price,
    });
    const { job } = await this.execution.write((writer) => writer.openJob(request), this.runId);
    if (!this.jobIds.includes(job.id)) this.jobIds.unshift(job.id);
  }

  private async resume(hold: number): Promise<void> {
    const { attempt, resumeNumber } = await this.execution.row();
    const result = await executions.prepareResume(
      database,
      this.execution.aResume({
        expectedAttempt: attempt,
        expectedResumeNumber: resumeNumber,
        hold: { minCredits: 0, maxCredits: hold },
      }),
    );
    if (result.kind === 'resumed') this.runs += 1;
  }

  private async moveJob(
    operation: Extract<Operation, { job: number }> & { credits?: number },
  ): Promise<void> {
    const jobId = this.jobIds[operation.job % Math.max(1, this.jobIds.length)];
    if (jobId === undefined) return;
    const amount = operation.credits ?? 0;
    await this.execution.write(async (writer) => {
      switch (operation.kind) {
        case 'accept': {
          const claim = await writer.claimJob(jobId, { leaseMs: -1 });
          if (claim !== null) await writer.adoptJob(jobId, { providerJobId: 'p' });
          return;
        }
        case 'settle':
          await writer.claimJob(jobId, { leaseMs: -1 });
          await writer.settleJob(jobId, { outputs: { image: 'x' }, credits: amount });
          return;
        case 'fail':
          await writer.failJob(jobId, aFailure, { billedCredits: amount });
          return;
        case 'reject':
          await writer.rejectJob(jobId, null, aFailure);
          return;
        case 'cancel':
          await writer.cancelJob(jobId, { billedCredits: amount });
      }
    }, this.runId);
  }
}

/** Everything that is wrong with the books of an account, one row per fault. */
async function findFaults(accountId: string): Promise<readonly unknown[]> {
  const { rows } = await sql`
    with entry as (select * from credit_entries where account_id = ${accountId}),
    balance as (select * from credit_balances where account_id = ${accountId}),
    execution as (
      select e.*, e.credits_held - e.credits_charged - e.credits_released as held_now,
        (select coalesce(sum(credits_charged), 0) from jobs where execution_id = e.id) as jobs_charged
      from executions e where account_id = ${accountId}
    ),
    place as (
      select p.place, coalesce(sum(case when credit_to = p.place then amount when debit_from = p.place then -amount end), 0) as total
      from (values ('granted'), ('available'), ('held'), ('charged')) as p(place) left join entry on true
      group by p.place
    )
    select 'negative' as fault, to_json(b) as row from balance b where available < 0 or held < 0
    union all select 'available differs from entries', to_json(b) from balance b
      where available <> (select total from place where place = 'available')
    union all select 'held differs from entries', to_json(b) from balance b
      where held <> (select total from place where place = 'held')
    union all select 'held differs from executions', to_json(b) from balance b
      where held <> (select sum(held_now) from execution)
    union all select 'charged differs from entries', to_json(e) from execution e
      where credits_charged <> (select coalesce(sum(amount), 0) from entry where kind = 'charge' and execution_id = e.id)
    union all select 'charged differs from jobs', to_json(e) from execution e where credits_charged <> jobs_charged
    union all select 'ended but held <> charged + released', to_json(e) from execution e
      where status not in ('RUNNING', 'WAITING') and held_now <> 0
    union all select 'entries do not sum to zero', to_json(p) from place p where (select sum(total) from place) <> 0
    union all select 'nodes cost other than jobs', to_json(n)
      from execution e join execution_nodes n on n.execution_id = e.id
      where n.credits <> (select coalesce(sum(credits_charged), 0) from jobs j where j.execution_id = e.id and j.step = n.step)
  `.execute(database.queries);
  return rows;
}

describe('money', () => {
  it('adds up after any sequence of operations, is never negative, and is all charged or released at the end', async () => {
    const counts = { charged: 0, released: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 3, maxLength: 14 }), async (operations) => {
        const execution = await anExecution(database, {
          available: 100,
          hold: { minCredits: 10, maxCredits: 60 },
          budgetCredits: 90,
        });
        const play = new Play(execution);
        for (const step of operations) await play.apply(step);
        expect(await findFaults(execution.accountId)).toEqual([]);
        await play.apply({ kind: 'finish', status: 'FAILED' });
        expect(await findFaults(execution.accountId)).toEqual([]);
        const { charged, released } = (await execution.row()).credits;
        counts.charged += charged;
        counts.released += released;
      }),
      { numRuns: 200 },
    );
    // The sequences did something.
    expect(counts.charged).toBeGreaterThan(500);
    expect(counts.released).toBeGreaterThan(5_000);
  });

  it('spends a balance exactly when forty executions of one account race for it', async () => {
    const accountId = await anAccount(database, 500);
    const run = async () => {
      const request = anAcceptRequest(accountId, { hold: { minCredits: 0, maxCredits: 0 } });
      await executions.accept(database, request);
      const execution = new TestExecution(database, accountId, request.execution.id);
      const step = (price: number) => execution.settledJob(price, { step: `s${price}`, priceCredits: price });
      return Promise.allSettled([step(15), step(10)]);
    };
    const settled = await Promise.all(Array.from({ length: 40 }, run));
    const { available, held } = await credits.balance(database, accountId, 'test');
    expect(available).toBeLessThan(10);
    expect(held).toBe(0);
    expect(settled.flat().filter((result) => result.status === 'rejected').length).toBeGreaterThan(20);
    expect(await findFaults(accountId)).toEqual([]);
  });

  it('grants once per key', async () => {
    const accountId = await anAccount(database, 0);
    const grant = { accountId, mode: 'test', credits: 7, grantKey: 'welcome' } as const;
    await Promise.all(Array.from({ length: 10 }, () => credits.grant(database, grant)));
    expect(await credits.grant(database, { ...grant, grantKey: 'more' })).toEqual({ available: 14, held: 0 });
    expect(await credits.balance(database, accountId, 'live')).toEqual({ available: 0, held: 0 });
  });
});
