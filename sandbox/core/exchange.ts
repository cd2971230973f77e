import type { Request, Response } from 'express';
import { sha256 } from './canonical-json';
import type { FaultOperation, FaultRule } from './faults';
import type { Job, JobDraft } from './job';
import type { JobFate } from './jobs';
import type { Services } from './services';

/** An answer as a provider writes it. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON, or bytes sent as they are. */
  readonly body: unknown;
}

/** A provider's own ways to say no; faults use them. */
export interface ProviderErrors {
  readonly unauthorized: () => Answer;
  readonly rateLimited: (retryAfterSeconds: number) => Answer;
  readonly insufficientQuota: () => Answer;
  readonly serverError: (status: number) => Answer;
  readonly refused: () => Answer;
}

/** One request at one provider's door. */
export interface Visit {
  readonly services: Services;
  readonly provider: string;
  readonly errors: ProviderErrors;
  readonly request: Request;
  readonly response: Response;
  /** ISO time. */
  readonly receivedAt: string;
}

const keptHeaders = [
  'user-agent',
  'content-type',
  'prefer',
  'idempotency-key',
  'x-request-id',
  'x-fal-queue-priority',
  'x-fal-no-retry',
  'x-fal-request-timeout',
  'cancel-after',
];

/** Headers worth keeping; of a key only the beginning of its hash. */
export function headersWorthKeeping(request: Request): Record<string, string> {
  const kept = keptHeaders.flatMap((name) => {
    const value = request.get(name);
    return value === undefined ? [] : [[name, value.slice(0, 200)] as const];
  });
  const key = credentialOf(request);
  return Object.fromEntries(
    key === undefined ? kept : [...kept, ['keySha256', sha256(key).slice(0, 12)] as const],
  );
}

/** The secret part of `Authorization: <scheme> <secret>`; undefined when there is none. */
export function credentialOf(request: Request): string | undefined {
  const secret = (request.get('authorization') ?? '').replace(/^\S+\s*/, '').trim();
  return secret === '' ? undefined : secret;
}

/** http://host:port as the caller wrote it, so that our links work from where they are. */
export function originOf(request: Request): string {
  return `${request.protocol}://${request.get('host') ?? 'localhost'}`;
}

/** The JSON body; undefined when it is not an object in JSON. */
export function jsonBody(request: Request): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.isBuffer(request.body) ? request.body.toString('utf8') : '');
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

export function send(response: Response, { status, headers, body }: Answer): void {
  response.status(status).set(headers ?? {});
  if (Buffer.isBuffer(body)) response.send(body);
  else response.json(body);
}

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
    prompt: prompt.slice(0, 200),
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
  const fault = services.faults.decide({ ...situationOf(draft), operation: 'submit' });
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
      prompt: draft.prompt.slice(0, 200),
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
  if (fault?.action === 'slow') await pause(fault.delayMs ?? defaultDelayMs);
  return job;
}

const defaultDelayMs = 2_000;

/** Answers a poll or a result, as the fault plan lets it. */
export async function answerJob(
  visit: Visit,
  job: Job,
  operation: 'poll' | 'result',
  make: () => Answer | Promise<Answer>,
): Promise<void> {
  const { services, response, errors } = visit;
  const fault = services.faults.decide({ ...situationOf(job), operation });
  const rejection = fault && rejectionFor(fault, errors, 'answer');
  if (rejection) return send(response, rejection);
  if (fault?.action === 'hang') return void (await hang(response, fault));
  if (fault?.action === 'accept_then_drop') return void response.destroy();
  if (fault?.action === 'malformed' || fault?.action === 'truncate') return sendMalformed(response);
  if (fault?.action === 'wrong_type') return send(response, wrongType());
  if (fault?.action === 'slow') await pause(fault.delayMs ?? defaultDelayMs);
  send(response, await make());
}

