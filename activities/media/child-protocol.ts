import { z } from 'zod';
import { MEDIA_ERROR_KINDS } from '../../store/assets/media/media-error';
import { mediaOperationSchema, mediaResultSchema } from './media-operation';

/** The one message that a media child gets. */
export const childRequestSchema = z.object({
  operation: mediaOperationSchema,
  /** Where a new file goes; nothing else is written. */
  outputPath: z.string(),
  memoryLimitMb: z.number(),
});
export type ChildRequest = z.infer<typeof childRequestSchema>;

/** The one message that it sends. */
export const childReplySchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('done'), result: mediaResultSchema }),
  z.object({
    status: z.literal('failed'),
    kind: z.enum(MEDIA_ERROR_KINDS),
    message: z.string(),
    operatorDetail: z.string().optional(),
  }),
]);
export type ChildReply = z.infer<typeof childReplySchema>;
