import { z } from 'zod';

export interface S3Settings {
  readonly bucket: string;
  /** Before every key; empty or with a slash at its end. */
  readonly prefix: string;
  readonly region: string;
  /** Other than Amazon's. URL. */
  readonly endpoint?: string;
  /** The bucket in the path of the URL, not in its host: what most stores of one's own want. */
  readonly pathStyle: boolean;
  /** Absent: found as the AWS SDK does (its own variables, profiles, the role of the machine). */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

const schema = z
  .object({
    EVERFRAME_S3_BUCKET: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/)
      .optional(),
    EVERFRAME_S3_PREFIX: z
      .string()
      .regex(/^[A-Za-z0-9_./-]{0,200}$/)
      .default(''),
    EVERFRAME_S3_REGION: z.string().min(1).default('us-east-1'),
    EVERFRAME_S3_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
    EVERFRAME_S3_PATH_STYLE: z.enum(['true', 'false']).optional(),
    EVERFRAME_S3_ACCESS_KEY_ID: z.string().min(1).optional(),
    EVERFRAME_S3_SECRET_ACCESS_KEY: z.string().min(1).optional(),
  })
  .refine(
    (env) =>
      (env.EVERFRAME_S3_ACCESS_KEY_ID === undefined) === (env.EVERFRAME_S3_SECRET_ACCESS_KEY === undefined),
    {
      path: ['EVERFRAME_S3_SECRET_ACCESS_KEY'],
      message: 'set EVERFRAME_S3_ACCESS_KEY_ID and EVERFRAME_S3_SECRET_ACCESS_KEY, or neither',
    },
  );

/**
 * Where assets lie when not on local disk; undefined without EVERFRAME_S3_BUCKET.
 *
 * @throws Error naming every variable that is wrong
 */
export function readS3Settings(
  environment: Readonly<Record<string, string | undefined>>,
): S3Settings | undefined {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
    throw new Error(`The settings of the S3 store are not usable: ${faults}. See .env.example.`);
  }
  const env = parsed.data;
  if (env.EVERFRAME_S3_BUCKET === undefined) return undefined;
  const [accessKeyId, secretAccessKey] = [env.EVERFRAME_S3_ACCESS_KEY_ID, env.EVERFRAME_S3_SECRET_ACCESS_KEY];
  const prefix = env.EVERFRAME_S3_PREFIX;
  return {
    bucket: env.EVERFRAME_S3_BUCKET,
    prefix: prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`,
    region: env.EVERFRAME_S3_REGION,
    endpoint: env.EVERFRAME_S3_ENDPOINT,
    pathStyle:
      env.EVERFRAME_S3_PATH_STYLE === undefined
        ? env.EVERFRAME_S3_ENDPOINT !== undefined
        : env.EVERFRAME_S3_PATH_STYLE === 'true',
    ...(accessKeyId !== undefined && secretAccessKey !== undefined
      ? { credentials: { accessKeyId, secretAccessKey } }
      : {}),
  };
}
