import { createHash } from 'node:crypto';
import { splitPlan } from '../../../pipeline/batch/split-plan';
import { accounts } from '../../../store/database/accounts';
import { batches } from '../../../store/database/batches';
import { credits } from '../../../store/database/credits';
import type { Database } from '../../../store/database/database';
import { executions } from '../../../store/database/executions';
import type {
  AcceptRequest,
  ResumeRequest,
  WaitingResumeRequest,
  WaitingResumeResult,
} from '../../../store/database/executions/execution';
import type { ExecutionWriter } from '../../../store/database/executions/execution-writer';
import type { JobClaim, OpenJobRequest } from '../../../store/database/jobs/job';
import { newId } from '../../../store/ids';
import type { FailureView, Plan, PlanNode } from '../../../workflows/contract';

export const RUN = 'run-1';

/** A graph in line: each node waits for the one before it. */
export function aPlan(nodeIds: readonly string[] = ['n1', 'n2', 'n3']): Plan {
  return { interpreter: 1, nodes: nodeIds.map((id, index) => aPlanNode(id, nodeIds[index - 1])) };
}

function aPlanNode(id: string, source: string | undefined): PlanNode {
  return {
    id,
    label: `Label of ${id}`,
    nodeType: 'generate:flux_2_pro',
    nodeTypeVersion: 1,
    work: {
      kind: 'provider',
      candidates: [{ provider: 'fal', model: 'flux', execution: 'queue', priceCredits: 30 }],
    },
    inputs: [],
    config: {},
    templates: [],
    dependsOn: source === undefined ? [] : [source],
    nodeKey: createHash('sha256').update(id).digest('hex'),
    onError: 'fail',
    timeoutSeconds: 600,
    attemptsMax: 3,
  };
}

/** An account with test credits; its id. */
export async function anAccount(database: Database, available = 1000): Promise<string> {
  const account = await accounts.ensure(database, { id: newId('acc'), name: 'Tests' });
  if (available > 0) {
    await credits.grant(database, {
      accountId: account.id,
      mode: 'test',
      credits: available,
      grantKey: 'welcome',
    });
  }
  return account.id;
}

export function anAcceptRequest(
  accountId: string,
  changes: Partial<AcceptRequest['execution']> & {
    hold?: AcceptRequest['hold'];
    idempotency?: AcceptRequest['idempotency'];
  } = {},
): AcceptRequest {
  const { hold, idempotency, ...execution } = changes;
  return {
    execution: {
      id: newId('exe'),
      accountId,
      mode: 'test',
      workflowId: 'inline',
      workflowName: 'Tests',
      version: null,
      graph: { nodes: [], edges: [] },
      triggerData: {},
      plan: aPlan(),
      quote: { minCredits: 90, maxCredits: 120 },
      ...execution,
    },
    hold: hold ?? { minCredits: 90, maxCredits: 120 },
    idempotency,
  };
}

/** An accepted execution. */
export class TestExecution {
  constructor(
    readonly database: Database,
    readonly accountId: string,
    readonly id: string,
  ) {}

  write<T>(work: (writer: ExecutionWriter) => Promise<T>, runId = RUN): Promise<T> {
    return executions.write(this.database, { executionId: this.id, runId }, work);
  }

  async row() {
    const snapshot = await executions.snapshot(this.database, this.accountId, this.id);
    if (snapshot === undefined) throw new Error(`no execution ${this.id}`);
    return snapshot.execution;
  }

  async view() {
    const found = await executions.view(this.database, this.accountId, this.id);
    if (found === undefined) throw new Error(`no execution ${this.id}`);
    return found.view;
  }

  async node(step: string) {
    const view = (await this.view()).nodes[step];
    if (view === undefined) throw new Error(`no node ${step}`);
    return view;
  }

  balance() {
    return credits.balance(this.database, this.accountId, 'test');
  }

  /** Opens and claims a job. */
  claimedJob(
    changes: Partial<OpenJobRequest> = {},
    runId = RUN,
  ): Promise<{ jobId: string; claim: JobClaim }> {
    return this.write(async (writer) => {
      const { job } = await writer.openJob(aJobRequest(changes));
      const claim = await writer.claimJob(job.id, { leaseMs: 60_000 });
      if (claim === null) throw new Error('the claim was refused');
      return { jobId: job.id, claim };
    }, runId);
  }

