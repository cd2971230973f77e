import type { JsonObject, JsonValue, PlanTemplate, TemplatePart } from '../../workflows/contract';
import type { IssuePath } from '../graph-issue';
import { listOf } from '../graph-issue';
import type { NodePorts } from '../node-definition';
import {
  isTemplate,
  parseTemplate,
  substituteParts,
  TemplateError,
  type SourcePart,
} from '../pure/templates';
import { isJsonObject, isList } from '../pure/values';
import type { Findings } from './draft-node';
import { nearest } from './nearest';
import type { NameScope } from './name-scope';

export interface ResolvedTemplates {
  /** What is known put in; a place that waits for a node still holds its template as written. */
  readonly value: JsonValue;
  /** The places that wait. */
  readonly templates: readonly PlanTemplate[];
}

/** How the resolver sees other nodes by id; `faulty`: there, but not to be judged; `hidden`: inside of another group. */
export type NodeLookup = (
  nodeId: string,
) => (Pick<NodePorts, 'outputs'> & { readonly type: string }) | 'faulty' | 'hidden' | undefined;

/** Resolves every `${…}` of a JSON value in one pass: what a name yields is never looked at again. */
export function resolveTemplates(
  value: JsonValue,
  path: IssuePath,
  scope: NameScope,
  lookup: NodeLookup,
  findings: Findings,
  prefix = '',
): ResolvedTemplates {
  const resolver = new TemplateResolver(scope, lookup, findings, prefix);
  return { value: resolver.resolve(value, path, []), templates: resolver.templates };
}

class TemplateResolver {
  readonly templates: PlanTemplate[] = [];

  constructor(
    private readonly scope: NameScope,
    private readonly lookup: NodeLookup,
    private readonly findings: Findings,
    /** Of the workflow that the config is in: its nodes are named without it. */
    private readonly prefix: string,
  ) {}

  resolve(value: JsonValue, place: IssuePath, path: readonly string[]): JsonValue {
    if (typeof value === 'string') return isTemplate(value) ? this.resolveText(value, place, path) : value;
    if (isList(value)) {
      return value.map((item, index) => this.resolve(item, [...place, index], [...path, String(index)]));
    }
    if (!isJsonObject(value)) return value;
    const resolved: Record<string, JsonValue> = {};
    for (const [key, item] of Object.entries(value)) {
      resolved[key] = this.resolve(item, [...place, key], [...path, key]);
    }
    return resolved satisfies JsonObject;
  }

  private resolveText(text: string, place: IssuePath, path: readonly string[]): JsonValue {
    const parts = this.parse(text, place);
    if (!parts || !parts.every((part) => this.isKnown(part, place))) return text;
    const [lone] = parts;
    if (lone?.kind === 'name' && parts.length === 1) return this.scope.read(lone.path) ?? null;
    const substituted = substituteParts(parts, (name) => this.scope.read(name) ?? null);
    const [only] = substituted;
    if (only?.kind === 'text' && substituted.length === 1) return only.text;
    this.templates.push({ path, parts: substituted });
    return text;
  }

  private parse(text: string, place: IssuePath): readonly SourcePart[] | undefined {
    try {
      return parseTemplate(text).map((part) =>
        part.kind === 'reference' ? { ...part, nodeId: this.prefix + part.nodeId } : part,
      );
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      this.findings.add(place, 'template_invalid', error.message, 'Correct the template.');
      return undefined;
    }
  }

  private isKnown(part: SourcePart, place: IssuePath): boolean {
    switch (part.kind) {
      case 'text':
        return true;
      case 'name':
        return this.isKnownName(part.path, place);
      case 'reference':
        return this.isKnownReference(part, place);
    }
  }

  private isKnownName(path: readonly string[], place: IssuePath): boolean {
    if (this.scope.read(path) !== undefined) return true;
    const name = path.join('.');
    const message = `\${${name}} has no value: neither triggerData nor a variable of the workflow has "${name}".`;
    const meant = nearest(path[0] ?? '', this.scope.names());
    const hint = meant && meant !== path[0] ? `Did you mean \${${meant}}? ` : '';
    const fix = `${hint}Add "${name}" to triggerData, or write $\${${name}} for the literal text.`;
    this.findings.add(place, 'template_variable_missing', message, fix);
    return false;
  }

  private isKnownReference(part: Extract<TemplatePart, { kind: 'reference' }>, place: IssuePath): boolean {
    const { nodeId, port, path } = part;
    const written = `\${${['nodes', nodeId, port, ...path].join('.')}}`;
    const definition = this.lookup(nodeId);
    if (definition === 'faulty') return false;
    const report = (message: string, fix: string): false => {
      this.findings.add(place, 'template_reference_invalid', `${written}: ${message}`, fix);
      return false;
    };
    if (definition === 'hidden') {
      const fix = 'Bring it out by the ports of its group, and read those.';
      return report(`"${nodeId}" runs once per iteration of its group.`, fix);
    }
    if (!definition) return report(`there is no node "${nodeId}".`, 'Name the id of a step of this graph.');
    const output = Object.hasOwn(definition.outputs, port) ? definition.outputs[port] : undefined;
    if (!output) {
      const outputs = listOf(Object.keys(definition.outputs).map((name) => `"${name}"`));
      return report(`"${nodeId}" (${definition.type}) has no output "${port}".`, `Use ${outputs}.`);
    }
    if (!['text', 'number', 'boolean', 'json', 'any'].includes(output.type)) {
      return report(`"${port}" is ${output.type} and cannot stand in a text.`, 'Connect it by an edge.');
    }
    if (path.length === 0 || output.type === 'json' || output.list) return true;
    return report(`"${port}" is ${output.type} and has no parts.`, `Write \${nodes.${nodeId}.${port}}.`);
  }
}
