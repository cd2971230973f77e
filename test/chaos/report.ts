/** Writes a line of figures for the person who runs the tests, whatever jest does with its own output. */
export function report(line: string): void {
  process.stderr.write(`\n${line}\n`);
}
