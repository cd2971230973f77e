import type { JsonObject, JsonValue } from '../../../workflows/contract';
import { UnsupportedRequestError, type NodeRequest } from '../../node-definition';
import { isJsonObject, isList } from '../../pure/values';
import { field, givenValue } from '../request';

/** @throws UnsupportedRequestError when it is not there or no object. */
export function jsonOf(request: NodeRequest, name: string): JsonObject {
  const value = givenValue(request, name);
  if (isJsonObject(value)) return closed(value);
  throw new UnsupportedRequestError(`"${name}" is no JSON object.`);
}

const FORMS: Readonly<Record<string, JsonObject>> = {
  string: { type: ['string', 'null'] },
  number: { type: ['number', 'null'] },
  boolean: { type: ['boolean', 'null'] },
  'string[]': { type: 'array', items: { type: 'string' } },
};

/** The schema of an object with the fields that a list of {name, type, description} names. */
export function fieldsSchema(request: NodeRequest, name: string): JsonObject {
  const value = givenValue(request, name);
  const fields = isList(value) ? (value as readonly JsonValue[]) : [];
  if (fields.length === 0) throw new UnsupportedRequestError(`"${name}" names no field.`);
  const properties = fields.map((wanted): readonly [string, JsonObject] => {
    const [key, type, description] = ['name', 'type', 'description'].map((part) => textAt(wanted, part));
    const form = FORMS[type ?? 'string'] ?? {};
    return [key ?? '', description === undefined ? form : { ...form, description }];
  });
  return closed({ type: 'object', properties: Object.fromEntries(properties) });
}

function textAt(wanted: JsonValue, part: string): string | undefined {
  const value = field(wanted, part);
  return typeof value === 'string' ? value : undefined;
}

/** Objects closed and every field required, as vendors want it for strict answers; deeper places too. */
function closed(schema: JsonObject): JsonObject {
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closedValue(value)]));
  const properties = inner['properties'];
  if (!isJsonObject(properties)) return inner;
  return { ...inner, additionalProperties: false, required: Object.keys(properties) };
}

function closedValue(value: JsonValue): JsonValue {
  if (isList(value)) return value.map(closedValue);
  return isJsonObject(value) ? closed(value) : value;
}
