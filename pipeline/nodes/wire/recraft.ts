import { UnexpectedReplyError, type OutputItem, type ProviderReply } from '../../node-definition';
import { field } from '../request';
import type { Endpoint } from '../table/provider-node';

const recraft = { provider: 'recraft', label: 'Recraft', execution: 'sync' } as const;
export const recraftImages: Endpoint = { ...recraft, operation: 'images' };
export const recraftTool: Endpoint = { ...recraft, operation: 'tool' };

/** First picture of `data`, or the one in `image`; a link. */
export function recraftFile(port: string): (reply: ProviderReply) => Readonly<Record<string, OutputItem>> {
  return ({ body }) => {
    const url = field(body, 'data', 0, 'url') ?? field(body, 'image', 'url');
    if (typeof url === 'string' && url !== '') return { [port]: { kind: 'url', url } };
    throw new UnexpectedReplyError('The answer of Recraft has no link to a picture.');
  };
}