/** Serves an output file, whole or as the fault plan lets it. `gone` is the provider's answer for one that expired. */
export async function serveOutput(visit: Visit, job: Job, index: number, gone: Answer): Promise<void> {
  const { services, response, errors } = visit;
  const file = job.outputs[index];
  if (file === undefined || services.lifetimeMs + (job.finishedAt ?? 0) < Date.now())
    return send(response, gone);
  const fault = services.faults.decide({ ...situationOf(job), operation: 'output' });
  const bytes = await services.files.read(file);
  const headers = { 'content-type': file.contentType, 'cache-control': 'public, max-age=31536000' };
  if (fault?.action === 'expire_output') return send(response, gone);
  if (fault?.action === 'wrong_type')
    return send(response, { ...wrongType(), headers: { 'content-type': file.contentType } });
  if (fault?.action === 'truncate') return cutShort(response, headers, bytes);
  const rejection = fault && rejectionFor(fault, errors, 'answer');
  if (rejection) return send(response, rejection);
  if (fault?.action === 'hang') return void (await hang(response, fault));
  if (fault?.action === 'slow') await pause(fault.delayMs ?? defaultDelayMs);
  send(response, { status: 200, headers, body: bytes });
}

/** An output that travels inside the answer (base64), as the fault plan leaves it. */
export async function outputBytes(services: Services, job: Job, index: number): Promise<Buffer> {
  const file = job.outputs[index];
  if (file === undefined) return Buffer.alloc(0);
  const bytes = await services.files.read(file);
  const fault = services.faults.decide({ ...situationOf(job), operation: 'output' });
  if (fault?.action === 'truncate') return bytes.subarray(0, Math.floor(bytes.length / 2));
  if (fault?.action === 'wrong_type') return wrongBytes;
  return bytes;
}

export function situationOf(job: JobDraft): { provider: string; model: string; prompt: string } {
  return { provider: job.provider, model: job.model, prompt: job.prompt };
}

function rejectionFor(
  fault: FaultRule,
  errors: ProviderErrors,
  refusal: 'answer' | 'job',
): Answer | undefined {
  const answer = plainRejection(fault, errors, refusal);
  return answer && { ...answer, status: fault.status ?? answer.status };
}

function plainRejection(
  fault: FaultRule,
  errors: ProviderErrors,
  refusal: 'answer' | 'job',
): Answer | undefined {
  switch (fault.action) {
    case 'rate_limit':
      return errors.rateLimited(fault.retryAfterSeconds ?? 1);
    case 'server_error':
      return errors.serverError(fault.status ?? 500);
    case 'unauthorized':
      return errors.unauthorized();
    case 'insufficient_quota':
      return errors.insufficientQuota();
    case 'refuse':
      return refusal === 'answer' ? errors.refused() : undefined;
    case 'fail_job':
      return refusal === 'answer' ? errors.serverError(500) : undefined;
    default:
      return undefined;
  }
}

function fateOf(fault: FaultRule | undefined, refusal: 'answer' | 'job'): JobFate {
  if (fault?.action === 'never_finish') return { neverFinishes: true };
  if (fault?.action === 'slow_job') return { delayMs: fault.delayMs ?? defaultDelayMs };
  if (refusal === 'answer') return {};
  if (fault?.action === 'refuse')
    return { failure: { kind: 'refused', message: 'planned by the fault plan' } };
  if (fault?.action === 'fail_job')
    return { failure: { kind: 'failed', message: 'planned by the fault plan' } };
  return {};
}

/** Holds the line until the caller gives up, or for `delayMs`, then drops it. */
async function hang(response: Response, fault: FaultRule): Promise<undefined> {
  await Promise.race([
    pause(fault.delayMs ?? 600_000),
    new Promise((resolve) => response.once('close', resolve)),
  ]);
  response.destroy();
  return undefined;
}

export function pause(waitMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, waitMs).unref());
}

function sendMalformed(response: Response): void {
  response.status(200).type('application/json').send('{"status": "IN_QUE');
}

const wrongBytes = Buffer.from('<!doctype html><title>502 Bad Gateway</title><h1>502 Bad Gateway</h1>');

function wrongType(): Answer {
  return { status: 200, headers: { 'content-type': 'text/html' }, body: wrongBytes };
}

/** Promises all bytes, sends half of them and drops the line. */
function cutShort(response: Response, headers: Record<string, string>, bytes: Buffer): void {
  response.writeHead(200, { ...headers, 'content-length': bytes.length });
  response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => response.destroy());
}

export type { FaultOperation };
