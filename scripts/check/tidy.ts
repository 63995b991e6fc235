/** Small rules about files, cheap enough to run over every tracked file. Each problem is one line of text. */
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';

/** A file larger than this is data, and data is made by a script. */
const FILE_BYTES_MAX = 400_000;
const MAY_BE_LARGE = ['package-lock.json', 'src/api/generated/'];

export function tidy(files: readonly string[] = trackedFiles()): string[] {
  const problems: string[] = [];
  for (const file of files) {
    if (MAY_BE_LARGE.some((prefix) => file.startsWith(prefix))) continue;
    const bytes = statSync(file).size;
    if (bytes > FILE_BYTES_MAX) {
      problems.push(`${file}: ${bytes} bytes, and at most ${FILE_BYTES_MAX} may be checked in`);
      continue;
    }
    problems.push(...tidyText(file, readFileSync(file, 'utf8')));
  }
  return problems;
}

/** The rules that look into a file. */
export function tidyText(file: string, text: string): string[] {
  const problems: string[] = [];
  const at = (index: number): string => `${file}:${text.slice(0, index).split('\n').length}`;
  if (text.length > 0 && !text.endsWith('\n')) problems.push(`${file}: the last line has no end`);
  if (text.includes('\r')) problems.push(`${file}: has carriage returns; lines end in \\n`);
  for (const match of text.matchAll(LEFTOVER)) {
    problems.push(`${at(match.index)}: ${match[0]} is left over; do it, or write down why not`);
  }
  if (file.endsWith('.md')) problems.push(...tidyHeadings(file, text));
  if (file.endsWith('.test.ts')) {
    for (const match of text.matchAll(SWITCHED_OFF)) {
      problems.push(`${at(match.index)}: ${match[0]} switches tests off`);
    }
  }
  return problems;
}

// Spelt so that this file does not find itself.
const LEFTOVER = /\b(?:TO[D]O|FIX[M]E|XX[X])\b/g;
const SWITCHED_OFF = /\b(?:it|test|describe)\.(?:only|todo)\b/g;

function tidyHeadings(file: string, text: string): string[] {
  const outsideCode = text.replaceAll(/^```[\s\S]*?^```/gm, '');
  const titles = outsideCode.match(/^# .*/gm) ?? [];
  if (titles.length === 1) return [];
  return [`${file}: has ${titles.length} titles ("# …"), and a document has one`];
}

function trackedFiles(): string[] {
  const binary = /\.(png|ico|woff2|bin)$/;
  return execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'])
    .toString()
    .split('\0')
    .filter((file) => file !== '' && !binary.test(file))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true);
}
