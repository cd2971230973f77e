import type { AssetReference, JsonObject } from '../../../workflows/contract';
import { UnsupportedRequestError, type NodeRequest } from '../../node-definition';
import { isAssetReference, isList, utf8Bytes } from '../../pure/values';
import { givenValue } from '../request';

/** How hard a model is to think before it answers. */
export const EFFORTS = ['low', 'medium', 'high'] as const;
export type Effort = (typeof EFFORTS)[number];

/** One question to a language model, in the words of no vendor. */
export interface Ask {
  readonly system?: string;
  readonly prompt: string;
  readonly images?: readonly AssetReference[];
  /** JSON Schema that the answer has to fit; objects are closed and all their fields required. */
  readonly schema?: JsonObject;
  /** Longest answer, thoughts included, tokens. */
  readonly maxTokens: number;
  readonly effort?: Effort;
  /** 0 to 2; few models still take one. */
  readonly temperature?: number;
}

/** What every vendor can look at. */
const IMAGE_TYPES: readonly string[] = ['image/png', 'image/jpeg', 'image/webp', 'image/gif'];

/** @throws UnsupportedRequestError when none is connected, or one is of a kind that models cannot look at. */
export function requiredImages(request: NodeRequest, name: string): readonly AssetReference[] {
  const value = givenValue(request, name);
  const images = (isList(value) ? value : [value]).filter(isAssetReference);
  if (images.length === 0) throw new UnsupportedRequestError(`"${name}" is missing. Connect it.`);
  const other = images.find(({ mimeType }) => !IMAGE_TYPES.includes(mimeType));
  if (other === undefined) return images;
  throw new UnsupportedRequestError(
    `"${name}" is ${other.mimeType}; models look at PNG, JPEG, WebP and GIF. Convert it by image:format.`,
  );
}

/** Bytes that a port or config field adds to a question; `assumed` while it is not known. */
export function givenBytes(request: NodeRequest, name: string, assumed: number): number {
  const value = givenValue(request, name);
  if (value === undefined || value === null) return assumed;
  if (isAssetReference(value)) return value.bytes;
  return utf8Bytes(typeof value === 'string' ? value : JSON.stringify(value));
}
