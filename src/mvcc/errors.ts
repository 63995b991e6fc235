/** A stored row that is not what was written. The member must not serve from it; peers have the data. */
export class CorruptPageError extends Error {
  override readonly name = 'CorruptPageError';
  readonly table: string;
  readonly row: number;

  constructor(table: string, row: number, found: string, expected: string) {
    super(`read row ${row} of ${table}: found ${found}, expected ${expected}`);
    this.table = table;
    this.row = row;
  }
}

/** A sound row written by a program with another storage format. */
export class UnknownFormatError extends Error {
  override readonly name = 'UnknownFormatError';
}
