import type { AssetReference, JsonObject, JsonValue, PortValue } from '../../workflows/contract';

/** Small readings of values that workflows, activities and the compiler share. Imports nothing at run time. */

const assetTypes: ReadonlySet<unknown> = new Set(['text', 'json', 'image', 'video', 'audio', 'file']);

/** True for the shape of a reference to stored bytes. A user's JSON may have that shape: it opens nothing by itself. */
export function isAssetReference(value: unknown): value is AssetReference {
  return (
    isJsonObject(value) &&
    assetTypes.has(ownValue(value, 'type')) &&
    typeof ownValue(value, 'assetId') === 'string' &&
    typeof ownValue(value, 'sha256') === 'string' &&
    typeof ownValue(value, 'mimeType') === 'string' &&
    typeof ownValue(value, 'bytes') === 'number'
  );
}

/** References at the ports of a node: a port holds one, or a flat list of them. */
export function assetsIn(values: Readonly<Record<string, PortValue>>): readonly AssetReference[] {
  return Object.values(values).flatMap((value): AssetReference[] => {
    const items: readonly unknown[] = isList(value) ? value : [value];
    return items.filter(isAssetReference);
  });
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isList(value: unknown): value is readonly (JsonValue | AssetReference)[] {
  return Array.isArray(value);
}

/** Own properties only: nothing of a prototype is ever read. */
export function ownValue(object: object, key: string): unknown {
  return Object.hasOwn(object, key) ? Reflect.get(object, key) : undefined;
}

/**
 * Follows object keys and list indexes; own ones only.
 * @returns undefined when there is no such place.
 */
export function valueAt(value: PortValue | undefined, path: readonly string[]): PortValue | undefined {
  let current: PortValue | undefined = value;
  for (const segment of path) {
    if (isList(current)) current = /^(0|[1-9]\d{0,8})$/.test(segment) ? current[Number(segment)] : undefined;
    else if (isJsonObject(current)) current = Object.hasOwn(current, segment) ? current[segment] : undefined;
    else return undefined;
  }
  return current;
}

/** What a value reads as inside a text: texts as they are, everything else as JSON. */
export function textOf(value: PortValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Bytes of UTF-8, without making them. A lone surrogate counts as the three bytes of its replacement. */
export function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    bytes += 1;
    if (unit < 0x800) continue;
    const next = text.charCodeAt(index + 1);
    const isPair = unit >= 0xd800 && unit <= 0xdbff && next >= 0xdc00 && next <= 0xdfff;
    if (isPair) index += 1;
    bytes += 1;
  }
  return bytes;
}
