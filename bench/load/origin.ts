/**
 * The origin, in a process of its own: small pages from a bare socket, so that it costs next to nothing, and large bodies
 * both ways. Tells its parent the ports and ends with it.
 */
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer } from "node:net";

const HEAD =
  'HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nCache-Control: private, no-cache\r\nETag: "17"\r\nContent-Length: ';
const page = (bytes: number) =>
  Buffer.from(`${HEAD}${bytes}\r\n\r\n${"<!doctype html><title>Assets</title>".padEnd(bytes, "<p>An asset.</p>\n")}`);
const SMALL = page(1_024);
const LARGER = page(16_384);
const CHUNK = Buffer.alloc(65_536, "x");

/** Requests without bodies, one after the other on a connection; paths that begin with /large get 16 KB. */
const small = createServer((socket) => {
  socket.setNoDelay(true);
  socket.on("error", () => undefined);
  let rest = "";
  socket.on("data", (data) => {
    rest += data.toString("latin1");
    for (let end = rest.indexOf("\r\n\r\n"); end !== -1; end = rest.indexOf("\r\n\r\n")) {
      socket.write(rest.startsWith("GET /large") ? LARGER : SMALL);
      rest = rest.slice(end + 4);
    }
  });
});

/** `GET /download?bytes=`, and uploads, whose bytes are counted. */
const large = createHttpServer((request, response) => {
  if (request.method === "GET") download(request, response);
  else {
    let bytes = 0;
    request.on("data", (data: Buffer) => {
      bytes += data.length;
    });
    request.on("end", () => response.end(String(bytes)));
  }
});

function download(request: IncomingMessage, response: ServerResponse): void {
  const bytes = Number(new URL(request.url ?? "", "http://origin").searchParams.get("bytes"));
  response.writeHead(200, { "content-type": "application/octet-stream", "content-length": bytes });
  let left = bytes;
  const more = () => {
    while (left > 0) {
      const chunk = left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK;
      left -= chunk.length;
      if (!response.write(chunk)) {
        response.once("drain", more);
        return;
      }
    }
    response.end();
  };
  more();
}

small.listen(0, "127.0.0.1", () => {
  large.listen(0, "127.0.0.1", () => {
    process.send?.({ small: (small.address() as AddressInfo).port, large: (large.address() as AddressInfo).port });
  });
});
process.on("disconnect", () => process.exit());
