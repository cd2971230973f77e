import type { ProviderReply } from '../../node-definition';
import { isList } from '../../pure/values';
import { field } from '../request';
import type { Endpoint } from '../table/provider-node';

/** The body is that of `POST /v1/messages` without `model`; the answer of the same call is the result. */
export const anthropicMessages: Endpoint = {
  provider: 'anthropic',
  label: 'Anthropic',
  operation: 'messages',
  execution: 'sync',
  media: 'base64',
};

/** All text of the answer; undefined when it holds none. */
export function anthropicTextOf({ body }: ProviderReply): string | undefined {
  const content = field(body, 'content');
  const blocks = isList(content) ? content : [];
  const texts = blocks.flatMap((block) => (field(block, 'type') === 'text' ? [field(block, 'text')] : []));
  const text = texts.filter((each) => typeof each === 'string').join('');
  return text === '' ? undefined : text;
}
