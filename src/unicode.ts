/**
 * Regular expressions by Unicode's properties, each made when it is first asked for. An engine reads every pattern of the code before
 * the first request, also in functions that nobody has called, and looking properties up takes it longer than all the rest of them
 * (docs/performance.md, "The Worker").
 */

/** `pattern` is the text between the slashes: String.raw`\p{L}+`. */
export function unicode(pattern: string, flags: "u" | "gu" = "u"): () => RegExp {
  let made: RegExp | undefined;
  return () => {
    made ??= new RegExp(pattern, flags);
    return made;
  };
}
