import { MediaInput, type WireInput, type WireValue } from '../pipeline/node-definition';
import type { AssetReference, JsonObject, JsonValue } from '../workflows/contract';
import type { MultipartFile, Provider, ProviderCall } from './providers/provider';

export interface MediaAccess {
  /** A signed URL that the provider can reach; undefined when nobody out there can reach us. */
  readonly urlFor: (asset: AssetReference) => string | undefined;
  readonly read: (asset: AssetReference) => Promise<Uint8Array>;
}

export interface MaterialisedInput {
  readonly input: JsonObject;
  readonly files: readonly MultipartFile[];
}

/**
 * Puts media into a provider's request the way it takes them: signed URL where ours can be reached, otherwise the
 * provider's own storage or a data URI; base64 or multipart parts where the model asks for bytes.
 */
export async function materialiseInput(
  wire: WireInput,
  provider: Provider,
  call: ProviderCall,
  media: MediaAccess,
): Promise<MaterialisedInput> {
  const files: MultipartFile[] = [];
  const fill = async (value: WireValue, field: string): Promise<JsonValue | undefined> => {
    if (value instanceof MediaInput) return fillMedia(value, field);
    if (Array.isArray(value)) {
      const items: readonly WireValue[] = value;
      const filled = await Promise.all(items.map((item) => fill(item, field)));
      return filled.filter((item) => item !== undefined);
    }
    if (typeof value !== 'object' || value === null) return value;
    return fillObject(value);
  };
  const fillObject = async (value: object): Promise<JsonObject> => {
    const filled: Record<string, JsonValue> = {};
    for (const [key, item] of Object.entries(value) as [string, WireValue][]) {
      const json = await fill(item, key);
      if (json !== undefined) filled[key] = json;
    }
    return filled;
  };
  const fillMedia = async ({ asset, form }: MediaInput, field: string): Promise<JsonValue | undefined> => {
    const file = async (): Promise<MultipartFile> => multipartFile(field, asset, await media.read(asset));
    if (form === 'bytes') {
      files.push(await file());
      return undefined;
    }
    if (form === 'base64') return Buffer.from(await media.read(asset)).toString('base64');
    const url = form === 'url' ? media.urlFor(asset) : undefined;
    if (url !== undefined) return url;
    if (form === 'url' && provider.mediaWithoutUrl === 'upload' && provider.upload)
      return provider.upload(await file(), call);
    const base64 = Buffer.from(await media.read(asset)).toString('base64');
    return form === 'url' && provider.mediaWithoutUrl === 'base64'
      ? base64
      : `data:${asset.mimeType};base64,${base64}`;
  };
  return { input: await fillObject(wire), files };
}

function multipartFile(field: string, asset: AssetReference, bytes: Uint8Array): MultipartFile {
  const extension = asset.mimeType.split('/')[1] ?? 'bin';
  return { field, bytes, mimeType: asset.mimeType, fileName: `${asset.sha256.slice(0, 16)}.${extension}` };
}
