/**
 * Answers that may be long in coming. A client that closes its connection is told of by `request.signal`
 * where the platform knows it; runtimes that see a client only when they write to it do not. So after a
 * while the head of the answer is sent, with blanks, which mean nothing before a JSON value. By then its
 * status is 200: what fails later is written and the connection broken, so that nobody takes it for a
 * success.
 */
import { WAIT_BLANK_MS, WAIT_HEAD_AFTER_MS } from '../constants.ts';
import { encodeUtf8 } from '../lib/utf8.ts';

const BLANK = encodeUtf8(' ');

/** @param gone called when the client is found to have hung up */
export async function patientAnswer(
  answer: Promise<Response>,
  gone: () => void,
): Promise<Response> {
  const soon = await within(answer, WAIT_HEAD_AFTER_MS);
  return soon ?? new Response(blanksBefore(answer, gone), { headers: JSON_HEADERS });
}

function blanksBefore(answer: Promise<Response>, gone: () => void): ReadableStream<Uint8Array> {
  let isHead = true;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const response = isHead ? undefined : await within(answer, WAIT_BLANK_MS);
        isHead = false;
        if (response === undefined) {
          controller.enqueue(BLANK);
          return;
        }
        const text = await response.text();
        controller.enqueue(encodeUtf8(text));
        if (response.ok) controller.close();
        else controller.error(new Error(`answer after a long wait: ${text.trim()}`));
      },
      cancel: gone,
    },
    { highWaterMark: 0 },
  );
}

/** Undefined: it takes longer. */
async function within<T>(answer: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const over = new Promise<undefined>((resume) => {
    timer = setTimeout(() => resume(undefined), ms);
  });
  try {
    return await Promise.race([answer, over]);
  } finally {
    clearTimeout(timer);
  }
}

const JSON_HEADERS = { 'Content-Type': 'application/json' };
