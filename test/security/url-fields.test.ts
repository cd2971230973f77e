import { expect, it } from '@jest/globals';
import { findUrlFields } from './find-url-fields';
import { urlFields } from './url-fields';

it('every field that takes a URL is listed, so that the corpus of forbidden URLs is sent through it', () => {
  expect(findUrlFields()).toEqual(Object.keys(urlFields).sort());
});
