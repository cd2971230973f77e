import { sha256 } from './canonical-json';
import type { FaultRule } from './faults';
import { situationOf, type Job, type JobDraft } from './job';
import type { JobFate } from './jobs';
import { ledgerText } from './ledger';
import { delayOf, hang, linger, rejectionFor, sendMalformed } from './misbehave';
import { credentialOf, headersWorthKeeping, send, type Answer, type Visit } from './visit';

/** Turns a call away before anything is taken, with a ledger line to show for it. */
export async function turnAway(
  visit: Visit,
  model: string,
  prompt: string,
  status: string,
  answer: Answer,
): Promise<void> {
  await visit.services.ledger.append({
    receivedAt: visit.receivedAt,
    provider: visit.provider,
    model,
    kind: 'submit',
    accepted: false,
    billed: false,
    headers: headersWorthKeeping(visit.request),
    prompt: ledgerText(prompt),
    status,
  });
  send(visit.response, answer);
}

/**
 * Takes a job unless the fault plan has something else in mind.
 * `refusal` says where the provider shows a refusal: as the answer, or as the end of a job that it took.
 * @returns undefined when the caller was answered, or never will be.
 */
export async function acceptJob(
  visit: Visit,
  draft: JobDraft,
  refusal: 'answer' | 'job',
): Promise<Job | undefined> {
  const { services, response, receivedAt } = visit;
  const key = credentialOf(visit.request);
  const fault = services.faults.decide({
    ...situationOf(draft),
    operation: 'submit',
    ...(key === undefined ? {} : { keySha256: sha256(key) }),
  });
  const rejection = fault && rejectionFor(fault, visit.errors, refusal);
  if (fault && rejection) {
    await turnAway(visit, draft.model, draft.prompt, fault.action, rejection);
    return undefined;
  }
  if (fault?.action === 'hang') {
    await visit.services.ledger.append({
      receivedAt,
      provider: draft.provider,
      model: draft.model,
      kind: 'submit',
      accepted: false,
      billed: false,
      prompt: ledgerText(draft.prompt),
      status: 'hang',
    });
    return hang(response, fault);
  }
  const job = await services.jobs.accept(
    draft,
    { receivedAt, headers: headersWorthKeeping(visit.request) },
    fateOf(fault, refusal),
  );
  if (fault?.action === 'accept_then_drop') return void response.destroy();
  if (fault?.action === 'malformed') return void sendMalformed(response);
  if (fault?.action === 'slow') await linger(fault);
  return job;
}

function fateOf(fault: FaultRule | undefined, refusal: 'answer' | 'job'): JobFate {
  if (fault?.action === 'never_finish') return { neverFinishes: true };
  if (fault?.action === 'hold_job') return { isHeld: true };
  if (fault?.action === 'slow_job') return { delayMs: delayOf(fault) };
  if (refusal === 'answer') return {};
  if (fault?.action === 'refuse')
    return { failure: { kind: 'refused', message: 'planned by the fault plan' } };
  if (fault?.action === 'fail_job')
    return { failure: { kind: 'failed', message: 'planned by the fault plan' } };
  return {};
}
