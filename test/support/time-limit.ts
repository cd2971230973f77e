import { jest } from '@jest/globals';

/** Real servers and real pictures take their time on a busy machine; what hangs is still found. */
jest.setTimeout(60_000);
