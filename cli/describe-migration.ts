import type { PublicationPreview, WorkflowMigration } from '../client/workflow-types';

/** What a publication would do, a line each. */
export function describePreview({ tag, unchanged, migration }: PublicationPreview): string {
  const what = unchanged ? `${tag} is published already; the draft has not changed` : `would publish ${tag}`;
  return [what, ...describeMigration(migration)].join('\n');
}

/** What becomes of the executions in flight, a line each; none where they finish on their own versions. */
export function describeMigration(migration: WorkflowMigration | undefined): readonly string[] {
  if (migration === undefined) return [];
  const { qualifies, stays, complete } = migration;
  return [
    `${qualifies.length} executions go on with it, ${stays.length} finish on their version`,
    ...qualifies.map(({ fromVersion, receipt }) => {
      const { executionId, reused, rerun, creditsNotSpentAgain } = receipt;
      return `  ${executionId}  from version ${fromVersion}: ${reused.length} steps kept (${creditsNotSpentAgain} credits), ${rerun.length} to run`;
    }),
    ...stays.map(({ executionId, fromVersion, reasons }) => {
      const why = reasons.map(
        ({ nodeId, message }) => `${nodeId === undefined ? '' : `${nodeId}: `}${message}`,
      );
      return `  ${executionId}  stays with version ${fromVersion}: ${why.join(' ')}`;
    }),
    ...(complete ? [] : ['there are more: publish again to look at the others']),
  ];
}
