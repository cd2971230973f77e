import { UnexpectedReplyError, type OutputItem, type ProviderReply } from '../../node-definition';
import { field } from '../request';
import type { Endpoint } from '../table/provider-node';

const stability = { provider: 'stability', label: 'Stability AI', media: 'bytes' } as const;
export const stabilityImage: Endpoint = { ...stability, operation: 'image', execution: 'sync' };
/** The slow services. */
export const stabilityJob: Endpoint = { ...stability, operation: 'job', execution: 'queue' };

/** Base64 in `image`, or in `result` of a job. */
export function stabilityPicture({ body }: ProviderReply): Readonly<Record<string, OutputItem>> {
  const base64 = field(body, 'image') ?? field(body, 'result');
  if (typeof base64 === 'string' && base64 !== '') return { image: { kind: 'base64', base64 } };
  throw new UnexpectedReplyError('The answer of Stability AI holds no picture.');
}
