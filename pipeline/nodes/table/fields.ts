import type { AssetReference, JsonValue } from '../../../workflows/contract';
import {
  MediaInput,
  UnsupportedRequestError,
  type InputPort,
  type MediaForm,
  type NodeRequest,
  type WireValue,
} from '../../node-definition';
import { isAssetReference, isList } from '../../pure/values';
import { givenValue, optionalNumber, optionalText, requiredText } from '../request';

/** The longest text that is sent where a candidate names no limit of its own, characters. */
const TEXT_LENGTH_MAX = 20_000;

/** What a field is read for: shown in refusals, and how this provider wants media. */
export interface FieldContext {
  /** Such as `flux-2-pro at Replicate`. */
  readonly model: string;
  readonly media: MediaForm;
  readonly ports: Readonly<Record<string, InputPort>>;
}

/** How one field of a provider's request comes out of the node's request. */
export interface Field {
  /** Config fields and ports that it carries over; what no field carries over is refused when a user sets it. */
  readonly from: readonly string[];
  /**
   * @returns undefined leaves the field out.
   * @throws UnsupportedRequestError when this model cannot take the value.
   */
  readonly read: (request: NodeRequest, context: FieldContext) => WireValue | undefined;
}

/**
 * A name stands for the value as it is: media in the form that the provider takes (a list at a `many` port), the text of
 * a port, or the config field. A required port that brings nothing is refused.
 */
export type FieldSource = string | Field;

export function toField(source: FieldSource): Field {
  return typeof source === 'string' ? same(source) : source;
}

function same(name: string): Field {
  return {
    from: [name],
    read: (request, context) => {
      const port = context.ports[name];
      const value = givenValue(request, name);
      if (port?.type === 'text') return textAt(request, name, port, TEXT_LENGTH_MAX);
      if (isMediaPort(port)) return mediaAt(request, name, port, context.media);
      return value === null ? undefined : asWire(value);
    },
  };
}

/** A text with this model's own limit, characters. */
export function text(name: string, lengthMax: number): Field {
  return {
    from: [name],
    read: (request, { ports }) => textAt(request, name, ports[name], lengthMax),
  };
}

/** A number or truth value as the provider wants it: as text. */
export function asText(name: string): Field {
  return { from: [name], read: (request) => optionalText(request, name) };
}

/** One file where the provider wants a list. */
export function listed(name: string): Field {
  return {
    from: [name],
    read: (request, context) => {
      const one = same(name).read(request, context);
      return one === undefined ? undefined : [one];
    },
  };
}

/** One of the files at a `many` port, counted from 0; more than `most` are refused. */
export function nth(name: string, index: number, most: number): Field {
  return {
    from: [name],
    read: (request, { model, media: form }) => {
      const assets = assetsAt(request, name);
      if (assets.length > most) {
        throw new UnsupportedRequestError(`${model} takes ${most} of "${name}", not ${assets.length}.`);
      }
      if (assets.length === 0) throw new UnsupportedRequestError(`"${name}" is missing. Connect it.`);
      const asset = assets[index];
      return asset && new MediaInput(asset, form);
    },
  };
}

/** How many files come in at a port; one stands for what is not there yet. */
export function countOf(request: NodeRequest, name: string): number {
  return Math.max(1, assetsAt(request, name).length);
}

/** The files that come in at a port, in edge order. */
export function assetsAt(request: NodeRequest, name: string): readonly AssetReference[] {
  const value = givenValue(request, name);
  return (isList(value) ? value : [value]).filter(isAssetReference);
}

/** A value by a table; one that is not in it is refused. Where the table is a list, values stay as they are. */
export function oneOf(name: string, table: readonly string[] | Readonly<Record<string, WireValue>>): Field {
  const values = new Map<string, WireValue>(
    isNames(table) ? table.map((value) => [value, value]) : Object.entries(table),
  );
  return {
    from: [name],
    read: (request, { model }) => {
      const wanted = optionalText(request, name);
      if (wanted === undefined) return undefined;
      const found = values.get(wanted);
      if (found !== undefined) return found;
      const known = [...values.keys()].join(', ');
      throw new UnsupportedRequestError(`${model} takes no ${name} "${wanted}"; it takes ${known}.`);
    },
  };
}

/** A number between bounds, both allowed. */
export function within(name: string, least: number, most: number): Field {
  return {
    from: [name],
    read: (request, { model }) => {
      const value = optionalNumber(request, name);
      if (value === undefined || (value >= least && value <= most)) return value;
      throw new UnsupportedRequestError(`${model} takes ${name} from ${least} to ${most}, not ${value}.`);
    },
  };
}

/** Anything else: pure, from the named config fields and ports alone. */
export function computed(from: readonly string[], read: Field['read']): Field {
  return { from, read };
}

/** The field with a value for when the node says nothing. */
export function orElse(source: FieldSource, otherwise: WireValue): Field {
  const field = toField(source);
  return { from: field.from, read: (request, context) => field.read(request, context) ?? otherwise };
}

function textAt(
  request: NodeRequest,
  name: string,
  port: InputPort | undefined,
  lengthMax: number,
): string | undefined {
  const given = optionalText(request, name);
  const isEmpty = given === undefined || given === '';
  return isEmpty && port?.required !== true ? undefined : requiredText(request, name, lengthMax);
}

function mediaAt(
  request: NodeRequest,
  name: string,
  port: InputPort | undefined,
  form: MediaForm,
): WireValue | undefined {
  const assets = assetsAt(request, name);
  const [first] = assets;
  if (first === undefined) {
    if (port?.required !== true) return undefined;
    throw new UnsupportedRequestError(`"${name}" is missing. Connect it.`);
  }
  return port?.many ? assets.map((asset) => new MediaInput(asset, form)) : new MediaInput(first, form);
}

function isMediaPort(port: InputPort | undefined): boolean {
  return port !== undefined && ['image', 'video', 'audio', 'file'].includes(port.type);
}

function isNames(table: readonly string[] | Readonly<Record<string, WireValue>>): table is readonly string[] {
  return Array.isArray(table);
}

/** Config and inputs that are no assets are JSON by construction. */
function asWire(value: unknown): JsonValue | undefined {
  return value as JsonValue | undefined;
}