  async acceptedJob(changes: Partial<OpenJobRequest> = {}, runId = RUN): Promise<string> {
    const { jobId } = await this.claimedJob(changes, runId);
    await this.write((writer) => writer.adoptJob(jobId, { providerJobId: 'p1' }), runId);
    return jobId;
  }

  async settledJob(credits: number, changes: Partial<OpenJobRequest> = {}, runId = RUN): Promise<string> {
    const jobId = await this.acceptedJob(changes, runId);
    await this.write((writer) => writer.settleJob(jobId, { outputs: { image: 'made' }, credits }), runId);
    return jobId;
  }

  /** What the run writes once nothing but `nodeId` is left. */
  pause(nodeId: string, resumesTaken = 0, runId = RUN): Promise<void> {
    return this.write(
      (writer) =>
        writer.pause({
          failure: { ...aBudgetFailure, nodeId, resumable: true },
          resumesTaken,
          nodes: [{ nodeId, status: 'WAITING', error: aBudgetFailure }],
        }),
      runId,
    );
  }

  /** As asked by somebody who has just looked at it. */
  async resumeWaiting(changes: Partial<WaitingResumeRequest> = {}): Promise<WaitingResumeResult> {
    const { attempt, resumeNumber } = await this.row();
    return executions.resumeWaiting(this.database, {
      accountId: this.accountId,
      executionId: this.id,
      expectedAttempt: attempt,
      expectedResumeNumber: resumeNumber,
      hold: { minCredits: 0, maxCredits: 60 },
      ...changes,
    });
  }

  aResume(changes: Partial<ResumeRequest> = {}): ResumeRequest {
    return {
      accountId: this.accountId,
      executionId: this.id,
      expectedAttempt: 1,
      expectedResumeNumber: 0,
      plan: aPlan(),
      carried: [],
      quote: {},
      hold: { minCredits: 0, maxCredits: 60 },
      reusedSteps: [],
      ...changes,
    };
  }
}

export async function anExecution(
  database: Database,
  changes: Parameters<typeof anAcceptRequest>[1] & { available?: number } = {},
): Promise<TestExecution> {
  const { available, ...rest } = changes;
  const accountId = await anAccount(database, available);
  const request = anAcceptRequest(accountId, rest);
  const result = await executions.accept(database, request);
  if (result.kind !== 'accepted') throw new Error(`not accepted: ${result.kind}`);
  return new TestExecution(database, accountId, request.execution.id);
}

export function aJobRequest(changes: Partial<OpenJobRequest> = {}): OpenJobRequest {
  return {
    step: 'n1',
    nodeId: 'n1',
    nodeType: 'generate:flux_2_pro',
    provider: 'fal',
    model: 'flux',
    requestHash: 'hash-a',
    request: { prompt: 'a boat' },
    priceCredits: 30,
    ...changes,
  };
}

export const aBudgetFailure: FailureView = {
  code: 'budget_reached',
  message: 'the budget does not cover the next job: raise it, then resume',
  retryable: true,
};

export const aFailure: FailureView = {
  code: 'provider_unavailable',
  message: 'the provider is away: try again',
  provider: 'fal',
  retryable: true,
};

/** A batch of so many items, opened as far as its credits go; each is one paid step, for 30 credits unless told otherwise. */
export async function aBatch(
  database: Database,
  count: number,
  changes: Parameters<typeof anExecution>[1] = {},
  price = { minCredits: 30, maxCredits: 30 },
): Promise<{ readonly batch: TestExecution; readonly items: readonly TestExecution[] }> {
  const itemPlan = aPlan(['photo']);
  const quote = {
    ...price,
    nodes: [{ nodeId: 'photo', nodeType: 'generate:flux_2_pro', ...price }],
  };
  const items = Array.from({ length: count }, (_item, index) => ({ values: [index], patch: [], quote }));
  const plan = splitPlan(itemPlan, new Set(['photo']), new Set()).plan;
  const places = [{ nodeId: 'photo', path: ['prompt'] }];
  const batch = await anExecution(database, {
    ...{ plan, quote, hold: { ...price, maxCredits: price.maxCredits * count } },
    ...{ batch: { places, itemPlan, items, allowPartial: false }, ...changes },
  });
  const { start } = await batches.openItems(database, { executionId: batch.id, runId: RUN }, count);
  const opened = start.map(({ executionId }) => new TestExecution(database, batch.accountId, executionId));
  return { batch, items: opened };
}
