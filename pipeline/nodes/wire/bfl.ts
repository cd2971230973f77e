import { UnexpectedReplyError, type OutputItem, type ProviderReply } from '../../node-definition';
import { field } from '../request';
import { nth, type FieldSource } from '../table/fields';
import type { Endpoint } from '../table/provider-node';

export const bflTask: Endpoint = {
  provider: 'bfl',
  label: 'Black Forest Labs',
  operation: 'task',
  execution: 'queue',
};

/** `reply.body` is the task's `result`. */
export function bflImage({ body }: ProviderReply): Readonly<Record<string, OutputItem>> {
  const url = field(body, 'sample');
  if (typeof url === 'string' && url !== '') return { image: { kind: 'url', url } };
  throw new UnexpectedReplyError('The result of Black Forest Labs has no picture (sample).');
}

/** The pictures of a `many` port as `input_image`, `input_image_2` … up to `most`. */
export function bflReferences(name: string, most = 8): Readonly<Record<string, FieldSource>> {
  const places = Array.from({ length: most }, (_, index) => index);
  return Object.fromEntries(
    places.map((index) => [index === 0 ? 'input_image' : `input_image_${index + 1}`, nth(name, index, most)]),
  );
}
