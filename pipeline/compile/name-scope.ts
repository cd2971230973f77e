import type { JsonObject, JsonValue } from '../../workflows/contract';
import { isJsonObject, valueAt } from '../pure/values';

/** The names that `${name}` may use: triggerData first, then variables. Own keys only. */
export class NameScope {
  private readonly used = new Set<string>();

  constructor(
    readonly triggerData: JsonObject,
    private readonly variables: JsonObject,
  ) {}

  /** @returns undefined when there is no such place. */
  read(path: readonly string[]): JsonValue | undefined {
    const [name = ''] = path;
    const source = Object.hasOwn(this.triggerData, name) ? this.triggerData : this.variables;
    if (source === this.triggerData) this.used.add(name);
    return valueAt(source, path) as JsonValue | undefined;
  }

  /** One value of triggerData, by its whole key. */
  trigger(key: string): JsonValue | undefined {
    if (!Object.hasOwn(this.triggerData, key)) return undefined;
    this.used.add(key);
    return this.triggerData[key];
  }

  names(): readonly string[] {
    return [...Object.keys(this.triggerData), ...Object.keys(this.variables)];
  }

  /** Keys of triggerData that nothing read. */
  unused(): readonly string[] {
    return Object.keys(this.triggerData).filter((key) => !this.used.has(key));
  }
}

export function asScopeObject(value: unknown): JsonObject | undefined {
  if (value === undefined || value === null) return {};
  return isJsonObject(value) ? value : undefined;
}
