import { pino, stdSerializers, type Logger } from 'pino';

/** JSON lines on standard output; whatever could hold a secret is cut out. */
export function createLogger(level: string): Logger {
  return pino({
    level,
    base: { process: 'api' },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    serializers: { error: stdSerializers.err },
    redact: {
      paths: [
        'authorization',
        'headers.authorization',
        'key',
        '*.key',
        '*.authorization',
        'token',
        '*.token',
      ],
      censor: '[redacted]',
    },
  });
}
