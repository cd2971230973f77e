import { situationOf, type Job } from './job';
import { cutShort, hang, linger, rejectionFor, sendMalformed, sendWrongType, wrongBytes } from './misbehave';
import type { Services } from './services';
import { send, type Answer, type Visit } from './visit';

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
  if (fault?.action === 'wrong_type') return sendWrongType(response);
  if (fault?.action === 'slow') await linger(fault);
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
  if (fault?.action === 'wrong_type') return sendWrongType(response, file.contentType);
  if (fault?.action === 'truncate') return cutShort(response, headers, bytes);
  const rejection = fault && rejectionFor(fault, errors, 'answer');
  if (rejection) return send(response, rejection);
  if (fault?.action === 'hang') return void (await hang(response, fault));
  if (fault?.action === 'slow') await linger(fault);
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
