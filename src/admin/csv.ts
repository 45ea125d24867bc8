/**
 * Comma-separated values (RFC 4180), or such as semicolons or tabs part: read strictly, so that nothing of a file is lost
 * unnoticed, and written so that a spreadsheet runs nothing of it. Knows no users.
 */
import { dsvFormat } from "d3-dsv";
import { type Answer, answer, fail, invalid } from "./problems.ts";

/** Spreadsheets of countries whose decimals have a comma part the cells with semicolons: the first name of a column shows it. */
const OTHER_SEPARATOR = /^"?\w*"?([;\t])/;
/**
 * What spreadsheets take for a formula (OWASP, "CSV Injection"), at a cell's start and, since many countries' spreadsheets part the
 * cells of any file there, behind a semicolon. What looks guarded already is guarded once more, so that it comes back as it was.
 */
const FORMULA = /(^|;)(?=['"]*[=+\-@\t\r])/g;
const GUARDED = /(^|;)'(?=['"]*[=+\-@\t\r])/g;

export interface CsvRow {
  /** Where the row begins in the file, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

/** The rows that hold something. The guard that `csvLine` puts before a formula is taken off again. */
export function readCsv(bytes: Uint8Array): Answer<CsvRow[]> {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    return fail({ status: 400, type: "malformed", title: "The file is not UTF-8: save it as “CSV UTF-8”" });
  }
  const separator = OTHER_SEPARATOR.exec(text)?.[1] ?? ",";
  const lines = linesOfRows(text, separator);
  if (!Array.isArray(lines)) {
    return invalid([
      { path: `line ${lines.fault}`, message: "A quotation mark is not closed, or stands inside a field" },
    ]);
  }
  const rows = dsvFormat(separator).parseRows(text, (cells, index) => ({
    line: lines[index] ?? 0,
    cells: cells.map(unguarded),
  }));
  return answer(rows.filter(({ cells }) => cells.some((cell) => cell.trim() !== "")));
}

function unguarded(cell: string): string {
  return cell.replace(GUARDED, "$1");
}

/** The line that each row begins at, or the line where the file is no CSV. */
function linesOfRows(text: string, separator: string): number[] | { readonly fault: number } {
  // One field with what ends it. A quote stands at both ends of a field or, doubled, inside such a one.
  const field = new RegExp(`(?:"[^"]*(?:""[^"]*)*"|[^"${separator}\\r\\n]*)(${separator}|\\r\\n|\\n|\\r|$)`, "y");
  const lines = [1];
  let line = 1;
  while (true) {
    const at = field.lastIndex;
    const found = field.exec(text);
    if (found === null) return { fault: line };
    line += text.slice(at, field.lastIndex).match(/\r\n|\n|\r/g)?.length ?? 0;
    if (found[1] === "") return lines;
    if (found[1] !== separator) lines.push(line);
  }
}

/** One line with its end. Cells that would begin a formula get an apostrophe before them. */
export function csvLine(cells: readonly string[]): string {
  return `${dsvFormat(",").formatRow(cells.map((cell) => cell.replace(FORMULA, "$1'")))}\r\n`;
}
