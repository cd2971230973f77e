import { join } from 'node:path';
import { z } from 'zod';
import type { SandboxOptions } from './create-sandbox';

const environmentSchema = z.object({
  EVERFRAME_HOME: z.string().default('.everframe'),
  EVERFRAME_SANDBOX_HOST: z.string().default('127.0.0.1'),
  EVERFRAME_SANDBOX_PORT: z.coerce.number().int().min(0).max(65_535).default(8090),
  EVERFRAME_SANDBOX_LATENCY_SCALE: z.coerce.number().min(0).default(1),
  EVERFRAME_SANDBOX_FRAME_RATE: z.coerce.number().int().min(1).max(60).default(24),
  EVERFRAME_SANDBOX_OUTPUT_LIFETIME_SECONDS: z.coerce.number().min(1).default(3600),
});

/** Reads the sandbox's settings; @throws ZodError naming the variable that is wrong. */
export function readConfig(environment: NodeJS.ProcessEnv): Required<SandboxOptions> {
  const settings = environmentSchema.parse(environment);
  return {
    dataFolder: join(settings.EVERFRAME_HOME, 'sandbox'),
    host: settings.EVERFRAME_SANDBOX_HOST,
    port: settings.EVERFRAME_SANDBOX_PORT,
    latency: settings.EVERFRAME_SANDBOX_LATENCY_SCALE,
    frameRate: settings.EVERFRAME_SANDBOX_FRAME_RATE,
    outputLifetimeSeconds: settings.EVERFRAME_SANDBOX_OUTPUT_LIFETIME_SECONDS,
  };
}
