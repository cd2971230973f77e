import { UnexpectedReplyError, type OutputItem, type ProviderReply } from '../../node-definition';
import { field } from '../request';
import type { Endpoint } from '../table/provider-node';

export const arkImages: Endpoint = {
  provider: 'ark',
  label: 'BytePlus Ark',
  operation: 'images',
  execution: 'sync',
};

/** First picture; a link. */
export function arkImage({ body }: ProviderReply): Readonly<Record<string, OutputItem>> {
  const url = field(body, 'data', 0, 'url');
  if (typeof url === 'string' && url !== '') return { image: { kind: 'url', url } };
  throw new UnexpectedReplyError('The answer of BytePlus Ark has no link to a picture (data[0].url).');
}
