/**
 * What stands between tags: text, CDATA sections and comments (XML 1.0, 2.4, 2.5, 2.7 and 2.11), and the markup that is refused
 * wherever it stands: document types and processing instructions.
 */
import { CLASS, ncNameEnd, TEXT_STOP } from "./xml-names.ts";
import { ReferenceReader } from "./xml-references.ts";
import { REFUSED, type XmlSource } from "./xml-source.ts";

const COLON = 0x3a;
const LESS = 0x3c;
const GREATER = 0x3e;

/** Text up to this length, as most is, is looked at once; longer text is searched, which is quicker for each character. */
const SHORT_TEXT_CHARS = 96;

export class CharacterDataReader {
  /** Text since the last tag or comment, CDATA included. */
  text = "";
  /** Whether what was read last is written in a canonical form as it stands in the message. */
  isCanonical = true;
  /** What the comment that was read last says. */
  comment = "";

  private readonly source: XmlSource;
  private readonly references = new ReferenceReader();
  /** The next "&", CR, ">", "]" and "]]>" at or after where they were last asked for. */
  private ampersandAt = -1;
  private returnAt = -1;
  private greaterAt = -1;
  private bracketAt = -1;
  private sectionEndAt = -1;

  constructor(source: XmlSource) {
    this.source = source;
  }

  /** Production 14: adds the text that begins at `from`; answers where the next "<" stands, or the end of the message. */
  readText(from: number): number {
    const { units, text } = this.source;
    const longest = from + SHORT_TEXT_CHARS;
    let end = from;
    while (end < longest && ((CLASS[units[end] as number] as number) & TEXT_STOP) === 0) end++;
    if (units[end] !== LESS) return this.readLongText(from);
    this.isCanonical = true;
    this.add(text.slice(from, end));
    return end;
  }

  private readLongText(from: number): number {
    const { source } = this;
    const end = source.next("<", from);
    if (end === source.length) return end;
    if (this.hasSectionEnd(from, end)) return source.refuse("xml_malformed", this.sectionEndAt, 'no "]]>" in text');
    if (this.ampersandAt < from) this.ampersandAt = source.next("&", from);
    if (this.ampersandAt < end) return this.readReferences(from, end);
    if (this.returnAt < from) this.returnAt = source.next("\r", from);
    if (this.greaterAt < from) this.greaterAt = source.next(">", from);
    this.isCanonical = this.returnAt > end && this.greaterAt > end;
    this.add(this.returnAt < end ? this.lines(from, end) : source.text.slice(from, end));
    return end;
  }

  private hasSectionEnd(from: number, end: number): boolean {
    if (this.bracketAt < from) this.bracketAt = this.source.next("]", from);
    if (this.bracketAt >= end) return false;
    if (this.sectionEndAt < from) this.sectionEndAt = this.source.next("]]>", from);
    return this.sectionEndAt < end;
  }

  private add(run: string): void {
    this.text = this.text === "" ? run : this.text + run;
  }

  /** Text with references in it. */
  private readReferences(from: number, end: number): number {
    const { source, references } = this;
    let at = from;
    let value = this.text;
    this.isCanonical = false;
    while (this.ampersandAt < end) {
      if (this.ampersandAt > at) value += this.lines(at, this.ampersandAt);
      const after = references.read(source.text, this.ampersandAt);
      if (after === REFUSED) return source.refuse("xml_malformed", this.ampersandAt, references.expected);
      value += references.value;
      at = after;
      this.ampersandAt = source.next("&", at);
    }
    if (at < end) value += this.lines(at, end);
    this.text = value;
    return end;
  }

  /** Productions 18 to 21, from the "<![CDATA[" at `at`. */
  readSection(at: number): number {
    const { source } = this;
    const from = at + "<![CDATA[".length;
    const end = source.text.indexOf("]]>", from);
    if (end === -1) return source.refuse("xml_malformed", at, 'a CDATA section that ends with "]]>"');
    if (this.refuseDoctype(from, end)) return REFUSED;
    this.text += this.lines(from, end);
    return end + 3;
  }

  /** Production 15, from the "<!" at `at`, which may be anything else, too. */
  readComment(at: number): number {
    const { source } = this;
    const { text, units } = source;
    if (!text.startsWith("<!--", at)) {
      if (isDoctype(text, at)) return source.refuse("xml_doctype", at, "no document type");
      return source.refuse("xml_malformed", at, "a tag or a comment");
    }
    const from = at + 4;
    const end = text.indexOf("--", from);
    if (end === -1) return source.refuse("xml_malformed", at, 'a comment that ends with "-->"');
    if (units[end + 2] !== GREATER) return source.refuse("xml_malformed", end, 'no "--" in a comment');
    if (this.refuseDoctype(from, end)) return REFUSED;
    this.comment = this.lines(from, end);
    return end + 3;
  }

  /** Productions 16 and 17, and 23 where it does not belong. */
  refuseInstruction(at: number): -1 {
    const { source } = this;
    const { units, text } = source;
    const end = ncNameEnd(units, text, at + 2);
    return text.slice(at + 2, end).toLowerCase() === "xml" && units[end] !== COLON
      ? source.refuse("xml_malformed", at, "an XML declaration at the very start only")
      : source.refuse("xml_processing_instruction", at, "no processing instruction");
  }

  /** The same text by the line ends of XML 1.0, 2.11: CR LF and CR are LF, and nothing else is. */
  private lines(from: number, end: number): string {
    const run = this.source.text.slice(from, end);
    return run.includes("\r") ? run.replace(/\r\n?/g, "\n") : run;
  }

  /** What looks like a document type in a comment or in CDATA is none; but other software was seen to disagree about where those end. */
  private refuseDoctype(from: number, end: number): boolean {
    const { source } = this;
    const run = source.text.slice(from, end);
    for (let at = run.indexOf("<!"); at !== -1; at = run.indexOf("<!", at + 2)) {
      if (!isDoctype(run, at)) continue;
      source.refuse("xml_doctype", from + at, "no document type");
      return true;
    }
    return false;
  }
}

/** In any letter case: XML knows only one, filters elsewhere know fewer than browsers do. */
function isDoctype(text: string, at: number): boolean {
  return text.slice(at, at + 9).toUpperCase() === "<!DOCTYPE";
}
