/** Takes out of etcdctl's output what cannot be equal at two clusters. */
import { messageToText } from './message-text.ts';
import type { Outcome } from './etcdctl.ts';
import type { Step } from './script.ts';

/** As text to compare: ids become their order of appearance, addresses and times a word. */
export function normalised({ name, message }: Step, { stdout, stderr, status }: Outcome): string {
  const out = message === undefined ? stdout : messageToText(message, stdout);
  const listsMembers = LISTS_MEMBERS.test(name);
  const lines = [`status ${String(status)}`, out, stderr.replaceAll(LOG_LINE, '')];
  const text = lines.join('\n').replaceAll(URLS, '<url>').replaceAll(TIMES, '<time>');
  const equal = withoutColumns(
    ids(LISTS_KEYS.test(name) ? withKeysSorted(text) : text, listsMembers),
  );
  if (ALARMS.test(name)) return [...new Set(sortedLines(equal))].join('\n');
  return listsMembers ? sortedLines(equal).join('\n') : equal;
}

function sortedLines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .sort();
}

/** Go's client logs what it retries. */
const LOG_LINE = /^\{"level":.*\n/gm;
const URLS = /(?:\b(?:http|do):\/\/[\w./:-]+|\b127\.0\.0\.1:\d+)(?:,(?:http|do):\/\/[\w./:-]+)*/g;
const TIMES = /\b[\d.]+(?:ms|µs|Âµs|s)\b/g;
/** 64 bits in hexadecimal, or so large a number that it is one of 64 bits. */
const IDS = /-?\b(?:[0-9a-f]{14,16}|\d{14,20})\b/g;
/** Where members are listed by their ids, any may come first. */
const LISTS_MEMBERS = /^(?:member list|endpoint|move-leader|alarm)/;
/** Every member raises the alarm of its own storage, soon after another. */
const ALARMS = /^alarm/;
/** Time goes by between a grant and a look at it. */
const REMAINING = /("ttl":|"TTL" : |\|)9\d\b/g;
/** An id that begins with zeros is printed with blanks. */
const PADDED_ID = /^(Member) +/gm;
const TERMS = /("raft_term"\s*:\s*|"RaftTerm" : )\d+/g;
/** A lease's keys come in any order. */
const LISTS_KEYS = /^lease timetolive .*--keys/;
const LEASED_KEYS = /\bleased2?\b|\bbGVhc2Vk(?:Mg==)?/g;
/** Members have other names in tests of etcd. */
const NAMES = /\b[me][1-5]\b/g;

function ids(text: string, areEqual: boolean): string {
  const known = new Map<string, string>();
  return text
    .replaceAll(TERMS, '$1<term>')
    .replaceAll(PADDED_ID, '$1 ')
    .replaceAll(NAMES, '<name>')
    .replaceAll(REMAINING, '$1<ttl>')
    .replaceAll(IDS, (id) => {
      if (areEqual) return '<id>';
      const name = known.get(id) ?? `<id ${known.size + 1}>`;
      known.set(id, name);
      return name;
    });
}

function withKeysSorted(text: string): string {
  const keys = (text.match(LEASED_KEYS) ?? []).sort();
  return text.replaceAll(LEASED_KEYS, () => keys.shift() ?? '');
}

/** Tables are as wide as what is in them. */
function withoutColumns(text: string): string {
  return text
    .replaceAll(/^\+[-+]+\+$/gm, '+-+')
    .replaceAll(/ *\| */g, '|')
    .trimEnd();
}
