import type { z } from 'zod';
import type {
  AssetReference,
  JsonObject,
  JsonValue,
  NodeInputs,
  NodeOutputs,
  PortType,
  PortValue,
} from '../workflows/contract';

/** An input port. A required port may be satisfied by the config field of the same name instead of an edge. */
export interface InputPort {
  /** `any`: as the type's `ports` finds out, whatever is connected. */
  readonly type: PortType | 'any';
  readonly required?: boolean;
  /** Collects any number of edges, in edge order. */
  readonly many?: boolean;
  /** The config field of the same name serves when no edge does. */
  readonly orConfig?: boolean;
  /** Of a `many` port: a value that is missing is null, so that the others keep their places. */
  readonly keepsPlaces?: boolean;
  readonly description: string;
}

export interface OutputPort {
  readonly type: PortType | 'any';
  /** A list of values of the type: fits `many` ports, and JSON ports unless it is a list of media. */
  readonly list?: boolean;
  /** May give nothing: what needs it is skipped then. */
  readonly mayBeAbsent?: boolean;
  readonly description: string;
}

/** What flows into a port, as far as the graph tells. */
export interface PortShape {
  readonly type: PortType;
  readonly list: boolean;
}

/** Ports of one node; those of most types are the same for every node. */
export interface NodePorts {
  readonly inputs: Readonly<Record<string, InputPort>>;
  readonly outputs: Readonly<Record<string, OutputPort>>;
  /** Of a group: the ports that its members see. */
  readonly inner?: {
    /** What the group gives to each iteration. */
    readonly gives: Readonly<Record<string, OutputPort>>;
    /** What each iteration brings back. */
    readonly takes: Readonly<Record<string, InputPort>>;
  };
}

/** What the ports of a node may depend on. */
export interface PortContext {
  /** As posted, not yet judged. */
  readonly config: JsonObject;
  /** Undefined: nothing is connected, or it cannot be told. */
  readonly shapeInto: (port: string) => PortShape | undefined;
  /** The same for what members bring to a group. */
  readonly shapeTaken: (port: string) => PortShape | undefined;
}

/** What a value is stored and sampled as where a port takes any. */
export function valueType(type: PortType | 'any'): PortType {
  return type === 'any' ? 'json' : type;
}

/** A list price with where and when it was read; without a source a candidate is not in the catalog. */
export interface Price {
  /** Highest cost of one call with this request, US dollars; the quote's figure. */
  readonly usd: (request: NodeRequest) => number;
  /** What the provider will bill for this reply, US dollars; absent: `usd`. */
  readonly billedUsd?: (request: NodeRequest, reply: ProviderReply) => number;
  /** In words, such as "$0.03 first megapixel, $0.015 per further one". */
  readonly text: string;
  readonly source: string;
  /** YYYY-MM-DD. */
  readonly readOn: string;
}

/** A node's resolved request: config fields and connected inputs, validated. */
export interface NodeRequest {
  readonly config: JsonObject;
  readonly inputs: NodeInputs;
}

/** How a provider wants bytes of ours. */
export type MediaForm = 'url' | 'data_uri' | 'base64' | 'bytes';

/**
 * An asset inside a provider request. A class and not a plain object, so that no JSON of a user can pass for one.
 * The activity replaces it by a signed URL, a data URI, base64 or a multipart file just before sending;
 * for the request hash it counts as its sha256.
 */
export class MediaInput {
  constructor(
    readonly asset: AssetReference,
    readonly form: MediaForm,
  ) {}
}

/** Body of a provider request before its media are filled in. */
export type WireValue = JsonValue | MediaInput | readonly WireValue[] | { readonly [key: string]: WireValue };
export interface WireInput {
  readonly [key: string]: WireValue;
}

/** A provider's answer: JSON, or bytes with their type. */
export interface ProviderReply {
  readonly body: JsonValue;
  readonly bytes?: Uint8Array;
  readonly mimeType?: string;
  /** What the provider says it bills, in the units of its price list (fal: `x-fal-billable-units`). */
  readonly billableUnits?: number;
}

/** One output as found in a reply; media are downloaded or decoded, verified by their bytes and stored. */
export type OutputItem =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'base64'; readonly base64: string }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'value'; readonly value: PortValue };

