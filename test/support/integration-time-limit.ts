import { jest } from '@jest/globals';

/** Real servers start, stop and are killed in these tests; jest knows no time limit per project. */
jest.setTimeout(60_000);
