/** What the platform bills an object for, as counts, and what that costs. */

export interface Usage {
  /** Calls and requests to the object, upgrades and alarms. */
  readonly requests: number;
  /** WebSocket messages that came in; pings that the platform answers are none. */
  readonly messages: number;
  readonly rowsRead: number;
  /** Alarms that were set are rows as well. */
  readonly rowsWritten: number;
}

export const NO_USAGE: Usage = { requests: 0, messages: 0, rowsRead: 0, rowsWritten: 0 };

export function sumOf(left: Usage, right: Usage): Usage {
  return {
    requests: left.requests + right.requests,
    messages: left.messages + right.messages,
    rowsRead: left.rowsRead + right.rowsRead,
    rowsWritten: left.rowsWritten + right.rowsWritten,
  };
}

/**
 * Cloudflare's prices in dollars (Durable Objects and Workers, "Pricing", paid plan of 5 dollars a month),
 * as they stood on this day. What a month includes is for the whole account.
 */
export const PRICES = {
  asOf: '2026-11-21',
  planPerMonth: 5,
  /** Of objects: calls, requests, alarms. */
  requestsPerMillion: 0.15,
  requestsIncluded: 1_000_000,
  /** So many WebSocket messages that come in count as one request. */
  messagesPerRequest: 20,
  /** Of the time in which an object runs, or is kept from hibernating; idle otherwise it costs nothing. */
  gigabyteSecondsPerMillion: 12.5,
  gigabyteSecondsIncluded: 400_000,
  /** Billed for each object, whatever it uses. */
  objectGigabytes: 0.128,
  rowsReadPerMillion: 0.001,
  rowsReadIncluded: 25_000_000_000,
  rowsWrittenPerMillion: 1,
  rowsWrittenIncluded: 50_000_000,
  storedPerGigabyteMonth: 0.2,
  storedGigabytesIncluded: 5,
  workerRequestsPerMillion: 0.3,
  workerRequestsIncluded: 10_000_000,
} as const;

const MILLION = 1e6;
const GIGABYTE = 1e9;

/** Dollars, before what a month includes. */
export interface Cost {
  readonly requests: number;
  readonly duration: number;
  readonly rowsRead: number;
  readonly rowsWritten: number;
}

export function billedRequests({ requests, messages }: Usage): number {
  return requests + messages / PRICES.messagesPerRequest;
}

export function gigabyteSeconds(awakeSeconds: number): number {
  return awakeSeconds * PRICES.objectGigabytes;
}

export function costOf(usage: Usage, awakeSeconds: number): Cost {
  return {
    requests: (billedRequests(usage) / MILLION) * PRICES.requestsPerMillion,
    duration: (gigabyteSeconds(awakeSeconds) / MILLION) * PRICES.gigabyteSecondsPerMillion,
    rowsRead: (usage.rowsRead / MILLION) * PRICES.rowsReadPerMillion,
    rowsWritten: (usage.rowsWritten / MILLION) * PRICES.rowsWrittenPerMillion,
  };
}

/** Dollars a month for what is stored. */
export function storageCostPerMonth(bytes: number): number {
  return (bytes / GIGABYTE) * PRICES.storedPerGigabyteMonth;
}
