import type { Endpoint } from '../table/provider-node';
import type { JsonValue } from '../../../workflows/contract';
import {
  UnexpectedReplyError,
  type CandidateDefinition,
  type OutputItem,
  type ProviderReply,
} from '../../node-definition';
import { field } from '../request';

export const falQueue: Endpoint = {
  provider: 'fal',
  label: 'fal',
  operation: 'queue',
  execution: 'queue',
};

/** A model on fal's queue: `toInput` gives the model's own JSON, `reply.body` is its output JSON. */
export function falModel(
  definition: Pick<CandidateDefinition, 'model' | 'price' | 'toInput' | 'toOutputs'>,
): CandidateDefinition {
  return { provider: 'fal', operation: 'queue', execution: 'queue', ...definition };
}

/** First picture of `{images: [{url, …}]}`, or of `{image: {url}}`. */
export function falImage(reply: ProviderReply): Readonly<Record<string, OutputItem>> {
  const { body } = reply;
  return { image: urlItem(field(body, 'images', 0, 'url') ?? field(body, 'image', 'url'), 'images[0].url') };
}

/** First file of `{images: [{url}]}` or `{image: {url}}` for a port of another name, such as a drawing in paths. */
export function falImageAs(port: string): (reply: ProviderReply) => Readonly<Record<string, OutputItem>> {
  return (reply) => ({ [port]: falImage(reply)['image'] ?? urlItem(undefined, 'image.url') });
}

/** A single file, such as `{video: {url}}`. */
export function falFile(port: string): (reply: ProviderReply) => Readonly<Record<string, OutputItem>> {
  return (reply) => ({ [port]: urlItem(field(reply.body, port, 'url'), `${port}.url`) });
}

function urlItem(url: JsonValue | undefined, place: string): OutputItem {
  if (typeof url === 'string' && url !== '') return { kind: 'url', url };
  throw new UnexpectedReplyError(`The reply of fal has no ${place}.`);
}
