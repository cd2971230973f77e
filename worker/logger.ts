import { pino, type Logger } from 'pino';

/** JSON lines on standard output; secrets never reach a log call, these paths are the second net. */
export function createLogger(level: string): Logger {
  return pino({ level, redact: ['*.credential', '*.secret', '*.authorization', '*.headers.authorization'] });
}
