import { createOpenApiDocument } from '../../api/openapi';
import { routes } from '../../api/routes';
import { describeNode } from '../../pipeline/catalog-entry';
import { valueType } from '../../pipeline/node-definition';
import { nodeDefinitions } from '../../pipeline/nodes';

type Schema = Readonly<Record<string, unknown>>;

const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null;

/** Every field by its path: of request bodies by operation, of configs by node type; and media that come as values. */
export function findUrlFields(): readonly string[] {
  const document: unknown = JSON.parse(JSON.stringify(createOpenApiDocument(routes, 'http://api.example')));
  const operations = routes.flatMap(({ operationId, path, method }) => {
    const at = ['paths', path.replace(/:(\w+)/g, '{$1}'), method.toLowerCase(), 'requestBody', 'content'];
    const body = resolve(document, [...at, 'application/json', 'schema']);
    return urlFieldsOf(body, operationId, document);
  });
  const configs = nodeDefinitions.flatMap((definition) => {
    const { type, config } = describeNode(definition);
    return urlFieldsOf(config, type, config);
  });
  const media = nodeDefinitions
    .filter(({ implementation }) => implementation.kind === 'input')
    .flatMap(({ type, outputs }) => Object.values(outputs).map((output) => [type, output] as const))
    .filter(([, output]) => ['image', 'video', 'audio', 'file'].includes(valueType(output.type)))
    .map(([type]) => `${type}.value`);
  return [...new Set([...operations, ...configs, ...media])].sort();
}

/** A URL by its format, or by its name where the schema says no more than that it is a text. */
function urlFieldsOf(schema: unknown, path: string, root: unknown, above: readonly unknown[] = []): string[] {
  if (!isSchema(schema) || above.includes(schema)) return [];
  const inside = (child: unknown, at: string) => urlFieldsOf(child, at, root, [...above, schema]);
  if (typeof schema['$ref'] === 'string')
    return inside(resolve(root, schema['$ref'].split('/').slice(1)), path);
  const isText = schema['type'] === 'string' && !('enum' in schema);
  const isNamedSo = /(url|uri|endpoint|host|origin|webhook)s?$/i.test(path.replace(/\[\]$/, ''));
  const own = schema['format'] === 'uri' || (isText && isNamedSo) ? [path] : [];
  const { properties, items, additionalProperties } = schema;
  const named = isSchema(properties)
    ? Object.entries(properties).flatMap(([name, child]) => inside(child, `${path}.${name}`))
    : [];
  const others = [items, additionalProperties].flatMap((child) => inside(child, `${path}[]`));
  const choices = ['anyOf', 'oneOf', 'allOf'].flatMap((name) => {
    const list = schema[name];
    return Array.isArray(list) ? list.flatMap((child) => inside(child, path)) : [];
  });
  return [...own, ...named, ...others, ...choices];
}

function resolve(root: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => (isSchema(value) ? value[name] : undefined), root);
}
