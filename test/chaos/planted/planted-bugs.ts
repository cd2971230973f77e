/** A text of a source file of the product, and what a planted bug has in its place. */
export interface Patch {
  /** Path in the project. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export interface PlantedBug {
  readonly what: string;
  /** The invariant that must find it. */
  readonly invariant: string;
  readonly patches: readonly Patch[];
}

/**
 * Mistakes that engines of this kind really had (facts in docs/reliability.md). Each is a change of the sources that is
 * made in memory while a test's process loads them: no faulty code is in the product, not even switched off.
 */
export const plantedBugs = {
  B1: {
    what: 'the job id is kept in the heartbeat alone until the step ends',
    invariant: 'R1',
    patches: [
      {
        file: 'activities/submit-job.ts',
        find: `    const recorded = await asSender(deps, input, (scope) =>
      jobs.writeAcceptance(deps.database, scope, acceptance),
    );
    failpoint('accept.after_commit');
    return recorded;`,
        replace: `    require('@temporalio/activity').Context.current().heartbeat(handle);
    failpoint('accept.after_commit');
    return asSender(deps, input, (scope) => jobs.writeAcceptance(deps.database, scope, acceptance));`,
      },
    ],
  },
  B2: {
    what: 'each attempt sends a key of its own',
    invariant: 'P1',
    patches: [
      {
        file: 'activities/send-job.ts',
        find: 'idempotencyKey: jobId,',
        replace: 'idempotencyKey: `${jobId}-${Math.random()}`,',
      },
    ],
  },
  B3: {
    what: 'the breaker gives a slow send up, and the next provider is asked',
    invariant: 'P5',
    patches: [{ file: 'activities/own-circuits.ts', find: 'timeout: false,', replace: 'timeout: 500,' }],
  },
  B4: {
    what: 'the intent is written after the send',
    invariant: 'P3',
    patches: [
      {
        file: 'activities/drive-job.ts',
        find: '    const { opened, claimed } = await claimJob(',
        replace: `    const early = body && await send(
      { model: context.resolved.candidate.model, ...body, idempotencyKey: 'before its row' },
      context.session.call(context.signal),
    );
    const { opened, claimed } = await claimJob(`,
      },
      {
        file: 'activities/drive-job.ts',
        find: 'const sent = await sendJob({ ...bound, body }, fate.claimed, send);',
        replace: 'const sent = early && { value: early, startedAt: new Date(), latencyMs: 1 };',
      },
    ],
  },
  B5: {
    what: 'nobody looks at the lease before the first byte',
    invariant: 'P1',
    patches: [
      {
        file: 'activities/send-job.ts',
        find: 'if (sinceClaimMs() > LEASE_MS || sinceBeginMs() > deps.providerAccess.requestTimeoutMs)',
        replace: 'if (sinceClaimMs() < 0)',
      },
    ],
  },
  B6: {
    what: 'a download that breaks off counts as whole',
    invariant: 'R1',
    patches: [
      {
        file: 'activities/store-outputs.ts',
        find: `    await pipeline(Readable.from(limited(), { objectMode: false }), createWriteStream(temp.path));
  } catch (error) {
    throw toStepError(error);`,
        replace: `    for await (const chunk of limited()) require('node:fs').appendFileSync(temp.path, chunk);
  } catch {
    return;`,
      },
      {
        file: 'activities/store-outputs.ts',
        find: `type === 'file' ? {} : await probe(filePath, mimeType);`,
        replace: '{} as MediaProbe;',
      },
    ],
  },
  B7: {
    what: 'a node is done before its bytes are stored',
    invariant: 'R2',
    patches: [
      {
        file: 'store/assets/local-asset-store.ts',
        find: 'await onDisk(this.publish(accountId, owned ? source.path : temp.path, stored));',
        replace: `const bytes = await readFile(owned ? source.path : temp.path);
      setTimeout(async () => {
        const path = this.pathOf(accountId, stored.sha256);
        await mkdir(dirname(path), { recursive: true });
        require('node:fs').writeFileSync(path, bytes);
      }, 3_000);`,
      },
    ],
  },
  B8: {
    what: 'a callback that comes twice counts twice',
    invariant: 'W1',
    patches: [
      {
        file: 'store/database/callbacks.ts',
        find: `createHash('sha256').update(body).digest()`,
        replace: `createHash('sha256').update(body).update(String(Math.random())).digest()`,
      },
    ],
  },
  B9: {
    what: 'whoever writes a status last is right',
    invariant: 'S3',
    patches: [
      {
        file: 'store/database/migrations/0018-fewer-statements.ts',
        find: 'n.step = c.step and case',
        replace: 'n.step = c.step and case when true then true',
      },
    ],
  },
  B10: {
    what: 'a send of unknown fate is repeated though the provider knows no keys',
    invariant: 'P1',
    patches: [
      {
        file: 'activities/unknown-fate.ts',
        find: `    case 'none':
      return waitOrDecide(context, job);`,
        replace: `    case 'none':
      return sendAgain(context, job, false);`,
      },
    ],
  },
  B11: {
    what: 'a cancelled run keeps its hold',
    invariant: 'C1',
    patches: [
      {
        file: 'store/database/migrations/0019-accept-and-end.ts',
        find: 'credits_released = credits_held - credits_charged',
        replace:
          "credits_released = case when p_status = 'CANCELLED' then credits_released else credits_held - credits_charged end",
      },
    ],
  },
  B12: {
    what: 'one query forgets the account',
    invariant: 'T1',
    patches: [
      {
        file: 'store/database/executions/read-execution.ts',
        find: `    .select(nodesColumn.as('nodes'))
    .where('id', '=', executionId)
    .where('account_id', '=', accountId)`,
        replace: `    .select(nodesColumn.as('nodes'))
    .where('id', '=', executionId)`,
      },
    ],
  },
  B13: {
    what: 'a resume runs completed nodes again',
    invariant: 'P6',
    patches: [
      {
        file: 'pipeline/resume/plan-resume.ts',
        find: `return row?.status === 'COMPLETED' && row.outputs !== null && this.isIntact(step);`,
        replace: 'return false;',
      },
      {
        file: 'activities/resolve-request.ts',
        find: 'const requestHash = hashRequest(input, candidate, wire);',
        replace: `const { runId } = require('@temporalio/activity').Context.current().info.workflowExecution;
  const requestHash = createHash('sha256').update(runId + hashRequest(input, candidate, wire)).digest('hex');`,
      },
    ],
  },
  B14: {
    what: 'the sweeper starts a second workflow',
    invariant: 'S1',
    patches: [
      {
        file: 'api/temporal-executions.ts',
        find: 'function startOptions({ input, attempt, priority }: StartRequest) {',
        replace:
          'function startOptions({ input, attempt, priority, previousRunWaitMs }: StartRequest) {\n  const suffix = previousRunWaitMs === 0 ? "-swept" : "";',
      },
      {
        file: 'api/temporal-executions.ts',
        find: 'workflowId: executionWorkflowId(input.executionId),',
        replace: 'workflowId: executionWorkflowId(input.executionId) + suffix,',
      },
    ],
  },
} as const satisfies Readonly<Record<string, PlantedBug>>;

export type PlantedBugName = keyof typeof plantedBugs;

/** @throws for a bug that is not in the list */
export function plantedPatches(name: string | undefined): readonly Patch[] {
  if (name === undefined || name === '') return [];
  const bug = Object.entries(plantedBugs).find(([known]) => known === name)?.[1];
  if (bug === undefined) throw new Error(`There is no planted bug ${name}.`);
  return bug.patches;
}
