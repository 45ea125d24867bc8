/** The XML declaration (XML 1.0, productions 23 to 26, 32, 80 and 81): version 1.0 and UTF-8, or nothing. */
import type { XmlSource } from "./xml-source.ts";

/** What nearly every message begins with. */
const USUAL = '<?xml version="1.0" encoding="UTF-8"?>';
/** Between two quantifiers stands always something that neither matches: nothing is tried twice. */
const DECLARATION = new RegExp(
  [
    /^<\?xml/,
    /S+version S*=S*("[^"]*"|'[^']*')/,
    /(?:S+encoding S*=S*("[A-Za-z][\w.-]*"|'[A-Za-z][\w.-]*'))?/,
    /(?:S+standalone S*=S*(?:"(?:yes|no)"|'(?:yes|no)'))?/,
    /S*\?>$/,
  ]
    .map(({ source }) => source.replaceAll(" ", "").replaceAll("S", "[\\t\\n\\r ]"))
    .join(""),
);

/** Where the text after the XML declaration begins: 0 when there is none. */
export function readXmlDeclaration(source: XmlSource): number {
  const { text } = source;
  if (text.startsWith(USUAL)) return USUAL.length;
  if (!text.startsWith("<?xml") || !/[\t\n\r ]/.test(text.charAt(5))) return 0;
  const end = text.indexOf("?>") + 2;
  const match = DECLARATION.exec(text.slice(0, end));
  if (match === null) return source.refuse("xml_malformed", 0, "a well-formed XML declaration");
  const [, version, encoding] = match;
  if (version?.slice(1, -1) !== "1.0") return source.refuse("xml_malformed", 0, "XML version 1.0");
  if (encoding !== undefined && encoding.slice(1, -1).toUpperCase() !== "UTF-8") {
    return source.refuse("xml_encoding", 0, "the encoding UTF-8");
  }
  return end;
}
