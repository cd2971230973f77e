import type { AssetReference, JsonValue, NodeWork, PortType } from '../../workflows/contract';
import type { IssuePath } from '../graph-issue';
import { describe, quote } from '../graph-issue';
import type { GraphNode } from '../graph';
import { valueType, type NodeDefinition } from '../node-definition';
import { isJsonObject, ownValue, utf8Bytes } from '../pure/values';
import { nodePath, type Findings } from './draft-node';
import type { NameScope } from './name-scope';

/** Longest text or JSON that an input node brings in itself; activity payloads stay under 64 KB. */
export const INPUT_BYTES_MAX = 32_768;
const URL_LENGTH_MAX = 2_048;

export interface InputSource {
  readonly value: JsonValue | undefined;
  /** Where the value came from, or where it should be. */
  readonly path: IssuePath;
  readonly key: string;
}

/**
 * Where an input node's value comes from: `triggerData[config.name ?? id]`, else, for the graph's only text input,
 * `triggerData.prompt`, else `config.value` (its templates resolved by the caller).
 */
export function findInputSource(
  node: GraphNode,
  isOnlyTextInput: boolean,
  scope: NameScope,
  configValue: JsonValue | undefined,
): InputSource {
  const { name } = node.config;
  const key = typeof name === 'string' && name !== '' ? name : node.id;
  for (const candidate of isOnlyTextInput ? [key, 'prompt'] : [key]) {
    const value = scope.trigger(candidate);
    if (value !== undefined) return { value, path: ['triggerData', candidate], key };
  }
  const path = configValue === undefined ? ['triggerData', key] : nodePath(node, 'data', 'config', 'value');
  return { value: configValue, path, key };
}

/** @returns What the node does at run time; undefined after reporting. */
export function readInputValue(
  node: GraphNode,
  definition: NodeDefinition,
  source: InputSource,
  assets: ReadonlyMap<string, AssetReference>,
  findings: Findings,
): NodeWork | undefined {
  const [port = 'value', output] = Object.entries(definition.outputs)[0] ?? [];
  const type = valueType(output?.type ?? 'any');
  const reader = new InputReader(node, port, type, source, assets, findings);
  return source.value === undefined ? reader.missing() : reader.read(source.value);
}

/** The id of an asset that a value names: `{assetId: "…"}`, alone or with the rest of a reference. */
export function namedAssetId(value: JsonValue | undefined, type: PortType): string | undefined {
  if (!isJsonObject(value)) return undefined;
  const assetId = ownValue(value, 'assetId');
  if (typeof assetId !== 'string') return undefined;
  // JSON may have a field of that name: there, only the bare form or a whole reference names an asset.
  const isReference = Object.keys(value).length === 1 || Object.hasOwn(value, 'sha256');
  return type !== 'json' || isReference ? assetId : undefined;
}

class InputReader {
  constructor(
    private readonly node: GraphNode,
    private readonly port: string,
    private readonly type: PortType,
    private readonly source: InputSource,
    private readonly assets: ReadonlyMap<string, AssetReference>,
    private readonly findings: Findings,
  ) {}

  read(value: JsonValue): NodeWork | undefined {
    const assetId = namedAssetId(value, this.type);
    if (assetId !== undefined) return this.fromAsset(assetId);
    switch (this.type) {
      case 'text':
        return typeof value === 'string' ? this.inline(value) : this.invalid(value, 'a text');
      case 'number':
        return typeof value === 'number' ? this.inline(value) : this.invalid(value, 'a number');
      case 'boolean':
        return typeof value === 'boolean' ? this.inline(value) : this.invalid(value, 'true or false');
      case 'json':
        return this.inline(value);
      default:
        return this.fromUrl(value, this.type);
    }
  }

  missing(): undefined {
    const { key, path } = this.source;
    const message = `"${this.node.id}" (input:${this.type}) has no value: triggerData has no ${quote(key)} and its config no value.`;
    const fix = `Add ${quote(key)} to triggerData, or set config.value as a default.`;
    this.findings.add(path, 'input_value_missing', message, fix);
  }

  private inline(value: JsonValue): NodeWork | undefined {
    const bytes = utf8Bytes(typeof value === 'string' ? value : JSON.stringify(value));
    if (bytes <= INPUT_BYTES_MAX) return { kind: 'value', outputs: { [this.port]: value } };
    const message = `The value has ${bytes} bytes; ${INPUT_BYTES_MAX} may be sent inline.`;
    const fix = 'Upload it by POST /api/v1/assets and pass {"assetId": "…"} instead.';
    this.findings.add(this.source.path, 'input_value_too_large', message, fix);
    return undefined;
  }

  private fromAsset(assetId: string): NodeWork | undefined {
    const asset = this.assets.get(assetId);
    if (!asset) {
      const message = `There is no asset ${quote(assetId)}.`;
      const fix = 'Upload the file by POST /api/v1/assets and use the id of the answer.';
      this.findings.add(this.source.path, 'asset_unknown', message, fix);
      return undefined;
    }
    if (asset.type !== this.type && this.type !== 'file') {
      const message = `Asset ${quote(assetId)} is ${asset.type}, but input:${this.type} needs ${this.type}.`;
      const fix = `Use an input:${asset.type} node, or another asset.`;
      this.findings.add(this.source.path, 'asset_type_mismatch', message, fix);
      return undefined;
    }
    return { kind: 'value', outputs: { [this.port]: asset } };
  }

  private fromUrl(value: JsonValue, mediaType: AssetReference['type']): NodeWork | undefined {
    const url = isJsonObject(value) ? ownValue(value, 'url') : value;
    if (typeof url !== 'string') return this.invalid(value, `a URL, {"url": "…"} or {"assetId": "…"}`);
    const problem = problemOfUrl(url);
    if (problem === undefined) return { kind: 'import', port: this.port, mediaType, url };
    const fix = 'Give an http(s) URL, or upload the file by POST /api/v1/assets and pass {"assetId": "…"}.';
    this.findings.add(this.source.path, 'input_value_invalid', `The URL ${quote(url)} ${problem}.`, fix);
    return undefined;
  }

  private invalid(value: JsonValue, wanted: string): undefined {
    const message = `"${this.node.id}" (input:${this.type}) needs ${wanted}, but got ${describe(value)}.`;
    this.findings.add(this.source.path, 'input_value_invalid', message, `Send ${wanted}.`);
  }
}

/** Form only; whether the address may be reached is judged when it is fetched. */
function problemOfUrl(text: string): string | undefined {
  if (text.length > URL_LENGTH_MAX) return `is longer than ${URL_LENGTH_MAX} characters`;
  if (!URL.canParse(text)) return 'cannot be read';
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    return `uses ${url.protocol} instead of http or https`;
  return url.username !== '' || url.password !== '' ? 'holds a user name or password' : undefined;
}
