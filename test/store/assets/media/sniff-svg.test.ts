import { describe, expect, it } from '@jest/globals';
import { isSvg } from '../../../../store/assets/media/sniff-svg';

describe('isSvg', () => {
  it.each([
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
    '<?xml version="1.0" encoding="UTF-8"?>\n<svg>',
    '\ufeff<!-- made by hand -->\n<svg viewBox="0 0 1 1">',
    '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd"><svg>',
  ])('knows %j', (text) => {
    expect(isSvg(Buffer.from(text))).toBe(true);
  });

  it.each(['', '<html><svg>', '<svgx>', '{"svg":1}', 'GIF89a<svg>', '<!doctype html><svg>'])(
    'does not take %j for one',
    (text) => {
      expect(isSvg(Buffer.from(text))).toBe(false);
    },
  );
});
