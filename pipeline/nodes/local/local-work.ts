import { z } from 'zod';
import { defineNode, type InputPort, type NodeDefinition, type OutputPort } from '../../node-definition';

/**
 * Local work, no provider: what a node of this type takes and gives. activities/media/work has the function that does it,
 * under the same name. Texts and numbers at a port replace the config field of the same name.
 */
export interface LocalWork {
  readonly label: string;
  readonly description: string;
  readonly config: z.ZodObject;
  readonly inputs: Readonly<Record<string, InputPort>>;
  readonly outputs: Readonly<Record<string, OutputPort>>;
  readonly expectedSeconds: number;
}

/** Config of one kind of work, defaults filled in. */
export type WorkConfig<Table extends Readonly<Record<string, LocalWork>>, Name extends keyof Table> = z.infer<
  Table[Name]['config']
>;

export function defineLocalNodes(table: Readonly<Record<string, LocalWork>>): readonly NodeDefinition[] {
  return Object.entries(table).map(([type, { config, ...work }]) =>
    defineNode({
      type,
      version: 1,
      ...work,
      // By construction JSON; the cast is that of nodeConfig.
      config: config as z.ZodType<unknown> as NodeDefinition['config'],
      implementation: {
        kind: 'media',
        toOperation: (given) => ({ kind: 'work', work: type, config: given }),
      },
      deterministic: true,
    }),
  );
}

export const side = z.number().int().min(1).max(16_383);
/** H.264 players take no longer side everywhere. */
export const clipSide = z.number().int().min(16).max(4_096);
export const seconds = z.number().min(0).max(3_600);
export const share = z.number().min(0).max(1);
export const colour = z
  .string()
  .regex(/^#([0-9a-fA-F]{6}|[0-9a-fA-F]{8})$/, 'must be a colour such as #ffcc00 or #ffcc0080');
export const pictureFormat = z.enum(['png', 'webp', 'jpeg', 'avif']);
export const position = z.enum([
  ...(['northwest', 'north', 'northeast', 'west', 'center'] as const),
  ...(['east', 'southwest', 'south', 'southeast'] as const),
]);
export const shownText = z.string().min(1).max(2_000);

const media = (type: InputPort['type'], description: string): InputPort => ({
  type,
  required: true,
  description,
});
export const image = media('image', 'The picture to work on.');
export const video = media('video', 'The clip to work on.');
export const audio = media('audio', 'The recording to work on.');
export const anotherImage = (description: string): InputPort => media('image', description);
export const optional = (type: InputPort['type'], description: string): InputPort => ({ type, description });
export const many = (type: InputPort['type'], description: string): InputPort => ({
  type,
  many: true,
  required: true,
  description,
});
export const textPort: InputPort = {
  type: 'text',
  required: true,
  orConfig: true,
  description: 'The words to show.',
};

export const imageOut = { image: { type: 'image', description: 'The new picture.' } } as const;
export const videoOut = { video: { type: 'video', description: 'The new clip.' } } as const;
export const audioOut = { audio: { type: 'audio', description: 'The new recording.' } } as const;
