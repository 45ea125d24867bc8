/** A file too big to hold: its bytes are computed where they are asked for, so ranges (RFC 9110, 14) can be checked against one another. */

export const BIG_FILE_BYTES = 96 * 1024 * 1024;
export const BIG_FILE_ETAG = '"expedition-footage-1"';

const PATTERN_BYTES = 65_521;
const CHUNK_BYTES = 64 * 1024;

/** A prime length, so that the pattern never lines up with blocks, chunks or ranges. */
const PATTERN = (() => {
  const bytes = new Uint8Array(PATTERN_BYTES * 3);
  let state = 1;
  for (let i = 0; i < PATTERN_BYTES; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = state >>> 24;
  }
  bytes.copyWithin(PATTERN_BYTES, 0, PATTERN_BYTES);
  bytes.copyWithin(PATTERN_BYTES * 2, 0, PATTERN_BYTES);
  return bytes;
})();

/** The byte at an offset of the file. */
export function bigFileByte(offset: number): number {
  return PATTERN[offset % PATTERN_BYTES] ?? 0;
}

export function bigFile(request: Request): Response {
  const headers = new Headers({
    "Content-Type": "application/octet-stream",
    "Content-Disposition": 'attachment; filename="expedition-footage.bin"',
    "Accept-Ranges": "bytes",
    ETag: BIG_FILE_ETAG,
  });
  if (request.headers.get("if-none-match") === BIG_FILE_ETAG) return new Response(null, { status: 304, headers });
  const range = wantedRange(request);
  if (range === "unsatisfiable") {
    headers.set("Content-Range", `bytes */${BIG_FILE_BYTES}`);
    return new Response(null, { status: 416, headers });
  }
  const [from, to] = range ?? [0, BIG_FILE_BYTES - 1];
  headers.set("Content-Length", String(to - from + 1));
  if (range !== null) headers.set("Content-Range", `bytes ${from}-${to}/${BIG_FILE_BYTES}`);
  return new Response(request.method === "HEAD" ? null : bytesOf(from, to), {
    status: range === null ? 200 : 206,
    headers,
  });
}

/** One range, or null for the whole file: what can't be understood is ignored (RFC 9110, 14.2). */
function wantedRange(request: Request): [number, number] | "unsatisfiable" | null {
  const condition = request.headers.get("if-range");
  if (condition !== null && condition !== BIG_FILE_ETAG) return null;
  const found = /^bytes=(\d*)-(\d*)$/.exec(request.headers.get("range") ?? "");
  if (found === null) return null;
  const [, first = "", last = ""] = found;
  if (first === "" && last === "") return null;
  if (first === "")
    return last === "0" ? "unsatisfiable" : [Math.max(0, BIG_FILE_BYTES - Number(last)), BIG_FILE_BYTES - 1];
  if (last !== "" && Number(last) < Number(first)) return null;
  if (Number(first) >= BIG_FILE_BYTES) return "unsatisfiable";
  return [Number(first), last === "" ? BIG_FILE_BYTES - 1 : Math.min(Number(last), BIG_FILE_BYTES - 1)];
}

function bytesOf(from: number, to: number): ReadableStream<Uint8Array> {
  let at = from;
  return new ReadableStream({
    pull(controller) {
      const count = Math.min(CHUNK_BYTES, to - at + 1);
      const start = at % PATTERN_BYTES;
      controller.enqueue(PATTERN.slice(start, start + count));
      at += count;
      if (at > to) controller.close();
    },
  });
}
