import type { z } from 'zod';
import type { Recipe } from '../../media/recipe';

/** A file as fal shows it. */
export interface FalFile {
  readonly url: string;
  readonly content_type: string;
  readonly file_name: string;
  readonly file_size: number;
  readonly width?: number;
  readonly height?: number;
}

/** What a call comes down to: what is to be made, what it costs, how the result is shown. */
export interface FalPlan {
  readonly prompt: string;
  readonly recipes: readonly Recipe[];
  /** US dollars, list price. */
  readonly priceUsd: number;
  /** For `x-fal-billable-units`. */
  readonly units: number;
  /** `texts` are the outputs of answers, `files` those of everything else, in the order of the recipes. */
  readonly output: (files: readonly FalFile[], texts: readonly string[]) => unknown;
  readonly dataUris?: boolean;
}

export interface FalModel {
  readonly matches: RegExp;
  readonly read: (
    body: unknown,
    model: string,
    defaultSeed: number,
  ) => { plan: FalPlan } | { issues: z.core.$ZodIssue[] };
}

/** A family of endpoints: what they take, and what a call comes down to. */
export function model<Schema extends z.ZodType>(
  matches: RegExp,
  schema: Schema,
  plan: (input: z.output<Schema>, model: string, defaultSeed: number) => FalPlan,
): FalModel {
  return {
    matches,
    read: (body, id, defaultSeed) => {
      const input = schema.safeParse(body, { reportInput: true });
      if (!input.success) return { issues: input.error.issues };
      const missing = needsPicture(id, input.data);
      return missing === undefined ? { plan: plan(input.data, id, defaultSeed) } : { issues: [missing] };
    },
  };
}

/** Edit endpoints need `image_urls`, image-to-video needs its first frame: the family's other members do not. */
function needsPicture(id: string, input: unknown): z.core.$ZodIssue | undefined {
  const fields = /\/edit$/.test(id)
    ? ['image_urls']
    : /image-to-video$/.test(id)
      ? ['image_url', 'start_image_url']
      : [];
  const isGiven =
    typeof input === 'object' && input !== null && fields.some((name) => Object.hasOwn(input, name));
  const [field] = fields;
  if (field === undefined || isGiven) return undefined;
  return {
    code: 'invalid_type',
    expected: 'string',
    path: [field],
    message: 'Field required',
    input: undefined,
  };
}
