/** Takes an upload as it streams in: counts and hashes it, keeps nothing. A form's file (RFC 7578), or any other body whole. */
import { createHash } from "node:crypto";

export interface Received {
  readonly fileName: string | null;
  readonly bytes: number;
  readonly sha256: string;
}

const PART_HEADER_BYTES_MAX = 8_192;

/** Null when a form brings no file. The file is the form's only part. */
export async function receive(request: Request): Promise<Received | null> {
  const body = request.body ?? new Blob([]).stream();
  const boundary = /^multipart\/form-data;.*boundary="?([^";]+)"?/i.exec(
    request.headers.get("content-type") ?? "",
  )?.[1];
  return boundary === undefined ? receiveWhole(body) : receivePart(body, boundary);
}

async function receiveWhole(body: ReadableStream<Uint8Array>): Promise<Received> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of body) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { fileName: null, bytes, sha256: hash.digest("hex") };
}

async function receivePart(body: ReadableStream<Uint8Array>, boundary: string): Promise<Received | null> {
  const end = Buffer.from(`\r\n--${boundary}`, "latin1");
  const hash = createHash("sha256");
  let fileName: string | null = null;
  let [bytes, inside, done] = [0, false, false];
  let waiting: Buffer = Buffer.alloc(0);
  const take = (part: Buffer) => {
    hash.update(part);
    bytes += part.length;
  };
  for await (const chunk of body) {
    if (done) continue;
    waiting = Buffer.concat([waiting, chunk]);
    if (!inside) {
      const headerEnd = waiting.indexOf("\r\n\r\n");
      if (headerEnd < 0 && waiting.length > PART_HEADER_BYTES_MAX) return null;
      if (headerEnd < 0) continue;
      fileName = /filename="([^"]*)"/i.exec(waiting.toString("utf8", 0, headerEnd))?.[1] ?? null;
      waiting = waiting.subarray(headerEnd + 4);
      inside = true;
    }
    const endAt = waiting.indexOf(end);
    done = endAt >= 0;
    // What may be the beginning of the end stays back until the next chunk says.
    const ready = done ? endAt : Math.max(0, waiting.length - end.length);
    take(waiting.subarray(0, ready));
    waiting = waiting.subarray(ready);
  }
  return done && fileName ? { fileName, bytes, sha256: hash.digest("hex") } : null;
}
