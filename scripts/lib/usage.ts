import { parseArgs, type ParseArgsConfig } from 'node:util';

/** Something the person at the keyboard can put right: printed as one line, without a stack. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * Reads a command's arguments.
 * @throws UsageError for an option that is unknown, lacks its value or has one too many.
 */
export function readOptions<const T extends ParseArgsConfig>(
  config: T,
): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    const known = Object.keys(config.options ?? {}).map((name) => `--${name}`);
    const text = error instanceof Error ? error.message : String(error);
    throw new UsageError(
      `${text.split('. ')[0] ?? text}; the options are ${known.join(', ') || '(none)'}`,
    );
  }
}

/**
 * A whole number given as an option.
 * @throws UsageError naming the option, what it was and what it may be.
 */
export function wholeNumber(
  option: string,
  text: string,
  range: { min: number; max: number },
): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < range.min || value > range.max) {
    throw new UsageError(
      `--${option} is ${JSON.stringify(text)}, and must be a whole number from ${range.min} to ${range.max}`,
    );
  }
  return value;
}