/** One way to serve a node type: a model at a provider, how to ask it and how to read its answer. */
export interface CandidateDefinition {
  readonly provider: string;
  readonly model: string;
  /** Name of the provider's operation, such as `queue`, `images`, `chat`. */
  readonly operation: string;
  readonly execution: 'sync' | 'queue';
  readonly price: Price;
  /** Last day, YYYY-MM-DD, on which the provider serves this model; afterwards it is not chosen. */
  readonly availableUntil?: string;
  /** The model that the provider names in its place. */
  readonly successor?: string;
  /** Pure; throws `UnsupportedRequestError` when this model cannot serve the request (the next candidate may). */
  readonly toInput: (request: NodeRequest) => WireInput;
  /** Pure; throws `UnexpectedReplyError` when the reply lacks an output. Keys are output ports. */
  readonly toOutputs: (reply: ProviderReply) => Readonly<Record<string, OutputItem>>;
}

/** This candidate cannot serve this request; another one may. */
export class UnsupportedRequestError extends Error {}

/** The reply is well-formed at HTTP level but does not hold what the model promises. */
export class UnexpectedReplyError extends Error {}

export type NodeImplementation =
  /** Takes `triggerData[config.name ?? id]`, else `config.value`. */
  | { readonly kind: 'input'; readonly valueSchema: z.ZodType }
  /** `function` names an entry of pipeline/pure/functions.ts. */
  | { readonly kind: 'pure'; readonly function: string; readonly passesReferences?: true }
  | GroupImplementation
  | { readonly kind: 'delay' }
  | { readonly kind: 'review' }
  /** Takes what comes elsewhere: activities/delivery. */
  | { readonly kind: 'deliver'; readonly to: 'http' | 's3' }
  /** Builds the operation for activities/media from config; the file paths are filled by the activity. */
  | { readonly kind: 'media'; readonly toOperation: (config: JsonObject) => JsonObject }
  | { readonly kind: 'provider'; readonly candidates: readonly CandidateDefinition[] };

/** A node with members; `control` names an entry of pipeline/pure/controls.ts. */
export interface GroupImplementation {
  readonly kind: 'group';
  readonly control: string;
  /** Config fields that decide what the group gives to its members: a change of another one leaves their results valid. */
  readonly givenBy: readonly string[];
  /** An iteration is given something of what those before it have brought back. */
  readonly isSequence: boolean;
  /** It runs once, so its steps have the path of the group, `sub/n3`, and no number. */
  readonly runsOnce?: true;
  /** What is known, before the run, of how many iterations there will be. */
  readonly iterations: (request: NodeRequest) => { readonly min: number; readonly max: number };
}

export interface NodeDefinition extends NodePorts {
  /** `category:name`. */
  readonly type: string;
  /** Raised when the same config comes to mean something else; part of the node key. */
  readonly version: number;
  readonly label: string;
  readonly description: string;
  /** Strict object of the node's config. */
  readonly config: z.ZodType<JsonObject>;
  readonly inputs: Readonly<Record<string, InputPort>>;
  readonly outputs: Readonly<Record<string, OutputPort>>;
  /** For types whose ports depend on their config or on what is connected; the definition itself then tells what is usual. */
  readonly ports?: (context: PortContext) => NodePorts;
  /** The input that an edge without a handle means, where any type fits. */
  readonly mainInput?: string;
  readonly implementation: NodeImplementation;
  /** Usual time from start to result, seconds; a job's time-out is ten times that, at least 600 s. */
  readonly expectedSeconds: number;
  /** The vendor closed the model of this name on that day, YYYY-MM-DD; the type goes on, served by its successor. */
  readonly availableUntil?: string;
  /** The node type to use in place of this one. */
  readonly successor?: string;
  /** True when the same request (with a seed) gives the same bytes: such results may be cached. */
  readonly deterministic?: boolean;
}

/** Declares a node type; the registry pipeline/nodes/index.ts lists it. */
export function defineNode(definition: NodeDefinition): NodeDefinition {
  return definition;
}

/** Function of pipeline/pure/functions.ts. */
export type PureFunction = (config: JsonObject, inputs: NodeInputs) => NodeOutputs;
