import type { NodeRequest, Price, ProviderReply } from '../../node-definition';
import { field, optionalNumber, optionalText, textBytes } from '../request';

/** Where a list price was read, and when. */
export interface PriceSource {
  /** A page or table that anybody can look up. */
  readonly source: string;
  /** YYYY-MM-DD. */
  readonly readOn: string;
  /** Said after the price, such as what is not certain about it. */
  readonly note?: string;
}

/** US dollars a unit: one figure, or by the value of a config field; the dearest stands for a value not known yet. */
export type Rate = number | RateBy;
export interface RateBy {
  readonly by: string;
  readonly usd: Readonly<Record<string, number>>;
}

export function perPicture(rate: Rate, source: PriceSource): Price {
  return perUnit('picture', rate, () => 1, source);
}

/** @param seconds of the result; the longest while it is not known. */
export function perSecond(rate: Rate, seconds: (request: NodeRequest) => number, source: PriceSource): Price {
  return perUnit('second', rate, seconds, source);
}

/** Seconds as a config field says, `most` while it does not. */
export function secondsOf(name: string, most: number): (request: NodeRequest) => number {
  return (request) => optionalNumber(request, name) ?? most;
}

/** Characters count as bytes: never too few. */
export function perThousandCharacters(rate: Rate, name: string, source: PriceSource): Price {
  return perUnit('1,000 characters', rate, (request) => textBytes(request, name, 1_000) / 1_000, source);
}

/** Begun megapixels count whole. */
export interface MegapixelRate {
  readonly pixels: (request: NodeRequest) => number;
  readonly usd: number;
  /** Of each megapixel after the first; `usd` unless given. */
  readonly furtherUsd?: number;
  /** 1024 × 1024 unless given: what the vendor calls a megapixel. */
  readonly pixelsOfOne?: number;
  /** Parts of a megapixel count as parts; whole ones unless given. */
  readonly byPart?: boolean;
  /** What the pixels are of; `picture` unless given. */
  readonly of?: string;
}

export function perMegapixel(rate: MegapixelRate, source: PriceSource): Price {
  const { pixels, usd, furtherUsd = usd, pixelsOfOne = 1_048_576, byPart = false } = rate;
  const price = (request: NodeRequest): number => {
    const megapixels = pixels(request) / pixelsOfOne;
    if (byPart) return megapixels * usd;
    return usd + furtherUsd * (Math.max(1, Math.ceil(megapixels)) - 1);
  };
  const further = furtherUsd === usd ? '' : `, ${dollars(furtherUsd)} for each further one`;
  const unit =
    furtherUsd === usd ? `per megapixel of the ${rate.of ?? 'picture'}` : 'for the first megapixel';
  return { usd: price, ...told(`${dollars(usd)} ${unit}${further}`, source) };
}

/** US dollars per million tokens. */
export interface TokenRates {
  readonly input: number;
  readonly output: number;
}

export interface TokenCount {
  /** Names of the texts that go in. */
  readonly texts: readonly string[];
  /** Tokens that images and wrapping add, at most. */
  readonly moreInput?: number | ((request: NodeRequest) => number);
  /** The most that may come out. */
  readonly output: (request: NodeRequest) => number;
  /** Places of the tokens used in the reply. */
  readonly usage: {
    readonly input: readonly (string | number)[];
    readonly output: readonly (string | number)[];
  };
}

/** Two bytes a token is more than any common language needs; 64 tokens stand for the wrapping of a request. */
export function perMillionTokens(rates: TokenRates, count: TokenCount, source: PriceSource): Price {
  const cost = (input: number, output: number): number => (input * rates.input + output * rates.output) / 1e6;
  const usd = (request: NodeRequest): number => {
    const bytes = count.texts.reduce(
      (sum, name, index) => sum + textBytes(request, name, index === 0 ? 4_096 : 0),
      0,
    );
    const { moreInput = 0 } = count;
    const more = typeof moreInput === 'number' ? moreInput : moreInput(request);
    return cost(64 + bytes / 2 + more, count.output(request));
  };
  const billedUsd = (request: NodeRequest, { body }: ProviderReply): number => {
    const [input, output] = [field(body, ...count.usage.input), field(body, ...count.usage.output)];
    return typeof input === 'number' && typeof output === 'number' ? cost(input, output) : usd(request);
  };
  const words = `${dollars(rates.input)} per million tokens in, ${dollars(rates.output)} per million tokens out`;
  return { usd, billedUsd, ...told(words, source) };
}

export function perUnit(
  unit: string,
  rate: Rate,
  units: (request: NodeRequest) => number,
  source: PriceSource,
): Price {
  return {
    usd: (request) => usdOf(rate, request) * units(request),
    ...told(`${rateText(rate)} per ${unit}`, source),
  };
}

/** The rate for this request; the dearest while the field is not known. */
export function usdOf(rate: Rate, request: NodeRequest): number {
  if (typeof rate === 'number') return rate;
  const value = optionalText(request, rate.by);
  const found = value !== undefined && Object.hasOwn(rate.usd, value) ? rate.usd[value] : undefined;
  return found ?? Math.max(...Object.values(rate.usd));
}

function rateText(rate: Rate): string {
  if (typeof rate === 'number') return dollars(rate);
  return Object.entries(rate.usd)
    .map(([value, usd]) => `${dollars(usd)} (${value})`)
    .join(', ');
}

function told(words: string, { source, readOn, note }: PriceSource): Omit<Price, 'usd'> {
  return { text: note === undefined ? words : `${words}: ${note}`, source, readOn };
}

/** `$0.03`, `$37.50`, `$0.0045`: two decimals at least, no rounding that shows. */
export function dollars(usd: number): string {
  const text = String(Number(usd.toFixed(6)));
  const [whole = '0', part = ''] = text.split('.');
  return `$${whole}${part === '' ? '' : `.${part.padEnd(2, '0')}`}`;
}
